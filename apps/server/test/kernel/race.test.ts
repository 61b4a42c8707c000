import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Traffic, type TrafficOptions, until } from '@sidestep/bench';
import { BpfMap, BtfLayouts } from '@sidestep/libbpf';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { pairOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import type { TestDaemon } from './support/test-daemon.ts';

/** Few enough to be far faster on the bypass where the writes are large. */
const FEW = 2;
const STREAMS = 8;
const ON_ONE_CPU = { nodelay: true, cpu: 0, 'peer-cpu': 0, seconds: 300 };
/** Far more than the streams themselves add before it is written again, and less than what overflows. */
const OVERWHELMING = 10n ** 12n;
/** What the streams themselves show in between does not cost what a race may cost. */
const AGAIN_MS = 10;
const LONGEST_GAP_MS = 80;
/** Longer than a lap, and than what a race may cost: compared at the next measurement, and at once too much. */
const LONG_LAP_NS = 1_000_000_000n;
const A_WHILE = 2000;

const streamsOnTcp = ({ clientToServer }: Connection) =>
  clientToServer.path === 'stack' && clientToServer.reason === 'streaming';

interface Pretence extends AsyncDisposable {
  /** The longest time that it did not write since it was last asked; milliseconds. */
  gap(): number;
}

/** As if all streams of the two programs had been measured to be faster on one path, again and again until disposed. */
function pretend(daemon: TestDaemon, port: number, faster: 'bypass' | 'stack'): Pretence {
  const stopping = new AbortController();
  const key = pairOf(daemon, port);
  const forged = { last: 1n, bypass: 1n, stack: 1n, count: 32, [faster]: OVERWHELMING };
  let written = performance.now();
  let longest = 0;
  const writing = (async () => {
    using races = BpfMap.openPinned(join(daemon.pinDir, 'map_races'));
    const encode = BtfLayouts.fromMap(races).encoder('ss_race');
    while (!stopping.signal.aborted) {
      const now = process.hrtime.bigint();
      races.update(key, encode({ ...forged, last_at: now, shared_at: now, lap_began: now - LONG_LAP_NS }));
      longest = Math.max(longest, performance.now() - written);
      written = performance.now();
      await sleep(AGAIN_MS);
    }
  })();
  return {
    gap() {
      const gap = Math.max(longest, performance.now() - written);
      longest = 0;
      return gap;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await writing;
    },
  };
}

/** So many streams on one processor, as soon as both ends of each are known. */
async function flood(scene: Scene, connections: number, options: TrafficOptions) {
  const traffic = new Traffic(
    'flood',
    { ...ON_ONE_CPU, ...options, connections },
    { cgroup: scene.cgroup.path },
  );
  const port = await traffic.port();
  await scene.daemon.untilConnected(port, 'open', ({ open }) => open, connections);
  return { traffic, port };
}

async function endsWell(traffic: Traffic<'flood'>): Promise<void> {
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
}

/** The sequence numbers of events in which a connection left the bypass. */
async function departures(daemon: TestDaemon): Promise<number[]> {
  const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
  return events.map(({ seq }) => seq);
}

test('streams that are faster on the bypass leave it together when all of their programs’ streams lose there', async () => {
  await using scene = await acceleratedScene('race');
  const { traffic, port } = await flood(scene, FEW, { send: 24_576 });
  await using _ = traffic;
  {
    await using _ = pretend(scene.daemon, port, 'bypass');
    await scene.daemon.untilBypassing(port, FEW);
  }
  {
    await using _ = pretend(scene.daemon, port, 'stack');
    await scene.daemon.untilConnected(port, 'on TCP', streamsOnTcp, FEW);
  }
  await endsWell(traffic);
});

test('streams that TCP carries faster stay on the bypass when all of their programs’ streams win there', async () => {
  await using scene = await acceleratedScene('race-won');
  const { daemon } = scene;
  const { traffic, port } = await flood(scene, STREAMS, { send: 512 });
  await using _ = traffic;
  {
    await using pretence = pretend(daemon, port, 'bypass');
    await daemon.untilBypassing(port, STREAMS);
    // Where the machine did not let us write, what the streams themselves showed has counted.
    const { left } = await until(
      'they have won all the time for a while',
      async () => {
        pretence.gap();
        const before = Math.max(0, ...(await departures(daemon)));
        await sleep(A_WHILE);
        const left = (await departures(daemon)).filter((seq) => seq > before);
        return pretence.gap() <= LONGEST_GAP_MS && { left };
      },
      { deadline: 240_000 },
    );
    expect(left).toEqual([]);
  }
  {
    await using _ = pretend(daemon, port, 'stack');
    await daemon.untilConnected(port, 'on TCP', streamsOnTcp, STREAMS);
  }
  await endsWell(traffic);
});
