import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cgroup } from '../sandbox/cgroup.ts';
import { freePort } from '../sandbox/free-port.ts';
import type { Process } from '../sandbox/process.ts';
import { until } from '../sandbox/until.ts';

export interface Nginx extends AsyncDisposable {
  readonly port: number;
  /** The process that talks to clients; the one that was started only watches it. */
  readonly workerPid: number;
}

/** nginx with one worker and one server, which is described by what goes between its braces, and by what goes before it. */
export async function startNginx(cgroup: Cgroup, server: string, before = ''): Promise<Nginx> {
  const dir = mkdtempSync(join(tmpdir(), 'sidestep-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${dir}/${kind};`)
    .join('\n');
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off;
    user root;
    worker_processes 1;
    pid ${dir}/pid;
    events {}
    http {
      ${temporary}
      access_log off;
      client_max_body_size 8m;
      ${before}
      server {
        listen 127.0.0.1:${port};
        ${server}
      }
    }`,
  );
  const nginx = cgroup.start(['nginx', '-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr']);
  const workerPid = await until('nginx has a worker', () => {
    if (!nginx.running) throw new Error(nginx.errors);
    return onlyChild(nginx);
  });
  return {
    port,
    workerPid,
    [Symbol.asyncDispose]: async () => {
      nginx.kill('SIGTERM');
      await nginx.status();
      rmSync(dir, { recursive: true });
    },
  };
}

function onlyChild({ pid }: Process): number | null {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()) || null;
}
