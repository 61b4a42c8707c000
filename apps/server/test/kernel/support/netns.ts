import { run } from '@sidestep/bench';

let made = 0;

/** A network namespace of its own, with loopback up. Disposing removes it, and with it its interfaces. */
export class Netns implements AsyncDisposable {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static async create(): Promise<Netns> {
    // Interface names end at 15 characters, and those of a veth pair are made from this.
    const netns = new Netns(`ss${process.pid}x${made++}`);
    await run(['ip', 'netns', 'add', netns.name]);
    await netns.run('ip', 'link', 'set', 'lo', 'up');
    return netns;
  }

  run(...command: string[]): Promise<string> {
    return run(command, { netns: this.name });
  }

  sysctl(name: string, value: string | number): Promise<string> {
    return this.run('sysctl', '-q', '-w', `${name}=${value}`);
  }

  /** Loads a rule set; without one, nftables has none here. */
  async nftables(rules: string): Promise<void> {
    await this.run('nft', rules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(['ip', 'netns', 'delete', this.name]);
  }
}

/** A cable between two namespaces; each end has the address (`10.1.0.1/24`) that it is given. */
export async function link(
  one: Netns,
  oneAddress: string,
  other: Netns,
  otherAddress: string,
): Promise<void> {
  const [a, b] = [`v${made++}${one.name}`.slice(0, 15), `v${made++}${other.name}`.slice(0, 15)];
  await one.run('ip', 'link', 'add', a, 'type', 'veth', 'peer', 'name', b, 'netns', other.name);
  for (const [netns, device, address] of [
    [one, a, oneAddress],
    [other, b, otherAddress],
  ] as const) {
    const nodad = address.includes(':') ? ['nodad'] : [];
    await netns.run('ip', 'address', 'add', address, 'dev', device, ...nodad);
    await netns.run('ip', 'link', 'set', device, 'up');
  }
}
