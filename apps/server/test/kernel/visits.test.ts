import { join } from 'node:path';
import { Traffic } from '@sidestep/bench';
import { checkUpSchema } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { VISITS } from '../../src/dataplane/ways.ts';
import { copySockets } from './support/copies.ts';
import { openScene, type Scene } from './support/scene.ts';
import { CONNECTIONS, SIZE, stoppedReader } from './support/stopped-reader.ts';

const MAIN = join(import.meta.dirname, 'support/main-of-way.ts');
const EXCHANGES = 5;

/** Whether this kernel takes iterators over what is in a map, as the check-up has found. */
async function takesStorage({ daemon }: Scene): Promise<boolean> {
  const { lines } = await daemon.verb('doctor', '--json');
  const { checks } = checkUpSchema.parse(JSON.parse(lines.join('\n')));
  return checks.find(({ id }) => id === 'storage-iterators')?.outcome === 'fine';
}

test.for(VISITS)(
  'connections join, are counted, named and leave when sockets are visited %s',
  async (way) => {
    await using scene = await openScene('visits', [], null, async (daemon) => {
      daemon.main = [MAIN, JSON.stringify({ visit: way })];
    });
    const { daemon, cgroup } = scene;
    if (way === 'by storage' && !(await takesStorage(scene))) {
      await expect(daemon.enable()).rejects.toThrow('EPERM');
      return;
    }
    await daemon.enable();
    await using programs = new AsyncDisposableStack();
    const exchange = programs.use(
      new Traffic(
        'exchange',
        { connections: EXCHANGES, request: '1-4000', answer: '1-4000', 'pause-ms': 5, seconds: 600 },
        { cgroup: cgroup.path },
      ),
    );
    const port = await exchange.port();
    {
      // A socket that is open several times is one socket. Not for long: what is closed is not, as long as there is a copy.
      using copies = copySockets(exchange.pid);
      expect(copies.count).toBeGreaterThan(0);
      const connections = await daemon.untilBypassing(port, EXCHANGES);
      for (const { clientToServer, serverToClient } of connections) {
        expect(clientToServer.messages.stack).toBeGreaterThan(0);
        expect(serverToClient.messages.stack).toBeGreaterThan(0);
      }
    }

    const { server, client } = await stoppedReader(scene, programs);
    {
      using _sender = copySockets(client.pid);
      using _reader = copySockets(server.pid);
      expect((await daemon.verb('disable', '--wait', '2s')).status).toBe(3);
      const { held } = await daemon.api.acceleration.status.query();
      expect(held?.connections).toBe(CONNECTIONS);
      for (const { ends } of held?.most ?? []) {
        expect(ends).toEqual([
          expect.objectContaining({ side: 'server', pid: server.pid, unread: SIZE }),
          expect.objectContaining({ side: 'client', pid: client.pid, unread: 0 }),
        ]);
      }
    }
    server.process.kill('SIGCONT');
    expect(await daemon.verb('disable')).toMatchObject({ status: 0 });

    for (const program of [exchange, client]) {
      program.stop();
      const result = await program.result();
      expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
    }
  },
);
