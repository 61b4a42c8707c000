import { Traffic, type TrafficOptions, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

interface Case {
  readonly receiveBuffer: number;
  /** Bytes a send; the larger number is the largest message. */
  readonly send: [least: number, most: number];
  readonly blocking?: boolean;
}

const CASES: Case[] = [
  { receiveBuffer: 16_384, send: [16_384, 16_384] },
  { receiveBuffer: 16_384, send: [1, 300_000] },
  { receiveBuffer: 65_536, send: [2000, 9000] },
  { receiveBuffer: 65_536, send: [64, 64] },
  { receiveBuffer: 200_000, send: [60_000, 60_000] },
  { receiveBuffer: 65_536, send: [16_384, 16_384], blocking: true },
];

/** The kernel doubles what is asked for, and tells the double. */
test.for(CASES)(
  'what waits on the bypass is less than twice SO_RCVBUF and one message: %j',
  async ({ receiveBuffer, send: [least, most], blocking = false }) => {
    await using scene = await acceleratedScene('pressure', { allowBlockingReaders: blocking });
    const options: TrafficOptions = { 'receive-buffer': receiveBuffer, send: `${least}-${most}`, blocking };
    await using stall = new Traffic('stall', { 'warm-ms': 0, ...options }, { cgroup: scene.cgroup.path });
    const [joined] = await scene.daemon.untilBypassing(await stall.port());
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

    const closed = await until('the closed connection is listed', async () => {
      const connections = await scene.daemon.connections({ includeClosed: true });
      return connections.find(({ id, open }) => id === joined?.id && !open);
    });
    const byTcpBefore = joined?.clientToServer.bytes.stack ?? 0;
    const waited = closed.clientToServer.bytes.bypass - (result.before - byTcpBefore);
    expect(waited).toBeGreaterThan(0);
    expect(waited).toBeLessThanOrEqual(2 * result.buffer + most);
  },
);
