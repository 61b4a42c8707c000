import { accelerationStateSchema, type Status } from '@sidestep/shared';

/** The state of the daemon as Prometheus text. `buffered` is what waits for slow browsers, in bytes. */
export function metricsText(status: Status, memory: NodeJS.MemoryUsage, buffered: number): string {
  const byPath = ({ bypass, stack }: { bypass: number; stack: number }) => [
    ['{path="bypass"}', bypass] as const,
    ['{path="stack"}', stack] as const,
  ];
  return [
    metric(
      'sidestep_state',
      'gauge',
      'Whether acceleration is in the state.',
      accelerationStateSchema.options.map(
        (state) => [`{state="${state}"}`, state === status.state ? 1 : 0] as const,
      ),
    ),
    metric('sidestep_bytes_total', 'counter', 'Payload bytes by path since enabling.', byPath(status.bytes)),
    metric('sidestep_messages_total', 'counter', 'Messages by path since enabling.', byPath(status.messages)),
    metric('sidestep_connections', 'gauge', 'Open local connections by path.', [
      ['{path="bypass"}', status.connections.bypassing],
      ['{path="stack"}', status.connections.open - status.connections.bypassing],
    ]),
    metric('sidestep_events_received_total', 'counter', 'Events from the kernel since enabling.', [
      ['', status.events.received],
    ]),
    metric('sidestep_events_lost_total', 'counter', 'Events that the kernel had no room for.', [
      ['', status.events.lost],
    ]),
    metric('sidestep_connections_untracked_total', 'counter', 'Connections that found the table full.', [
      ['', status.untracked],
    ]),
    metric('sidestep_connections_left_out_total', 'counter', 'Connections that came in a crowd.', [
      ['', status.leftOut],
    ]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory of the daemon.', [['', memory.rss]]),
    metric('sidestep_heap_used_bytes', 'gauge', 'JavaScript heap in use.', [['', memory.heapUsed]]),
    metric('sidestep_clients_buffered_bytes', 'gauge', 'Bytes that wait for browsers that read slowly.', [
      ['', buffered],
    ]),
  ].join('');
}

function metric(
  name: string,
  type: string,
  help: string,
  samples: readonly (readonly [string, number])[],
): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
