import { makeConnection } from './made-connections.ts';
import type { StandIn } from './stand-in.ts';

const BEAT_MS = 50;

/** Floods the stand-in with `perSecond` connections that open, carry an answer and close. Returns what stops it. */
export function makeFlood({ dataPlane }: StandIn, perSecond: number): () => void {
  const perBeat = Math.round((perSecond * BEAT_MS) / 1000);
  const timer = setInterval(() => {
    for (let count = 0; count < perBeat; count++) {
      const connection = makeConnection({ path: 'stack', reason: 'warming up' });
      dataPlane.report('established', connection);
      dataPlane.report('closed', connection);
    }
    dataPlane.messages.stack += 2 * perBeat;
    dataPlane.bytes.stack += 128 * perBeat;
  }, BEAT_MS);
  return () => clearInterval(timer);
}
