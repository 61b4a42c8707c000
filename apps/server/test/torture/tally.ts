import type { Event, Reason } from '@sidestep/shared';
import type { Client } from '../kernel/support/client.ts';

export interface PathTally {
  joins: number;
  bypassed: { messages: number; bytes: number };
  stack: { messages: number; bytes: number };
}

/** What the daemon told of the connections, by the server's port. What happens while there is no daemon is not all told. */
export class Tally {
  readonly leaves = new Map<Reason, number>();
  missed = 0;
  readonly #ports = new Map<number, PathTally>();

  /** Until the client is closed. */
  listen({ api }: Client): void {
    api.events.follow.subscribe(
      { kinds: ['bypassed', 'left', 'closed'] },
      {
        onData: ({ data }) => {
          this.missed += data.missed;
          for (const event of data.events) this.#add(event);
        },
        onError: () => {},
      },
    );
  }

  of(port: number): PathTally {
    const known = this.#ports.get(port);
    if (known) return known;
    const fresh = { joins: 0, bypassed: { messages: 0, bytes: 0 }, stack: { messages: 0, bytes: 0 } };
    this.#ports.set(port, fresh);
    return fresh;
  }

  #add({ kind, server, reason, bytes, messages }: Event): void {
    if (!server) return;
    const tally = this.of(server.port);
    if (kind === 'bypassed') tally.joins++;
    if (kind === 'left' && reason) this.leaves.set(reason, (this.leaves.get(reason) ?? 0) + 1);
    if (kind !== 'closed' || !bytes || !messages) return;
    tally.bypassed.bytes += bytes.bypass;
    tally.bypassed.messages += messages.bypass;
    tally.stack.bytes += bytes.stack;
    tally.stack.messages += messages.stack;
  }
}
