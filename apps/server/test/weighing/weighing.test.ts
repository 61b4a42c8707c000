import { describe, expect, test, vi } from 'vitest';
import type { Pair } from '../../src/dataplane/dataplane.ts';
import { nameOf } from '../../src/weighing/sample.ts';
import { Weighing } from '../../src/weighing/weighing.ts';
import { FakeDataPlane } from '../support/fake-data-plane.ts';

const SECOND = 1000;

/** What a pair of programs comes to on either path. */
interface Worth {
  /** A millisecond. */
  readonly bytes: number;
  /** Processor time, as a share of the time. */
  readonly cpu: number;
}

interface Load {
  readonly port: number;
  readonly bypass: Worth;
  stack: Worth;
  /** Bytes a message. */
  readonly message: number;
  /** What the kernel measured of each of its two streams, bytes a millisecond. */
  readonly rates?: { readonly bypass: number; readonly stack: number };
  /** Nobody answers: on one connection the client sends, on the other the server. */
  readonly oneWay?: boolean;
}

const ALIKE: Worth = { bytes: 1e6, cpu: 2 };

function pairAt(port: number): Pair {
  return {
    client: { device: 1n, inode: 2n, version: 0n },
    server: { device: 1n, inode: 3n, version: 0n },
    netns: 4n,
    port,
  };
}

/** A host with some pairs of programs, two connections each, on a clock that moves only while somebody waits. */
class Host {
  readonly plane = new FakeDataPlane();
  readonly loads: Load[];
  readonly lines: string[] = [];
  /** Which pairs were kept on TCP, each time that this was said. */
  readonly kept: number[][] = [];
  onPause = () => {};
  #now = 0;
  #cpu = new Map<number, number>();
  readonly weighing: Weighing;

  constructor(...loads: Load[]) {
    this.loads = loads;
    this.plane.enabled = true;
    const keepOnTcp = this.plane.keepOnTcp.bind(this.plane);
    this.plane.keepOnTcp = (pairs) => {
      this.kept.push(pairs.map(({ port }) => port));
      keepOnTcp(pairs);
    };
    this.weighing = new Weighing({
      dataPlane: this.plane,
      totals: () => this.plane.totals(),
      cpuTime: (pid) => this.#cpu.get(pid) ?? null,
      log: (line) => void this.lines.push(line),
      steady: () => this.#now,
      pause: async (ms) => {
        this.pass(ms);
        this.onPause();
      },
    });
    this.pass(SECOND);
  }

  keptNow(): number[] {
    return this.plane.kernel.cheaperOnTcp.map(({ port }) => port);
  }

  pass(ms: number): void {
    this.#now += ms;
    const { kernel } = this.plane;
    const kept = new Set(kernel.cheaperOnTcp.map(nameOf));
    kernel.bulk = this.loads.flatMap(({ port, bypass, stack, message, oneWay, rates = null }) => {
      const pair = pairAt(port);
      const bypassing = !kept.has(nameOf(pair));
      const { bytes, cpu } = bypassing ? bypass : stack;
      this.#cpu.set(port, (this.#cpu.get(port) ?? 0) + cpu * ms);
      const moved = bytes * ms;
      if (bypassing) {
        const { totals } = kernel;
        kernel.totals = {
          ...totals,
          bytes: { ...totals.bytes, bypass: totals.bytes.bypass + moved },
          messages: { ...totals.messages, bypass: totals.messages.bypass + moved / message },
        };
      }
      return ['a', 'b'].map((name) => {
        const id = `${port} ${name}`;
        const before = kernel.bulk.find((one) => one.id === id);
        const more = bypassing ? moved / 2 : 0;
        const ofStream = name === 'a' ? 1 : 0;
        const clients = oneWay ? ofStream : 0.5;
        return {
          id,
          pair,
          pids: [port, port] as const,
          bytes: (before?.bytes ?? 0) + moved / 2,
          rates,
          bypass: {
            bytes: (before?.bypass.bytes ?? 0) + more,
            messages: [
              (before?.bypass.messages[0] ?? 0) + (more * clients) / message,
              (before?.bypass.messages[1] ?? 0) + (more * (1 - clients)) / message,
            ] as const,
          },
        };
      });
    });
  }

  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      this.pass(SECOND);
      await this.weighing.look();
    }
  }
}

const heavy = (port: number, stack: Worth, bypass = ALIKE): Load => ({
  port,
  bypass,
  stack,
  message: 32_768,
});

