/**
 * What the page costs a browser on a made-up busy host that 20 000 short connections a second flood, room by room: how much of one processor its
 * main thread takes, and the functions that it spends most in. `node e2e/support/page-load.ts [SECONDS A ROOM] [ROOM…]`.
 */
import { type CDPSession, chromium } from '@playwright/test';
import type { StatisticsHistory, StatisticsPoint } from '@sidestep/shared';
import { LAUNCH } from './browser.ts';
import { makeBusy } from './busy-host.ts';
import { makeFlood } from './make-flood.ts';
import { StandIn } from './stand-in.ts';

const PER_SECOND = 20_000;
const POINTS = 300;
const SETTLE_MS = 4000;
const FUNCTIONS = 8;

const [seconds = '15', ...chosen] = process.argv.slice(2);
const rooms = chosen.length > 0 ? chosen : ['overview', 'connections', 'events'];

await using standIn = await StandIn.start((one) => {
  one.overrides.statistics = {
    history: async (range) => withFullPast(await one.services.statistics.history(range)),
    follow: (signal) => one.services.statistics.follow(signal),
  };
});
await standIn.services.acceleration.enable();
const stops = [makeBusy(standIn), makeFlood(standIn, PER_SECOND)];
const browser = await chromium.launch(LAUNCH);
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(standIn.signInLink());
const devtools = await page.context().newCDPSession(page);
await devtools.send('Performance.enable');
await devtools.send('Profiler.enable');
for (const room of rooms) {
  await page.goto(`${standIn.url}/${room === 'overview' ? '' : room}`);
  await page.waitForTimeout(SETTLE_MS);
  await measure(devtools, room);
}
for (const stop of stops) stop();
await browser.close();

/** Charts as full as they get, without the wait. */
function withFullPast({ points, ...history }: StatisticsHistory): StatisticsHistory {
  const first = points[0]?.at ?? Date.now();
  const count = Math.max(0, POINTS - points.length);
  const past = Array.from({ length: count }, (_, index): StatisticsPoint => {
    const wave = Math.round(20_000 + 5000 * Math.sin(index / 7));
    const roads = { bypass: wave, stack: 2 * wave };
    const at = first - (count - index) * history.interval;
    return { at, bytes: roads, messages: roads, connections: roads, events: wave };
  });
  return { ...history, points: [...past, ...points] };
}

async function measure(devtools: CDPSession, room: string): Promise<void> {
  const before = await readMetrics(devtools);
  await devtools.send('Profiler.start');
  await page.waitForTimeout(Number(seconds) * 1000);
  const { profile } = await devtools.send('Profiler.stop');
  const after = await readMetrics(devtools);
  const spent = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const share = (time: number) => `${((100 * time) / spent('Timestamp')).toFixed(1)} %`;
  // The time of tasks goes on while others have the processor; that of the thread does not.
  console.log(
    `${room}: ${share(spent('ThreadTime'))} of a processor, ${share(spent('TaskDuration'))} of the time in tasks` +
      ` (${share(spent('ScriptDuration'))} scripts), ${(spent('LayoutCount') / spent('Timestamp')).toFixed(1)} layouts a second`,
  );
  const calls = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, number>();
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const call = calls.get(id);
    const name = `${call?.functionName || '(anonymous)'} ${call?.url.split('/').at(-1)}`;
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
  }
  times.delete('(idle) ');
  const top = [...times].sort(([, one], [, other]) => other - one).slice(0, FUNCTIONS);
  for (const [name, time] of top) console.log(`  ${share(time / 1e6).padStart(7)}  ${name}`);
}

async function readMetrics(devtools: CDPSession): Promise<Map<string, number>> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return new Map(metrics.map(({ name, value }) => [name, value]));
}
