import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Direction, Event } from '@sidestep/shared';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';

const PATIENCE_MS = 3000;
/** The daemon reads the connections once a second. */
const NEXT_SAMPLE_MS = 1100;

/** What the daemon knows of the connections with the client's port: its last ones, and what happened to them. */
export async function historyOf(daemon: TestDaemon, clientPort: number): Promise<string> {
  await sleep(NEXT_SAMPLE_MS);
  const unknown = new Promise<string>((resolve) => {
    setTimeout(resolve, PATIENCE_MS, '  The daemon did not answer.').unref();
  });
  return await Promise.race([asked(daemon, clientPort).catch(String), unknown]);
}

async function asked(daemon: TestDaemon, clientPort: number): Promise<string> {
  const { state } = await daemon.api.acceleration.status.query();
  const connections = (await daemon.connections({ port: clientPort, includeClosed: true })).filter(
    ({ client }) => client.port === clientPort,
  );
  const lines = [
    `  Acceleration is ${state}; the daemon knows ${connections.length} connections from this port.`,
  ];
  for (const connection of connections) {
    const { events } = await daemon.api.events.list.query({ connection: connection.id, limit: 100 });
    lines.push(...linesOf(connection), ...events.map(lineOf));
  }
  return lines.join('\n');
}

function linesOf({ id, open, client, server, clientToServer, serverToClient }: Connection): string[] {
  return [
    `  connection ${id}, ${open ? 'open' : 'closed'}, ${client.comm} ${client.pid} to ${server.comm} ${server.pid}`,
    `    client to server: ${directionOf(clientToServer)}`,
    `    server to client: ${directionOf(serverToClient)}`,
  ];
}

function directionOf({ path, reason, bytes, messages }: Direction): string {
  return `${path}${reason ? ` (${reason})` : ''}, bypass ${bytes.bypass} B in ${messages.bypass}, stack ${bytes.stack} B in ${messages.stack}`;
}

function lineOf({ at, kind, reason }: Event): string {
  return `    ${at} ${kind}${reason ? ` (${reason})` : ''}`;
}
