import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { VISITS } from '../../src/dataplane/ways.ts';
import { copySockets } from './support/copies.ts';
import { sceneOfWays } from './support/scene-of-ways.ts';
import { CONNECTIONS, SIZE, stoppedReader } from './support/stopped-reader.ts';

const EXCHANGES = 5;

test.for(VISITS)(
  'connections join, are counted, named and leave when sockets are visited %s',
  async (way) => {
    await using scene = await sceneOfWays('visits', { visit: way });
    if (scene === null) return;
    const { daemon, cgroup } = scene;
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
