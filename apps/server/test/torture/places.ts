import type { TrafficOptions } from '@sidestep/bench';
import { link, Netns } from '../kernel/support/netns.ts';

/** Where the two ends of connections are, and how they reach each other. */
export interface Place {
  readonly name: string;
  /** Of the traffic program: its namespaces, and its addresses for a port. */
  options(port: number): TrafficOptions;
}

/** What the programs of a group do besides talking; known of a process, so each habit has processes of its own. */
export const HABITS = ['steady', 'ask', 'splice', 'kill'] as const;
export type Habit = (typeof HABITS)[number];

/** Of the servers, one for each group. */
export const PORTS: readonly number[] = Array.from({ length: 20 }, (_, i) => 9000 + i);

/** Added to a port, it is the one that clients use where the port is redirected. */
const REDIRECTED = 1000;
/** Enough for the connections of a run, those in TIME_WAIT included. */
const CLIENT_PORTS = '12000 64000';

/** Namespaces of their own, of which `opened` disposes. */
export async function openPlaces(opened: AsyncDisposableStack): Promise<Record<string, Place>> {
  const [home, near, far, nat] = [await create(), await create(), await create(), await create()];
  await link(near, '10.75.0.1/24', far, '10.75.0.2/24');
  await link(near, 'fd75::1/64', far, 'fd75::2/64');
  const rules = PORTS.map((port) => `tcp dport ${port + REDIRECTED} redirect to :${port}`);
  await nat.nftables(`table ip nat {
    chain output { type nat hook output priority -100
      ${rules.join('\n')}
    }
  }`);

  async function create(): Promise<Netns> {
    const netns = opened.use(await Netns.create());
    await netns.sysctl('net.ipv4.ip_local_port_range', CLIENT_PORTS);
    return netns;
  }
  return {
    ipv4: place('IPv4 loopback', home, home, '127.0.0.1'),
    ipv6: place('IPv6 loopback', home, home, '[::1]'),
    mapped: place('IPv4 to an IPv6 socket', home, home, '[::]', '[::ffff:127.0.0.1]'),
    across4: place('IPv4 across namespaces', far, near, '10.75.0.1'),
    across6: place('IPv6 across namespaces', far, near, '[fd75::1]'),
    nat: place('IPv4 through a redirected port', nat, nat, '127.0.0.1', '127.0.0.1', REDIRECTED),
  };
}

function place(name: string, client: Netns, server: Netns, address: string, to = address, shift = 0): Place {
  return {
    name,
    options: (port) => ({
      address: `${address}:${port}`,
      to: `${to}:${port + shift}`,
      'client-netns': client.name,
      'server-netns': server.name,
    }),
  };
}
