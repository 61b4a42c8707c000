import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Netns } from './support/netns.ts';
import { recordsOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { said } from './support/stall.ts';

interface Case {
  readonly receiveBuffer: number;
  /** Bytes a send; the larger number is the largest message. */
  readonly send: [least: number, most: number];
  readonly blocking?: boolean;
}

const CASES: Case[] = [
  { receiveBuffer: 4096, send: [1000, 2000] },
  { receiveBuffer: 16_384, send: [16_384, 16_384] },
  { receiveBuffer: 16_384, send: [1, 16_384] },
  { receiveBuffer: 65_536, send: [2000, 9000] },
  { receiveBuffer: 65_536, send: [64, 64] },
  { receiveBuffer: 200_000, send: [60_000, 60_000] },
  { receiveBuffer: 65_536, send: [16_384, 16_384], blocking: true },
];

/** The share of a buffer that is taken at least: before Linux 6.6 most of it is left to TCP. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const TAKEN = major > 6 || (major === 6 && minor >= 6) ? 1 : 1 / 8;

/** Bytes that the sender still has when the reader is back. */
const AFTERWARDS = 1_048_576;

/** What its client has sent on the bypass until now: the daemon may tell what it was a moment ago. */
function sentOnBypass({ daemon }: Scene, port: number): { messages: number; bytes: number } {
  const [record] = recordsOf(daemon, port);
  if (!record) throw new Error(`There is no connection to port ${port}.`);
  const [{ bypass_messages, bypass_bytes }] = record.direction;
  return { messages: Number(bypass_messages), bytes: Number(bypass_bytes) };
}

/** Bytes that it sent by turns, and what of them took the bypass. The flood begins at the next SIGUSR1. */
async function endTurns(scene: Scene, stall: Traffic<'stall'>) {
  const port = await stall.port();
  await scene.daemon.untilBypassing(port);
  stall.process.kill('SIGUSR1');
  const { turns } = await said(stall, 1, z.object({ turns: z.number() }));
  return { port, turns, calm: sentOnBypass(scene, port) };
}

/** The kernel doubles what is asked for, and tells the double. */
test.for(CASES)(
  'what waits on the bypass is less than twice SO_RCVBUF and one message: %j',
  async ({ receiveBuffer, send: [least, most], blocking = false }) => {
    await using scene = await acceleratedScene('pressure', { allowBlockingReaders: blocking });
    await using stall = new Traffic(
      'stall',
      {
        'warm-ms': 0,
        hold: true,
        'receive-buffer': receiveBuffer,
        send: `${least}-${most}`,
        after: AFTERWARDS,
        blocking,
      },
      { cgroup: scene.cgroup.path },
    );
    const { port, turns, calm } = await endTurns(scene, stall);
    stall.process.kill('SIGUSR1');

    const { before } = await said(stall, 2, z.object({ before: z.number() }));
    const held = sentOnBypass(scene, port);
    const waiting = held.bytes - calm.bytes - (before - turns);
    expect(waiting).toBeLessThanOrEqual(2 * 2 * receiveBuffer + most);
    // The flood did take the bypass.
    expect(waiting).toBeGreaterThan(receiveBuffer * TAKEN);

    stall.process.kill('SIGUSR1');
    const result = await stall.result();
    expect(result).toMatchObject({
      buffer: 2 * receiveBuffer,
      // A sender that does not block was told EAGAIN, one that blocks was blocked; when there was room again they were told, and never before.
      heldUp: true,
      emptyPromises: 0,
      received: result.sent,
      wrong: 0,
      errors: 0,
    });
    // It was held up for as long as it let itself be, which is a second; when there was room again, it went on.
    expect(result.heldMs).toBeGreaterThan(900);
    expect(result.afterwards).toBeGreaterThanOrEqual(AFTERWARDS);
  },
);

/** TCP has sent again then what its reader had no room for, after 7 s at the latest, and would do so next when another six are over. */
const BETWEEN_TWO_TIMEOUTS_MS = 8000;

test.for([
  { what: 'a stream', receiveBuffer: 65_536, send: 64 },
  { what: 'a burst of a conversation', receiveBuffer: 65_536, send: 16_384 },
  { what: 'large messages to a buffer that does not grow', receiveBuffer: 200_000, send: 262_144 },
  {
    what: 'messages that are larger than that',
    receiveBuffer: 200_000,
    send: 1_000_000,
    left: 'fixed buffer',
  },
])('what TCP carries of $what arrives soon after its reader is back', async (load) => {
  const { receiveBuffer, send, left } = load;
  await using scene = await acceleratedScene('back');
  await using stall = new Traffic(
    'stall',
    {
      'warm-ms': 0,
      hold: true,
      'receive-buffer': receiveBuffer,
      send,
      after: AFTERWARDS,
    },
    { cgroup: scene.cgroup.path },
  );
  await endTurns(scene, stall);
  stall.process.kill('SIGUSR1');
  await sleep(BETWEEN_TWO_TIMEOUTS_MS);
  await said(stall, 2, z.object({ before: z.number() }));
  stall.process.kill('SIGUSR1');

  const result = await stall.result();
  // It left while its queue was full: what its sender was lent it has given back.
  expect(result).toMatchObject({
    heldUp: true,
    received: result.sent,
    wrong: 0,
    errors: 0,
    linearTimeouts: 0,
  });
  // Without what is done about it the next try comes some five seconds after it is back.
  expect(result.lateMs).toBeLessThan(2000);
  expect(result.afterwards).toBeGreaterThanOrEqual(AFTERWARDS);
  const { events } = await scene.daemon.api.events.list.query({ kinds: ['left'] });
  if (left) expect(events).toMatchObject([{ reason: left }]);
});

const AFTER_ALL_RETRIES_MS = 5000;

/** Segments that a reader with a full buffer did not take. */
async function droppedAt(netns: Netns): Promise<number> {
  const [names = [], numbers = []] = (await netns.run('cat', '/proc/net/netstat'))
    .split('\n')
    .map((line) => line.split(' '));
  return Number(numbers[names.indexOf('TCPRcvQDrop')]);
}

/** What a closed socket cannot bring TCP tries again for 102 s, and then resets the connection. With one retry it is 0.6 s. */
test.for([
  { what: 'closed', shut: false },
  { what: 'shut down and then closed', shut: true },
])('what a sender has left to TCP that has $what is kept for its reader', async ({ shut }) => {
  const receiveBuffer = 65_536;
  await using scene = await acceleratedScene('gone');
  await using netns = await Netns.create();
  await netns.sysctl('net.ipv4.tcp_orphan_retries', '1');
  await using stall = new Traffic(
    'stall',
    { 'warm-ms': 0, hold: true, 'receive-buffer': receiveBuffer, send: 64, gone: true, shut },
    { cgroup: scene.cgroup.path, netns: netns.name },
  );
  const { port, turns, calm } = await endTurns(scene, stall);
  stall.process.kill('SIGUSR1');
  await said(stall, 2, z.object({ before: z.number() }));
  const redirected = sentOnBypass(scene, port).bytes - calm.bytes;
  expect(redirected).toBeGreaterThan(receiveBuffer * TAKEN);
  await sleep(AFTER_ALL_RETRIES_MS);
  stall.process.kill('SIGUSR1');

  const result = await stall.result();
  expect(result).toMatchObject({ heldUp: true, received: result.sent, wrong: 0, errors: 0 });
  // TCP had something to keep, and it was dropped.
  expect(result.sent - turns).toBeGreaterThan(redirected);
  if (TAKEN === 1) expect(await droppedAt(netns)).toBeGreaterThan(0);
});

/**
 * It falls asleep in TCP's own recv as soon as only TCP has something for it, hears nothing of what is redirected meanwhile, and would read what TCP brings
 * later before that.
 */
test('a blocking reader that wants more than TCP has brought (MSG_WAITALL) gets all of it, in order', async () => {
  await using scene = await acceleratedScene('whole', { allowBlockingReaders: true });
  await using stall = new Traffic(
    'stall',
    { 'warm-ms': 0, blocking: true, whole: true, send: 4000, after: 100_000_000 },
    { cgroup: scene.cgroup.path },
  );
  await scene.daemon.untilBypassing(await stall.port());
  stall.process.kill('SIGUSR1');
  const result = await stall.result();
  expect(result).toMatchObject({ heldUp: true, received: result.sent, wrong: 0, errors: 0 });
});

test('small messages are counted with the kilobyte that each of them takes in the kernel', async () => {
  const queueCap = 1_048_576;
  const size = 64;
  await using scene = await acceleratedScene('kilobyte', { queueCap });
  await using stall = new Traffic(
    'stall',
    { 'warm-ms': 0, hold: true, 'receive-buffer': 200_000, send: size },
    { cgroup: scene.cgroup.path },
  );
  const { port, calm } = await endTurns(scene, stall);
  stall.process.kill('SIGUSR1');
  await said(stall, 2, z.object({ before: z.number() }));

  const held = sentOnBypass(scene, port);
  const sent = held.messages - calm.messages;
  expect(sent).toBeGreaterThan(0);
  // By their bytes alone sixteen times as many would wait. The queue is looked at again after 32 of them.
  expect((sent - 32) * (size + 1024)).toBeLessThanOrEqual(queueCap);

  stall.process.kill('SIGUSR1');
  const result = await stall.result();
  expect(result).toMatchObject({ heldUp: true, received: result.sent, wrong: 0, errors: 0 });
});
