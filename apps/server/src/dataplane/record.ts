import { isIPv4 } from 'node:net';
import type { BtfLayouts } from '@sidestep/libbpf';
import { type Connection, type Direction, type End, reasonFromCode } from '@sidestep/shared';
import ipaddr from 'ipaddr.js';
import type { Clock } from './clock.ts';
import { programName } from './program-name.ts';

/** What `struct ss_connection` and its parts decode to; bpf/sidestep.h describes the fields. */
export interface ConnectionRecord {
  readonly id: bigint;
  readonly opened: bigint;
  readonly end: readonly [EndRecord, EndRecord];
  readonly direction: readonly [DirectionRecord, DirectionRecord];
  readonly state: number;
  readonly reason: number;
  readonly closed: number;
}

export interface EndRecord {
  readonly cookie: bigint;
  readonly netns: bigint;
  readonly cgroup: bigint;
  readonly address: Buffer;
  readonly comm: string;
  readonly pid: number;
  readonly port: number;
}

export interface DirectionRecord {
  readonly bypass_messages: bigint;
  readonly bypass_bytes: bigint;
  readonly stack_messages: bigint;
  readonly stack_bytes: bigint;
}

/** Turns kernel records into connections. The states in which messages still take the bypass come from the object's BTF. */
export class RecordReader {
  readonly #bypassing: ReadonlySet<number>;
  readonly #clock: Clock;

  constructor(layouts: BtfLayouts, clock: Clock) {
    const states = layouts.enum('ss_state');
    const bypassing = ['SS_STATE_BYPASS', 'SS_STATE_LEAVING', 'SS_STATE_GATE'].map((name) =>
      states.get(name),
    );
    this.#bypassing = new Set(bypassing.filter((state) => state !== undefined));
    this.#clock = clock;
  }

  /** `reason` is the one to show where the record's own does not matter any more. */
  connection(record: ConnectionRecord, closedAt: string | null = null): Connection {
    const bypassing = closedAt === null && this.#bypassing.has(record.state);
    const [clientToServer, serverToClient] = record.direction;
    return {
      id: String(record.id),
      open: closedAt === null,
      openedAt: this.#clock.iso(record.opened),
      closedAt,
      client: endOf(record.end[0]),
      server: endOf(record.end[1]),
      clientToServer: directionOf(clientToServer, bypassing, record.reason),
      serverToClient: directionOf(serverToClient, bypassing, record.reason),
    };
  }
}

export function endOf(record: EndRecord): End {
  return {
    address: addressOf(record.address),
    port: record.port,
    netns: String(record.netns),
    cgroup: String(record.cgroup),
    pid: record.pid,
    comm: programName(record),
  };
}

function directionOf(record: DirectionRecord, bypassing: boolean, reason: number): Direction {
  const messages = { bypass: Number(record.bypass_messages), stack: Number(record.stack_messages) };
  return {
    path: bypassing ? 'bypass' : 'stack',
    reason: bypassing ? null : (reasonFromCode(reason) ?? 'closing'),
    bytes: { bypass: Number(record.bypass_bytes), stack: Number(record.stack_bytes) },
    messages,
    rate: { bytes: 0, messages: 0 },
  };
}

/** IPv4 comes v4-mapped and is shown as IPv4. */
function addressOf(bytes: Buffer): string {
  const address = ipaddr.fromByteArray([...bytes]).toString();
  if (!address.startsWith('::ffff:')) return address;
  const v4 = bytes.subarray(12).join('.');
  return isIPv4(v4) ? v4 : address;
}
