import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const LIMIT = 393_216;
const RECEIVE_BUFFER = 200_000;

/** A memory cgroup whose sockets get so many bytes. Disposing removes it. */
function limitedMemory(name: string, bytes: number) {
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type, options]) => type === 'cgroup' && options?.split(',').includes('memory'));
  if (!mount?.[1])
    throw new Error('No memory cgroups (v1) are mounted, which this test needs to limit one kind of memory.');
  const path = join(mount[1], `sidestep-${name}-${process.pid}`);
  mkdirSync(path);
  writeFileSync(join(path, 'memory.kmem.tcp.limit_in_bytes'), String(bytes));
  return {
    path,
    refusals: () => Number(readFileSync(join(path, 'memory.kmem.tcp.failcnt'), 'utf8')),
    async [Symbol.asyncDispose]() {
      await until(`${path} can be removed`, () => {
        rmdirSync(path);
        return true;
      });
    },
  };
}

test.for([
  { sends: '64', blocking: false },
  { sends: '16384', blocking: false },
  { sends: '1-300000', blocking: false },
  { sends: '16384', blocking: true },
])(
  'a sender waits for a reader whose memory is short, and is told of no error: %j',
  async ({ sends, blocking }) => {
    await using memory = limitedMemory('short', LIMIT);
    await using scene = await acceleratedScene('short-of-memory', { allowBlockingReaders: blocking });
    await using stall = new Traffic(
      'stall',
      { 'warm-ms': 0, 'receive-buffer': RECEIVE_BUFFER, send: sends, blocking },
      { cgroup: scene.cgroup.path, cgroupV1: memory.path },
    );
    await scene.daemon.untilBypassing(await stall.port());
    stall.process.kill('SIGUSR1');

    const result = await stall.result();
    // More would have been let in, had there been no limit.
    expect(result.accepted).toBeLessThan(2 * 2 * RECEIVE_BUFFER);
    expect(result).toMatchObject({ heldUp: true, received: result.sent, wrong: 0, errors: 0, error: '' });
  },
);
