import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cgroup } from '../sandbox/cgroup.ts';
import { freePort } from '../sandbox/free-port.ts';
import { until } from '../sandbox/until.ts';

export interface Redis extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** What redis-cli says to a command. */
  cli(...words: string[]): Promise<string>;
}

/** An empty server on a port of 127.0.0.1 only, that keeps everything in memory. */
export async function startRedis(cgroup: Cgroup): Promise<Redis> {
  const dir = mkdtempSync(join(tmpdir(), 'sidestep-redis-'));
  const port = await freePort();
  const settings = { bind: '127.0.0.1', port: String(port), save: '', appendonly: 'no', dir };
  const server = cgroup.start([
    'redis-server',
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
  ]);
  const cli = (...words: string[]) => cgroup.run(['redis-cli', '-p', String(port), ...words]);
  await until('redis answers', async () => (await cli('PING')) === 'PONG');
  return {
    pid: server.pid,
    port,
    cli,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true });
    },
  };
}
