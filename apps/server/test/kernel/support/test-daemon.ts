import { Daemon, Process, until } from '@sidestep/bench';
import type { Connection, ConnectionView, Settings } from '@sidestep/shared';
import { type Client, connectClient } from './client.ts';

/** A daemon with a client to it. */
export class TestDaemon extends Daemon {
  #client: Client | null = null;

  get api(): Client['api'] {
    this.#client ??= connectClient(this.socketPath);
    return this.#client.api;
  }

  override async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    this.#client = null;
    await super.stop(signal);
  }

  async enable(settings: Partial<Settings> = {}): Promise<void> {
    await this.api.settings.update.mutate(settings);
    await this.api.acceleration.enable.mutate();
  }

  override async disable(): Promise<void> {
    await this.api.acceleration.disable.mutate();
  }

  /** A verb of the command line, which may end with any status. */
  async verb(verb: string, ...args: string[]) {
    await using process = new Process(this.commandLine(verb, ...args), this.where);
    const status = await process.status();
    return { status, lines: process.lines, errors: process.errors };
  }

  async connections(view: Partial<ConnectionView> = {}): Promise<Connection[]> {
    const page = await this.api.connections.list.query({ limit: 1000, ...view });
    return page.rows;
  }

  /** The open connections to the port, as soon as there are `count` of them that pass the test. */
  async untilConnected(
    port: number,
    what: string,
    test: (connection: Connection) => boolean,
    count = 1,
  ): Promise<Connection[]> {
    let seen: Connection[] = [];
    try {
      return await until(`${count} connections to port ${port} are ${what}`, async () => {
        seen = (await this.connections({ port })).filter(({ server }) => server.port === port);
        const passing = seen.filter(test);
        return passing.length >= count && passing;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message} There are: ${JSON.stringify(seen, null, 1)}`, {
        cause: error,
      });
    }
  }

  untilBypassing(port: number, count = 1): Promise<Connection[]> {
    return this.untilConnected(port, 'on the bypass', onBypass, count);
  }
}

/** In both directions. */
export function onBypass({ clientToServer, serverToClient }: Connection): boolean {
  return clientToServer.path === 'bypass' && serverToClient.path === 'bypass';
}

/** No byte of it ever left the stack. */
export function neverBypassed({ clientToServer, serverToClient }: Connection): boolean {
  return clientToServer.bytes.bypass + serverToClient.bytes.bypass === 0;
}
