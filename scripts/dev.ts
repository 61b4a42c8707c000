/**
 * `dev.ts ARGUMENTS…`: runs `node ARGUMENTS…` (the daemon), builds whatever changes, and starts the daemon again when its
 * sources or what was built have changed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, statSync, watch, watchFile } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const sources = ['apps/server/src', 'packages/shared/src', 'packages/libbpf/src'];
/** Builds replace these, and their folders with them, so they are looked at by name. */
const built = ['apps/web/out/index.html', 'bpf/build/sidestep.o', 'packages/libbpf/build/shim.so'];

const log = openSync(join(root, '.sidestep/set-up.log'), 'a');
const builder = spawn(join(root, 'node_modules/.bin/turbo'), ['watch', 'build', 'build:bpf'], {
  cwd: root,
  stdio: ['ignore', log, log],
  // With a process group of its own: it does not pass signals on to what it runs.
  detached: true,
});

let stopping = false;
let daemon: ChildProcess = start();
let due: NodeJS.Timeout | undefined;

function start(): ChildProcess {
  return spawn(process.execPath, process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function stopBuilder(): void {
  if (builder.pid !== undefined && builder.exitCode === null) process.kill(-builder.pid, 'SIGTERM');
}

/** Several files change at once when somebody saves or switches branches. */
function startAgain(): void {
  clearTimeout(due);
  due = setTimeout(async () => {
    await stop(daemon);
    if (!stopping) daemon = start();
  }, 300);
}

for (const folder of sources) watch(join(root, folder), { recursive: true }, startAgain);
for (const file of built) {
  watchFile(join(root, file), { interval: 500 }, () => {
    if (statSync(join(root, file), { throwIfNoEntry: false })) startAgain();
  });
}

async function end(): Promise<void> {
  stopping = true;
  clearTimeout(due);
  stopBuilder();
  await stop(daemon);
  process.exit(0);
}
process.once('SIGINT', end);
process.once('SIGTERM', end);
