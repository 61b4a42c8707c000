import type { Connection, Direction } from '@sidestep/shared';

const WINDOW_MS = 1000;
/** Older counters say nothing about now: whoever looks again after a while starts afresh. */
const STALE_MS = 5000;

/** Bytes and messages of each direction. */
type Counts = readonly [number, number, number, number];

interface Sample {
  readonly at: number;
  readonly counts: ReadonlyMap<string, Counts>;
}

/** Puts rates on connections by comparing their counters with those of about a second ago. */
export class RateWindow {
  #samples: Sample[] = [];

  /** `now` is in milliseconds, on the steady clock. The first look has nothing to compare with and says zero. */
  rated(connections: readonly Connection[], now: number): Connection[] {
    const counts = new Map(connections.map((connection) => [connection.id, countsOf(connection)]));
    const base = this.#baseAt(now);
    this.#samples.push({ at: now, counts });
    if (!base) return [...connections];
    const seconds = (now - base.at) / 1000;
    return connections.map((connection) => withRates(connection, base.counts.get(connection.id), seconds));
  }

  /** The youngest sample that is a whole window old, or the oldest there is. */
  #baseAt(now: number): Sample | undefined {
    this.#samples = this.#samples.filter(({ at }) => at < now && now - at < STALE_MS);
    while (this.#samples[1] && now - this.#samples[1].at >= WINDOW_MS) this.#samples.shift();
    return this.#samples[0];
  }
}

/** A connection that was not there before has grown from zero. */
function withRates(connection: Connection, before: Counts = [0, 0, 0, 0], seconds: number): Connection {
  const now = countsOf(connection);
  const rate = (index: 0 | 1 | 2 | 3) => Math.max(0, now[index] - before[index]) / seconds;
  return {
    ...connection,
    clientToServer: { ...connection.clientToServer, rate: { bytes: rate(0), messages: rate(1) } },
    serverToClient: { ...connection.serverToClient, rate: { bytes: rate(2), messages: rate(3) } },
  };
}

function countsOf({ clientToServer, serverToClient }: Connection): Counts {
  return [...totals(clientToServer), ...totals(serverToClient)];
}

function totals({ bytes, messages }: Direction): [number, number] {
  return [bytes.bypass + bytes.stack, messages.bypass + messages.stack];
}
