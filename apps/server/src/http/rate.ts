import type { WebSocket } from 'ws';

const BURST = 400;
const PER_SECOND = 100;
const TRY_AGAIN_LATER = 1013;
/** No reader is let fall this far behind: answers are held back at a fraction of it, so only a flood of errors gets here. */
const MAX_BUFFERED_BYTES = 8_388_608;

/** Ends a connection that sends faster than any page does, or that asks and does not read. */
export function watchRate(client: WebSocket): void {
  let left = BURST;
  let at = performance.now();
  client.on('message', () => {
    const now = performance.now();
    left = Math.min(BURST, left + ((now - at) / 1000) * PER_SECOND) - 1;
    at = now;
    if (client.bufferedAmount > MAX_BUFFERED_BYTES) client.terminate();
    if (left >= 0 || client.readyState !== client.OPEN) return;
    client.close(TRY_AGAIN_LATER, 'Too many messages. Send at most 100 a second.');
    // What has already arrived is not worth reading: the other end is cut off if it does not go by itself.
    setTimeout(() => client.terminate(), 1000).unref();
  });
}
