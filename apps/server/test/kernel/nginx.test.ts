import { fileURLToPath } from 'node:url';
import { type Cgroup, startNginx } from '@sidestep/bench';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { acceleratedScene } from './support/scene.ts';

const REQUESTS = 200;
const CONNECTIONS = 4;
const LATE_MS = 5000;
const bodySummarySchema = z.object({ right: z.number(), wrong: z.number(), slowestMs: z.number() });

function startNode(cgroup: Cgroup, program: string, ...args: unknown[]) {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  return cgroup.start([process.execPath, path, ...args.map(String)]);
}

const bypassedBytes = ({ clientToServer, serverToClient }: Connection) =>
  clientToServer.bytes.bypass + serverToClient.bytes.bypass;

test('nginx answers wrk on the bypass', async () => {
  await using scene = await acceleratedScene('nginx');
  const { cgroup, daemon } = scene;
  await using nginx = await startNginx(cgroup, 'location / { return 200 "This is what you asked for."; }');
  await using wrk = cgroup.start(['wrk', '-t1', '-c8', '-d8s', `http://127.0.0.1:${nginx.port}/`]);

  for (const connection of await daemon.untilBypassing(nginx.port, 8)) {
    expect(connection).toMatchObject({
      client: { address: '127.0.0.1', comm: 'wrk', pid: wrk.pid },
      server: { address: '127.0.0.1', comm: 'nginx', pid: nginx.workerPid },
    });
  }
  const report = await wrk.result();
  expect(report).toMatch(/\d+ requests in/);
  expect(report).not.toMatch(/Socket errors|Non-2xx/);
});

test.for([
  { buffering: 'on', way: 'whole' },
  { buffering: 'off', way: 'piece by piece' },
])('nginx passes bodies of 1 MiB on $way in both directions, and none is late', async ({ buffering }) => {
  await using scene = await acceleratedScene('proxy');
  const { cgroup, daemon } = scene;
  await using upstream = startNode(cgroup, 'body-server.ts');
  const { listening: upstreamPort } = JSON.parse(await upstream.firstLine());
  await using nginx = await startNginx(
    cgroup,
    `location / {
      proxy_pass http://upstream;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering ${buffering};
      proxy_buffering ${buffering};
    }`,
    `upstream upstream { server 127.0.0.1:${upstreamPort}; keepalive ${CONNECTIONS}; }`,
  );

  await using client = startNode(cgroup, 'body-client.ts', nginx.port, REQUESTS, CONNECTIONS);
  const summary = bodySummarySchema.parse(JSON.parse(await client.result()));
  expect(summary).toMatchObject({ right: REQUESTS, wrong: 0 });
  expect(summary.slowestMs).toBeLessThan(LATE_MS);

  const connections = await daemon.connections({ includeClosed: true });
  for (const port of [nginx.port, upstreamPort]) {
    const used = connections.filter(({ server }) => server.port === port);
    expect(used.length).toBeGreaterThan(0);
    expect(Math.max(...used.map(bypassedBytes))).toBeGreaterThan(0);
  }
});
