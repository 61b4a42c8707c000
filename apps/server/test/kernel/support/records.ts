import { join } from 'node:path';
import { until } from '@sidestep/bench';
import { BpfMap, BtfLayouts } from '@sidestep/libbpf';
import type { TestDaemon } from './test-daemon.ts';

const AT_ONCE = 64;

interface EndRecord {
  readonly port: number;
  readonly netns: bigint;
  readonly executable: { readonly device: bigint; readonly inode: bigint };
}

/** Rates are in bytes a millisecond, 0 as long as none was measured: on the stack, and on the bypass since it last joined; and there when it was first held against the stack's. */
interface DirectionRecord {
  readonly bypass_messages: bigint;
  readonly bypass_bytes: bigint;
  readonly stack_rate: number;
  readonly bypass_rate: number;
  readonly tried_rate: number;
}

/** Of `struct ss_connection` in bpf/sidestep.h, what the daemon does not tell. */
export interface ConnectionRecord {
  readonly id: bigint;
  readonly state: number;
  /** Whether it is known for certain who uses each end: 0 or 1. */
  readonly exact: Uint8Array;
  readonly end: readonly [EndRecord, EndRecord];
  /** Mask of ends whose transmit hook is on. */
  readonly armed: number;
  readonly dozing: number;
  /** What each end sends. */
  readonly direction: readonly [DirectionRecord, DirectionRecord];
  /** Changes of direction that were seen on the stack. */
  readonly turns: number;
  /** A stream tries the bypass, or is to: not 0. */
  readonly trial: number;
  /** CLOCK_MONOTONIC, ns: since when it would join, but for not knowing who uses it; 0: it would not. */
  readonly users_awaited: bigint;
  /** Not 0 when it has waited for that in vain. */
  readonly users_missed: number;
  /** How often in a row a stream tried the bypass in vain. */
  readonly trials: number;
  /** CLOCK_MONOTONIC, ns: when it last joined. */
  readonly joined_at: bigint;
  /** CLOCK_MONOTONIC, ns: from when on a stream that left the bypass may try it again. */
  readonly next_trial: bigint;
}

/** Of the open connections to a port, as the kernel has them; the daemon need not run. */
export function recordsOf({ pinDir }: TestDaemon, port: number): ConnectionRecord[] {
  using connections = BpfMap.openPinned(join(pinDir, 'map_connections'));
  const decode = BtfLayouts.fromMap(connections).decoder<ConnectionRecord>('ss_connection');
  const found: ConnectionRecord[] = [];
  for (const { values, count } of connections.parts(AT_ONCE)) {
    const size = values.length / count;
    // Bytes of a record are not copied when it is decoded, and the next part comes to the same place.
    const own = Buffer.from(values);
    for (let row = 0; row < count; row++) {
      const record = decode(own, row * size);
      if (record.id !== 0n && record.end[1].port === port) found.push(record);
    }
  }
  return found;
}

/** The two programs that are connected through a port, as a key of the kernel's maps: `struct ss_pair`. */
export function pairOf(daemon: TestDaemon, port: number): Buffer {
  const [record] = recordsOf(daemon, port);
  if (!record) throw new Error(`Nobody is connected with port ${port}.`);
  const [client, server] = record.end;
  using connections = BpfMap.openPinned(join(daemon.pinDir, 'map_connections'));
  return BtfLayouts.fromMap(connections).encoder('ss_pair')({
    client: { ...client.executable },
    server: { ...server.executable },
    netns: server.netns,
    port,
  });
}

/** Until no hook costs the open connections to a port anything. */
export async function untilUnwatched(daemon: TestDaemon, port: number): Promise<void> {
  await until('no hook costs them anything', () => {
    const records = recordsOf(daemon, port);
    return records.length > 0 && records.every(({ armed, dozing }) => armed === 0 && dozing === 1);
  });
}
