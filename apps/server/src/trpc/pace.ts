import { setTimeout as sleep } from 'node:timers/promises';

/** The sending side of a connection: how many bytes wait in this process because the other end does not read. */
export interface Wire {
  readonly bufferedAmount: number;
}

/** Bytes that may wait for a slow reader before its answers and updates are held back. */
export const HIGH_WATER = 1_048_576;
const FRAME_MS = 100;

const pause = (ms: number, signal: AbortSignal) =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => {});

/** Waits until the reader has caught up, or the signal aborts. */
export async function drained(wire: Wire, signal: AbortSignal): Promise<void> {
  while (wire.bufferedAmount > HIGH_WATER && !signal.aborted) await pause(FRAME_MS, signal);
}

/**
 * Backpressure for a subscription: tRPC over ws has none. The source is asked for its next frame at most ten times a second, and not
 * while the reader is behind, so a source that merges what happened between two requests needs no queue of its own.
 */
export async function* paced<Frame>(
  source: AsyncIterable<Frame>,
  wire: Wire,
  signal: AbortSignal,
): AsyncGenerator<Frame, void, void> {
  for await (const frame of source) {
    yield frame;
    await pause(FRAME_MS, signal);
    await drained(wire, signal);
    if (signal.aborted) return;
  }
}
