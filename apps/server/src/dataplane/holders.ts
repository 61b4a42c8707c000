import { type BpfLink, type BtfLayouts, type Decoder, readIterator } from '@sidestep/libbpf';
import type { HeldConnection } from '@sidestep/shared';
import type { SocketName } from './borrow.ts';
import { type EndRecord, endOf } from './record.ts';

/** `struct ss_hold`. */
interface HoldRecord {
  readonly connection: bigint;
  readonly inode: bigint;
  readonly end: EndRecord;
  readonly unread: number;
  readonly side: number;
  readonly closed: number;
  readonly locked: number;
}

/** A connection that still has to leave the bypass, and its sockets, those with unread bytes first. */
export interface Holder {
  readonly held: HeldConnection;
  readonly sockets: readonly HeldSocket[];
}

export interface HeldSocket extends SocketName {
  readonly unread: number;
  /** Nothing can come in any more. */
  readonly closed: boolean;
  /** A call of its program is under way, which may stand still for ever: whoever touches the socket waits for it. */
  readonly locked: boolean;
}

/** Runs `sidestep_hold` over all our sockets. */
export class HolderReader {
  readonly #link: BpfLink;
  readonly #decode: Decoder<HoldRecord>;
  readonly #size: number;

  constructor(link: BpfLink, layouts: BtfLayouts) {
    this.#link = link;
    this.#decode = layouts.decoder<HoldRecord>('ss_hold');
    this.#size = layouts.struct('ss_hold').size;
  }

  /** One for each connection of the sockets with these cookies, those with the most unread bytes first. */
  read(cookies: ReadonlySet<bigint>): Holder[] {
    const output = readIterator(this.#link);
    const byConnection = new Map<bigint, HoldRecord[]>();
    for (let at = 0; at + this.#size <= output.length; at += this.#size) {
      const record = this.#decode(output, at);
      if (!cookies.has(record.end.cookie)) continue;
      byConnection.set(record.connection, [...(byConnection.get(record.connection) ?? []), record]);
    }
    return [...byConnection.values()].map(holderOf).sort((one, other) => unreadOf(other) - unreadOf(one));
  }
}

function holderOf(records: readonly HoldRecord[]): Holder {
  const ends = records.toSorted((one, other) => other.unread - one.unread);
  const id = String(ends[0]?.connection);
  return {
    held: {
      id,
      ends: ends.map(({ end, unread, side }) => {
        const { address, port, pid, comm } = endOf(end);
        return { side: side === 0 ? 'client' : 'server', address, port, pid, comm, unread };
      }),
    },
    sockets: ends.map(({ end: { cookie, pid }, inode, unread, closed, locked }) => ({
      cookie,
      pid,
      inode,
      unread,
      closed: closed !== 0,
      locked: locked !== 0,
    })),
  };
}

const unreadOf = ({ held }: Holder) => held.ends.reduce((sum, { unread }) => sum + unread, 0);