describe('large messages between two programs', () => {
  test.each([
    ['more bytes for the same work', { bytes: 1.2e6, cpu: 2 }, true],
    ['as many bytes for less work', { bytes: 1e6, cpu: 1.5 }, true],
    ['hardly more bytes', { bytes: 1.03e6, cpu: 2 }, false],
    ['fewer bytes for less work', { bytes: 0.9e6, cpu: 1 }, false],
    ['fewer bytes', { bytes: 0.7e6, cpu: 2 }, false],
  ])('over TCP %s', async (_, stack, stays) => {
    const host = new Host(heavy(80, stack), heavy(81, { bytes: 0.5e6, cpu: 2 }));
    await host.seconds(60);
    // Each was tried.
    expect(host.kept).toContainEqual([80]);
    expect(host.kept.some((ports) => ports.includes(81))).toBe(true);
    expect(host.keptNow()).toEqual(stays ? [80] : []);
    expect(host.lines).toEqual(
      stays ? [expect.stringMatching(/^Bulk at port 80: .* Its connections stay on TCP\.$/)] : [],
    );
  });

  test('more work for more bytes: nobody is moved for that', async () => {
    const host = new Host(heavy(80, { bytes: 1.1e6, cpu: 2.5 }));
    await host.seconds(60);
    expect(host.keptNow()).toEqual([]);
  });

  test('are tried again, ever more seldom, and come back when the bypass has become better', async () => {
    const host = new Host(heavy(80, { bytes: 1.2e6, cpu: 2 }));
    await host.seconds(30);
    expect(host.keptNow()).toEqual([80]);
    const early = host.kept.length;
    await host.seconds(600);
    const later = host.kept.length;
    await host.seconds(600);
    expect(host.keptNow()).toEqual([80]);
    expect(later).toBeGreaterThan(early);
    expect(host.kept.length - later).toBeLessThan(later - early);

    (host.loads[0] as Load).stack = { bytes: 0.8e6, cpu: 2 };
    await host.seconds(700);
    expect(host.keptNow()).toEqual([]);
    expect(host.lines.at(-1)).toMatch(/Its connections may take the bypass again\.$/);
  });

  test('that have ended are asked for ever more seldom', async () => {
    const host = new Host(heavy(80, { bytes: 1.2e6, cpu: 2 }));
    await host.seconds(30);
    expect(host.keptNow()).toEqual([80]);
    host.loads.pop();
    const bulk = vi.spyOn(host.plane, 'bulk');
    await host.seconds(600);
    expect(bulk.mock.calls.length).toBeLessThan(10);
  });

  test('spend little of their time on trials that end as they began', async () => {
    const host = new Host(heavy(80, { bytes: 0.5e6, cpu: 2 }));
    let pauses = 0;
    host.onPause = () => {
      if (host.keptNow().length > 0) pauses++;
    };
    await host.seconds(600);
    // Two pauses, of 0.6 s together, for each time on TCP, in ten minutes.
    expect((pauses / 2) * 0.6).toBeLessThan(600 * 0.02);
    expect(pauses).toBeGreaterThan(0);
  });

  test('a trial that cannot be finished changes nothing', async () => {
    const host = new Host(heavy(80, { bytes: 2e6, cpu: 1 }));
    host.onPause = () => {
      host.loads.length = 0;
      host.pass(0);
    };
    await host.seconds(20);
    expect(host.kept).toContainEqual([]);
    expect(host.keptNow()).toEqual([]);
  });

  test('whoever stops in a trial puts back what was decided before', async () => {
    const host = new Host(heavy(80, { bytes: 2e6, cpu: 1 }));
    let stopped = false;
    host.onPause = () => {
      if (host.keptNow().length === 0) return;
      host.weighing[Symbol.dispose]();
      stopped = true;
    };
    await host.seconds(5);
    expect(stopped).toBe(true);
    expect(host.keptNow()).toEqual([]);
  });

  test('with other programs in the kernel everything begins anew', async () => {
    const host = new Host(heavy(80, { bytes: 2e6, cpu: 1 }));
    await host.seconds(5);
    expect(host.keptNow()).toEqual([80]);
    host.weighing.restart();
    expect(host.keptNow()).toEqual([]);
    await host.seconds(5);
    expect(host.keptNow()).toEqual([80]);
  });
});

const BETTER: Worth = { bytes: 2e6, cpu: 1 };

test.each([
  ['answers of a few KiB', { message: 4096, bypass: ALIKE }],
  ['streams of small messages', { message: 512, bypass: ALIKE, oneWay: true }],
  ['few bytes', { message: 65_536, bypass: { bytes: 10_000, cpu: 0.1 } }],
])('%s are never tried', async (_, load) => {
  const host = new Host({ port: 80, stack: BETTER, ...load });
  await host.seconds(120);
  expect(host.kept).toEqual([]);
});

test('among answers of a few KiB streams are not looked for all the time', async () => {
  const host = new Host({ port: 80, message: 4096, bypass: ALIKE, stack: BETTER });
  let looks = 0;
  const bulk = host.plane.bulk.bind(host.plane);
  host.plane.bulk = () => {
    looks++;
    return bulk();
  };
  await host.seconds(120);
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThan(30);
});

test('streams are tried from a KiB on', async () => {
  const host = new Host({ port: 80, message: 4096, oneWay: true, bypass: ALIKE, stack: BETTER });
  await host.seconds(10);
  expect(host.keptNow()).toEqual([80]);
});

test.each([
  ['a third slower', { bypass: 1e6, stack: 0.74e6 }, false],
  ['a little slower', { bypass: 1e6, stack: 0.8e6 }, true],
])('streams for which TCP was measured to be %s', async (_, rates, tried) => {
  const host = new Host({ port: 80, message: 4096, oneWay: true, bypass: ALIKE, stack: BETTER, rates });
  await host.seconds(60);
  expect(host.keptNow()).toEqual(tried ? [80] : []);
});

test('where acceleration is off, nothing is asked of the kernel', async () => {
  const host = new Host(heavy(80, { bytes: 2e6, cpu: 1 }));
  host.plane.enabled = false;
  await host.seconds(5);
  host.weighing.restart();
  expect(host.kept).toEqual([]);
});
