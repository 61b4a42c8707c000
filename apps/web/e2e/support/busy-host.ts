import type { Connection, Path, Reason } from '@sidestep/shared';
import { makeConnection } from './made-connections.ts';
import type { StandIn } from './stand-in.ts';

interface Talk {
  /** Name, pid. */
  client: [string, number];
  server: [string, number, port: number];
  count: number;
  path: Path;
  reason?: Reason;
  /** Messages per second and direction, and bytes per message there and back. */
  rate: number;
  size: [there: number, back: number];
  age: number;
}

/** Who talks with whom on a host as one meets it. */
const TALKS: Talk[] = [
  {
    client: ['redis-benchmark', 41_210],
    server: ['redis-server', 812, 6379],
    count: 50,
    path: 'bypass',
    rate: 2600,
    size: [46, 5],
    age: 74,
  },
  {
    client: ['node', 2214],
    server: ['redis-server', 812, 6379],
    count: 12,
    path: 'bypass',
    rate: 410,
    size: [120, 260],
    age: 7300,
  },
  {
    client: ['node', 2214],
    server: ['postgres', 945, 5432],
    count: 20,
    path: 'bypass',
    rate: 160,
    size: [340, 1900],
    age: 7260,
  },
  {
    client: ['nginx', 1033],
    server: ['node', 2214, 3000],
    count: 32,
    path: 'bypass',
    rate: 95,
    size: [620, 4100],
    age: 410,
  },
  {
    client: ['php-fpm8.2', 1730],
    server: ['postgres', 945, 5432],
    count: 14,
    path: 'stack',
    reason: 'blocking reader',
    rate: 12,
    size: [280, 900],
    age: 5100,
  },
  {
    client: ['pg_basebackup', 40_177],
    server: ['postgres', 945, 5432],
    count: 1,
    path: 'stack',
    reason: 'streaming',
    rate: 900,
    size: [20, 64_000],
    age: 132,
  },
  {
    client: ['curl', 41_377],
    server: ['nginx', 1033, 80],
    count: 5,
    path: 'stack',
    reason: 'warming up',
    rate: 1,
    size: [90, 1200],
    age: 1,
  },
  {
    client: ['prometheus', 1502],
    server: ['node_exporter', 1490, 9100],
    count: 2,
    path: 'stack',
    reason: 'not paired',
    rate: 0.2,
    size: [180, 42_000],
    age: 90_000,
  },
  {
    client: ['kafka-consumer', 2871],
    server: ['java', 2650, 9092],
    count: 3,
    path: 'stack',
    reason: 'zero-copy sender',
    rate: 60,
    size: [90, 16_000],
    age: 61_000,
  },
];

const POD = { client: '10.42.0.17', server: '10.42.0.23' };

/** Turns the stand-in into a busy host: connections that carry, open and close. Returns what stops it. */
export function makeBusy({ dataPlane, trace }: StandIn): () => void {
  const talking: [Connection, Talk][] = TALKS.flatMap((talk) =>
    Array.from({ length: talk.count }, (_, index): [Connection, Talk] => {
      const inPod = talk.server[0] === 'postgres' && index % 2 === 1;
      const connection = makeConnection({
        client: {
          comm: talk.client[0],
          pid: talk.client[1],
          ...(inPod && { address: POD.client, netns: '5' }),
        },
        server: {
          comm: talk.server[0],
          pid: talk.server[1],
          port: talk.server[2],
          ...(inPod && { address: POD.server, netns: '9' }),
        },
        path: talk.path,
        ...(talk.reason && { reason: talk.reason }),
        age: talk.age + index * 3,
      });
      // A reader that blocks keeps its own direction on the stack only.
      if (talk.reason === 'blocking reader') {
        connection.clientToServer.path = 'bypass';
        connection.clientToServer.reason = null;
        if (index > 4) Object.assign(connection.clientToServer, { path: 'stack', reason: talk.reason });
      }
      return [connection, talk];
    }),
  );
  dataPlane.open = talking.map(([connection]) => connection);

  let beat = 0;
  const timer = setInterval(() => {
    beat += 1;
    for (const [index, [connection, talk]] of talking.entries()) {
      const swing = 1 + 0.12 * Math.sin(beat / 17 + index) + 0.05 * Math.sin(beat / 3 + index * 7);
      carry(dataPlane, connection, (talk.rate * swing) / 4, talk.size);
    }
    if (beat % 8 === 0) comeAndGo(dataPlane, trace, beat / 8);
  }, 250);
  return () => clearInterval(timer);
}

type Plane = StandIn['dataPlane'];

function carry(
  plane: Plane,
  connection: Connection,
  messages: number,
  size: readonly [number, number],
): void {
  for (const [index, direction] of [connection.clientToServer, connection.serverToClient].entries()) {
    const count = Math.round(messages);
    const bytes = count * (size[index] ?? 0);
    direction.messages[direction.path] += count;
    direction.bytes[direction.path] += bytes;
    plane.messages[direction.path] += count;
    plane.bytes[direction.path] += bytes;
  }
}

/** A short life: opened, paired, on the bypass, gone. */
function comeAndGo(plane: Plane, trace: StandIn['trace'], turn: number): void {
  const connection = makeConnection({
    client: { comm: 'curl', pid: 41_400 + turn },
    server: { comm: 'nginx', pid: 1033, port: 80 },
  });
  carry(plane, connection, 3, [90, 1200]);
  plane.report('established', connection);
  plane.report('paired', connection);
  plane.report('bypassed', connection);
  const words = `${connection.client.address}:${connection.client.port} -> ${connection.server.address}:80`;
  const stamp = (performance.now() / 1000).toFixed(6);
  const line = (what: string) =>
    `            curl-${41_400 + turn} [00${turn % 2}] ....1 ${stamp}: bpf_trace_printk: sidestep: ${what} ${connection.id} ${words}`;
  if (trace.on) trace.write(line('established'), line('paired'), line('bypassed'));
  if (turn % 3 === 0) {
    plane.report('left', connection, 'streaming');
    if (trace.on) trace.write(line('left (streaming)'));
  }
  plane.report('closed', connection);
  if (trace.on) trace.write(line('closed'));
}
