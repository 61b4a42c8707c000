import { run } from '@sidestep/bench';
import type { Group } from './group.ts';

/** What the kernel says of both ends of the connection with the client's port: queues, memory, windows, timers. */
export async function socketsOf({ place, port }: Group, clientPort: number): Promise<string> {
  const options = place.options(port);
  const namespaces = new Set([String(options['client-netns']), String(options['server-netns'])]);
  const said: string[] = [];
  for (const netns of namespaces) {
    const filter = `( sport = :${clientPort} or dport = :${clientPort} )`;
    said.push(await run(['ss', '-tinmoeH', filter], { netns }).catch(String));
  }
  return said.join('').trim().replace(/^/gm, '  ');
}
