import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { acceleratedScene } from './support/scene.ts';

interface Case {
  readonly receiveBuffer: number;
  /** Bytes a send; the larger number is the largest message. */
  readonly send: [least: number, most: number];
  readonly blocking?: boolean;
}

const CASES: Case[] = [
  { receiveBuffer: 4096, send: [1000, 2000] },
  { receiveBuffer: 16_384, send: [16_384, 16_384] },
  { receiveBuffer: 16_384, send: [1, 300_000] },
  { receiveBuffer: 65_536, send: [2000, 9000] },
  { receiveBuffer: 65_536, send: [64, 64] },
  { receiveBuffer: 200_000, send: [60_000, 60_000] },
  { receiveBuffer: 65_536, send: [16_384, 16_384], blocking: true },
];

/** Bytes that the sender still has when the reader is back. */
const AFTERWARDS = 1_048_576;

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
    const [joined] = await scene.daemon.untilBypassing(await stall.port());
    stall.process.kill('SIGUSR1');

    const line = await until('the sender is held up', () => stall.process.lines[1]);
    const { before } = z.object({ before: z.number() }).parse(JSON.parse(line));
    const [held] = await scene.daemon.connections({ id: joined?.id });
    const waiting =
      (held?.clientToServer.bytes.bypass ?? 0) + (joined?.clientToServer.bytes.stack ?? 0) - before;
    expect(waiting).toBeLessThanOrEqual(2 * 2 * receiveBuffer + most);
    // The flood did take the bypass.
    expect(waiting).toBeGreaterThan(receiveBuffer);

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

/**
 * It falls asleep in TCP's own recv as soon as only TCP has something for it, hears nothing of what is redirected meanwhile, and would read what TCP brings
 * later before that.
 */
test('a blocking reader that wants more than TCP has brought (MSG_WAITALL) gets all of it, in order', async () => {
  await using scene = await acceleratedScene('whole', { allowBlockingReaders: true });
  await using stall = new Traffic(
    'stall',
    { blocking: true, whole: true, send: 4000, after: 100_000_000 },
    { cgroup: scene.cgroup.path },
  );
  await scene.daemon.untilBypassing(await stall.port());
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
  const [joined] = await scene.daemon.untilBypassing(await stall.port());
  stall.process.kill('SIGUSR1');
  await until('the sender is held up', () => stall.process.lines[1]);

  const [held] = await scene.daemon.connections({ id: joined?.id });
  const sent = (held?.clientToServer.messages.bypass ?? 0) - (joined?.clientToServer.messages.bypass ?? 0);
  expect(sent).toBeGreaterThan(0);
  // Its turns before the flood are among them. By their bytes alone twelve times as many would wait.
  expect(sent * (size + 1024)).toBeLessThan(2 * queueCap);

  stall.process.kill('SIGUSR1');
  const result = await stall.result();
  expect(result).toMatchObject({ heldUp: true, received: result.sent, wrong: 0, errors: 0 });
});
