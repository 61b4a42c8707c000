import { alternating } from './alternating.ts';
import type { Cell } from './cell.ts';
import { idleDaemon } from './idle-daemon.ts';
import { pipelines } from './pipelines.ts';
import { pgbench } from './programs/pgbench.ts';
import { redisBenchmark } from './programs/redis-benchmark.ts';
import { wrk } from './programs/wrk.ts';
import { requestResponse } from './request-response.ts';
import { sharedSockets } from './shared-sockets.ts';
import { shortConnections } from './short-connections.ts';
import { streams } from './streams.ts';
import { twoWayStreams } from './two-way-streams.ts';
import { uncoveredPeer } from './uncovered-peer.ts';

/** In the order in which they are measured and shown. */
export const CELLS: readonly Cell[] = [
  requestResponse,
  streams,
  alternating,
  twoWayStreams,
  pipelines,
  sharedSockets,
  shortConnections,
  uncoveredPeer,
  redisBenchmark,
  pgbench,
  wrk,
  idleDaemon,
];
