import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../src/sandbox/free-port.ts';
import { until } from '../src/sandbox/until.ts';
import { Traffic, type TrafficOptions } from '../src/traffic.ts';
import { type Fault, startRelay } from './relay.ts';

const FAULTS = ['flip', 'drop', 'double', 'swap'] as const satisfies Fault[];
const cases = FAULTS.flatMap((fault) => (['up', 'down'] as const).map((direction) => ({ fault, direction })));

/** For a program that holds both ends: where it listens, and where it connects so that the way up leads through the relay. */
async function throughRelay(fault: Fault, direction: 'up' | 'down', position: number) {
  const [port, relayPort] = [await freePort(), await freePort()];
  const relay = await startRelay({ port: relayPort, target: () => port, fault, direction, position });
  return { relay, ends: { address: `127.0.0.1:${port}`, to: `127.0.0.1:${relayPort}` } };
}

describe('exchange', () => {
  /** Both results of 64 requests of random sizes, 128 KiB in all each way, through a relay. */
  async function exchangeThrough(fault: Fault, direction: 'up' | 'down') {
    await using server = new Traffic('exchange', { server: true, seconds: 120, grace: 0.5 });
    await using relay = await startRelay({
      port: 0,
      target: () => server.port(),
      fault,
      direction,
      position: 60_000,
    });
    await using client = new Traffic('exchange', {
      client: true,
      address: `127.0.0.1:${relay.port}`,
      request: '1-4096',
      answer: '1-4096',
      count: 64,
      seconds: 60,
      grace: 0.5,
      // With which the byte in question is not the last of its message: that one would wait in vain for one after it.
      seed: 1,
    });
    // An answer that a fault has swallowed is not waited for; without one all come, however busy the machine is.
    if (fault !== 'none') {
      await Promise.race([relay.slipped, client.process.status()]);
      client.stop();
    }
    const result = await client.result();
    server.stop();
    return { client: result, server: await server.result(), status: await client.process.status() };
  }

  test('finds nothing wrong in a faithful relay', async () => {
    const { client, server, status } = await exchangeThrough('none', 'up');
    expect(client).toMatchObject({ exchanges: 64, wrong: 0, errors: 0, unfinished: 0 });
    expect(server).toMatchObject({ exchanges: 64, wrong: 0, errors: 0, unfinished: 0 });
    expect(status).toBe(0);
  });

  test.for(cases)('notices a $fault on the way $direction', async ({ fault, direction }) => {
    const { client, server } = await exchangeThrough(fault, direction);
    const reader = direction === 'up' ? server : client;
    expect(reader.wrong).toBeGreaterThan(0);
  });
});

describe('stream', () => {
  async function streamThrough(fault: Fault, direction: 'up' | 'down') {
    await using server = new Traffic('stream', { server: true, seconds: 5, send: '1-9000', bytes: 300_000 });
    await using relay = await startRelay({
      port: 0,
      target: () => server.port(),
      fault,
      direction,
      position: 150_001,
    });
    await using client = new Traffic('stream', {
      client: true,
      address: `127.0.0.1:${relay.port}`,
      direction,
      send: '1-9000',
      bytes: 300_000,
      seconds: 5,
    });
    return { client: await client.result(), server: await server.result() };
  }

  test('finds nothing wrong in a faithful relay', async () => {
    const { client, server } = await streamThrough('none', 'up');
    expect(client).toMatchObject({ finished: true, errors: 0 });
    expect(server).toMatchObject({ finished: true, wrong: 0, errors: 0, received: client.sent });
  });

  test.for(cases)('notices a $fault on the way $direction', async ({ fault, direction }) => {
    const { client, server } = await streamThrough(fault, direction);
    const [sender, reader] = direction === 'up' ? [client, server] : [server, client];
    expect(reader.wrong).toBeGreaterThan(0);
    // The hello goes up before the pattern and is in neither count.
    if (fault === 'drop') expect(reader.received).toBe(sender.sent - 1);
    if (fault === 'double') expect(reader.received).toBe(sender.sent + 1);
  });

  test('notices that the end of a stream is missing', async () => {
    await using server = new Traffic('stream', { server: true, seconds: 5 });
    await using relay = await startRelay({
      port: 0,
      target: () => server.port(),
      fault: 'drop',
      direction: 'up',
      // The 40 bytes of the hello come first; the last byte waits in vain for one after it.
      position: 40 + 2 * 16_384 - 1,
    });
    await using client = new Traffic('stream', {
      client: true,
      address: `127.0.0.1:${relay.port}`,
      bytes: 32_768,
    });
    const [sent, received] = [await client.result(), await server.result()];
    expect(received.received).toBe(sent.sent - 1);
  });
});

