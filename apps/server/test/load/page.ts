/**
 * What an open page asks of a daemon, in a process of its own: `page.ts URL LINK`. It subscribes as the page does and asks one question
 * after the other. Each line on standard input is answered with what was measured since the last one; the end of the input ends it.
 */
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionViewSchema } from '@sidestep/shared';
import { openPage } from '../support/browser.ts';
import { answersOf, type PageReport } from './answers.ts';

/** People look from another machine, whose processor is not the one under load. */
const NICE = -10;
const BETWEEN_MS = 30;
const ROWS = 500;
/** Longer than the load run stops the daemon for. */
const LIMIT_MS = 180_000;

const [url = '', link = ''] = process.argv.slice(2);
setPriority(NICE);
await using page = await openPage({ url, daemon: { signInLink: () => link } });
const { trpc } = page;
const view = (of: object) => connectionViewSchema.parse({ limit: ROWS, ...of });

const QUESTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  'the page itself': async () => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    return await answer.text();
  },
  settings: () => trpc.settings.get.query(),
  status: () => trpc.acceleration.status.query(),
  'connections, newest first': () => trpc.connections.list.query(view({ sort: 'age', descending: true })),
  'connections by bytes/s': () => trpc.connections.list.query(view({ sort: 'byteRate', descending: true })),
  'connections by client': () => trpc.connections.list.query(view({ sort: 'client' })),
  'connections with a text': () => trpc.connections.list.query(view({ text: '127.0.0.3', sort: 'bytes' })),
  'connections on the bypass': () =>
    trpc.connections.list.query(view({ path: 'bypass', includeClosed: true, offset: ROWS })),
  events: () => trpc.events.list.query({ limit: 200 }),
  statistics: () => trpc.statistics.history.query({ range: '5m' }),
};

let times = new Map<string, number[]>();
let frames: Record<string, number> = {};
let last: Record<string, number> = {};
let gaps: Record<string, number> = {};
let failed: string | null = null;

const fail = (error: unknown) => {
  failed ??= error instanceof Error ? error.message : String(error);
};
const counting = (name: string) => ({
  onData: () => {
    const now = performance.now();
    frames[name] = (frames[name] ?? 0) + 1;
    gaps[name] = Math.max(gaps[name] ?? 0, now - (last[name] ?? now));
    last[name] = now;
  },
  onError: fail,
});
trpc.acceleration.watch.subscribe(undefined, counting('status'));
trpc.statistics.follow.subscribe(undefined, counting('statistics'));
trpc.events.follow.subscribe({}, counting('events'));
trpc.connections.watch.subscribe(view({ sort: 'byteRate', descending: true }), counting('connections'));

async function inTime(name: string, answer: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const limit = sleep(LIMIT_MS, null, { signal: done.signal }).then(() => {
    throw new Error(`nothing to "${name}" within ${LIMIT_MS / 1000} s`);
  });
  await Promise.race([answer, limit]).finally(() => {
    limit.catch(() => {});
    done.abort();
  });
}

let over = false;
const lines = createInterface({ input: process.stdin });
lines.on('close', () => {
  over = true;
});
lines.on('line', () => {
  const report: PageReport = { answers: answersOf(times), frames, longestGapMs: gaps, failed };
  console.log(JSON.stringify(report));
  times = new Map();
  [frames, last, gaps] = [{}, {}, {}];
});
console.log('ready');

while (!over) {
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    const start = performance.now();
    await inTime(name, ask()).catch(fail);
    const took = performance.now() - start;
    const known = times.get(name);
    if (known) known.push(took);
    else times.set(name, [took]);
    await sleep(BETWEEN_MS);
  }
}
process.exit(0);
