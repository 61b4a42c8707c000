/**
 * Raises its own priority as the daemon does, starts the process of a check-up, and prints what that has as JSON: an array of `{ nice, session }`,
 * the nice values of a process's threads and that of its session, which is null where the kernel has none.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { askProcess } from '../../src/check-up/probe-process.ts';
import { raisePriority } from '../../src/host/priority.ts';

const children = () =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);

function priorityOf(pid: number) {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread)));
  const session = `/proc/${pid}/autogroup`;
  return {
    nice: [...new Set(threads)],
    session: existsSync(session) ? (/nice (-?\d+)/.exec(readFileSync(session, 'utf8'))?.[1] ?? null) : null,
  };
}

raisePriority();
const stop = new AbortController();
// `yes` ends when nobody reads it any more.
const ask = askProcess({ process: 'yes', object: '', programs: '' });
const asking = ask([], stop.signal)[Symbol.asyncIterator]().next();
// In the turn in which it was started, and before it gets far.
for (const pid of children()) process.kill(pid, 'SIGSTOP');
console.log(JSON.stringify(children().map(priorityOf)));
for (const pid of children()) process.kill(pid, 'SIGCONT');
stop.abort();
await Promise.allSettled([asking]);