describe('shorts', () => {
  async function shortsThrough(fault: Fault, direction: 'up' | 'down') {
    const { relay, ends } = await throughRelay(fault, direction, 1000);
    await using _relay = relay;
    await using shorts = new Traffic('shorts', {
      ...ends,
      connections: 20,
      request: 4000,
      answer: 4000,
      'half-close': true,
    });
    return await shorts.result();
  }

  test('finds nothing wrong in a faithful relay', async () => {
    expect(await shortsThrough('none', 'up')).toMatchObject({ done: 20, served: 20, wrong: 0, errors: 0 });
  });

  test.for(cases)('notices a $fault on the way $direction', async ({ fault, direction }) => {
    const result = await shortsThrough(fault, direction);
    expect(result.wrong + result.errors).toBeGreaterThanOrEqual(20);
  });
});

describe('flood', () => {
  async function floodThrough(fault: Fault) {
    const { relay, ends } = await throughRelay(fault, 'up', 500_000);
    await using _relay = relay;
    await using flood = new Traffic('flood', {
      ...ends,
      seconds: 0.1,
      'warm-up': 0.1,
      grace: 10,
    });
    return { result: await flood.result(), status: await flood.process.status() };
  }

  test('finds nothing wrong in a faithful relay', async () => {
    const { result, status } = await floodThrough('none');
    expect(result).toMatchObject({ finished: true, wrong: 0, errors: 0, received: result.sent });
    expect(result.gigabitsPerSecond).toBeGreaterThan(0);
    expect(status).toBe(0);
  });

  // It looks at the ends of what comes in only, so a byte that is wrong within may pass, and one that is missing may not.
  test.for(['drop', 'double'] as const)('notices a %s', async (fault) => {
    const { result, status } = await floodThrough(fault);
    expect(result.wrong).toBeGreaterThan(0);
    expect(result.received).not.toBe(result.sent);
    expect(status).toBe(1);
  });
});

describe('exchange in bursts', () => {
  test('sends every tenth request in pieces, each end in a process of its own, and every byte arrives', async () => {
    await using traffic = new Traffic('exchange', {
      'burst-every': 10,
      burst: 100_000,
      piece: 1000,
      count: 200,
      seconds: 10,
      'peer-cpu': 0,
    });
    const result = await traffic.result();
    expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
    expect(result.exchanges).toBeGreaterThanOrEqual(200);
    expect(result.sent).toBeGreaterThanOrEqual(20 * 100_000);
    expect(await traffic.process.status()).toBe(0);
  });
});

describe('stall', () => {
  async function stallThrough(fault: Fault) {
    const { relay, ends } = await throughRelay(fault, 'up', 500_000);
    await using _relay = relay;
    await using stall = new Traffic('stall', {
      ...ends,
      'warm-ms': 50,
    });
    return await stall.result();
  }

  test('finds a sender that is held up, and nothing wrong, in a faithful relay', async () => {
    const result = await stallThrough('none');
    expect(result).toMatchObject({ heldUp: true, wrong: 0, errors: 0 });
    expect(result.received).toBe(result.sent);
  });

  test.for(FAULTS)('notices a %s', async (fault) => {
    expect((await stallThrough(fault)).wrong).toBeGreaterThan(0);
  });

  test('notices a sender that nobody holds up', async () => {
    await using stall = new Traffic('stall', { limit: 100_000 });
    expect(await stall.result()).toMatchObject({ heldUp: false });
    expect(await stall.process.status()).toBe(1);
  });
});

describe('torture', () => {
  /** Bytes are late after 3 s, in place of 30. */
  const IMPATIENT = { slow: 0.1 };
  const directions = ['up', 'down'] as const;
  const way = { up: 'from client to server', down: 'from server to client' };
  const end = { up: 'server', down: 'client' };

  /** What is wrong first with twenty short connections one after the other, if anything is. */
  async function failureOf(options: TrafficOptions, env = {}): Promise<string> {
    // Who stands back for others moves nothing for seconds where the machine is busy.
    const plans = { seed: 1, threads: 1, connections: 40, seconds: 120, nice: 0 };
    await using torture = new Traffic('torture', { ...plans, ...options }, { env });
    const hasEnded = () => {
      const failed = torture.process.lines.at(-1)?.startsWith('{"failed"');
      // It keeps the connection open for whoever wants to look at it.
      if (failed) torture.stop();
      return failed || !torture.process.running;
    };
    await until('it has come to its end', hasEnded, { deadline: 150_000 });
    return (await torture.result()).failure;
  }

  async function failureThrough(
    fault: Fault,
    direction: 'up' | 'down',
    { position = 1000, ...options }: TrafficOptions & { position?: number } = {},
  ) {
    const [port, relayPort] = [await freePort(), await freePort()];
    await using _relay = await startRelay({
      port: relayPort,
      target: () => port,
      // Its server knows its clients by their ports.
      from: '127.0.0.2',
      fault,
      direction,
      position,
    });
    return await failureOf({ address: `127.0.0.1:${port}`, to: `127.0.0.1:${relayPort}`, ...options });
  }

  test('finds nothing wrong in a faithful relay', async () => {
    expect(await failureThrough('none', 'up')).toBe('');
  });

  test.for(cases)('notices a $fault on the way $direction', async ({ fault, direction }) => {
    expect(await failureThrough(fault, direction)).toMatch(
      new RegExp(`^wrong bytes ${way[direction]} at position 100[01] `),
    );
  });

  test.for(directions)('notices bytes that never come on the way %s', async (direction) => {
    expect(await failureThrough('hold', direction, IMPATIENT)).toMatch(/^bytes are late by more than 3 s\n/);
  });

  test.for(directions)('notices an end that never comes on the way %s', async (direction) => {
    expect(await failureThrough('no end', direction, IMPATIENT)).toMatch(
      /^bytes are late by more than 3 s\n/,
    );
  });

  test.for(directions)('notices that bytes are missing at the end on the way %s', async (direction) => {
    expect(await failureThrough('end', direction)).toMatch(
      new RegExp(`^the stream to the ${end[direction]} ended, and \\d+ bytes of step \\d+ are missing\n`),
    );
  });

  // Each leaves after its first bytes, for so many of which no answer is due.
  const LEAVING = [
    { direction: 'up', seed: 92, sent: 8 },
    { direction: 'down', seed: 198, sent: 137 },
  ] as const;

  test.for(LEAVING)(
    'notices that bytes of one who went away are missing at the end on the way $direction',
    async ({ direction, seed, sent }) => {
      const options = { seed, connections: 1 };
      expect(await failureThrough('none', direction, options)).toBe('');
      expect(await failureThrough('tail', direction, { ...options, position: sent - 1 })).toMatch(
        new RegExp(
          `^the stream to the ${end[direction]} ended after ${sent - 1} of \\d+ bytes that were sent\n`,
        ),
      );
    },
  );

  // Each closes when it has so many bytes, does not half-close before, and takes no more than it is owed.
  const CLOSERS = [
    { direction: 'down', seed: 45, owed: 3 },
    { direction: 'up', seed: 246, owed: 1798 },
  ] as const;

  test.for(CLOSERS)(
    'notices that the last byte comes twice to one who leaves then on the way $direction',
    async ({ direction, seed, owed }) => {
      const options = { seed, connections: 1 };
      expect(await failureThrough('again', direction, { ...options, position: owed })).toBe('');
      expect(await failureThrough('again', direction, { ...options, position: owed - 1 })).toMatch(
        new RegExp(`^the ${end[direction]} got 1 bytes more than the other end has sent\n`),
      );
    },
  );

  test.for(directions)('notices bytes that nobody has sent on the way %s', async (direction) => {
    expect(await failureThrough('more', direction)).toMatch(new RegExp(`^wrong bytes ${way[direction]} `));
  });

  test('notices a connection that breaks although nobody broke it', async () => {
    expect(await failureThrough('reset', 'up')).toMatch(
      /^the (client|server)'s .+ answered (Connection reset by peer|Broken pipe)\n/,
    );
  });

  test('notices a connection that nobody answers', async () => {
    await using silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect(await failureOf({ to: `127.0.0.1:${port}`, ...IMPATIENT })).toMatch(
      /^nothing has moved for 3 s\n/,
    );
  });

  const CALLS = [
    { fault: 'EAGAIN', failure: "^the (client|server)'s recv\\b.* answered EAGAIN although it blocks\n" },
    { fault: 'short', failure: '^MSG_WAITALL answered \\d+, not \\d+\n' },
    { fault: 'gone after a peek', failure: '^MSG_PEEK answered \\d+, then recv -1 ' },
    { fault: 'wrong peek', failure: '^wrong bytes .* of a MSG_PEEK of ' },
  ];

  test.for(CALLS)('notices a recv that answers wrongly: $fault', async ({ fault, failure }) => {
    const faulty = faultyRecv();
    using _faulty = { [Symbol.dispose]: () => rmSync(dirname(faulty), { recursive: true }) };
    // Few of the ends read so.
    expect(await failureOf({ connections: 2000 }, { LD_PRELOAD: faulty, FAULT: fault })).toMatch(
      new RegExp(failure),
    );
  });

  function faultyRecv(): string {
    const library = join(mkdtempSync(join(tmpdir(), 'sidestep-faulty-')), 'recv.so');
    const source = join(import.meta.dirname, 'programs/faulty-recv.c');
    execFileSync('gcc', [
      '-D_GNU_SOURCE',
      '-shared',
      '-fPIC',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-o',
      library,
      source,
    ]);
    return library;
  }
});
