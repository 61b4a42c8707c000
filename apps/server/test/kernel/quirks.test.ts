import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { plainOutcome } from './support/quirks.ts';
import { recordsOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { threadsAsleepIn } from './support/threads.ts';

test.for(['send-after-shutdown', 'peer-shut-down', 'use-again', 'more-to-come'])(
  '%s answers on the bypass what it answers on the stack',
  async (name) => {
    await using scene = await acceleratedScene('quirks');
    await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
    await scene.daemon.untilBypassing(await quirks.port());
    quirks.process.kill('SIGUSR1');
    expect((await quirks.result()).outcome).toBe(await plainOutcome(name));
  },
);

/** The sender stands still in the middle of its call, for as long as it likes, while its peer's socket gets another connection. */
test('what is sent on a connection is never read on the next one of its socket', async () => {
  const name = 'use-again-in-mid-send';
  await using scene = await acceleratedScene('quirks');
  await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
  const first = await quirks.port();
  await scene.daemon.untilBypassing(first);
  quirks.process.kill('SIGUSR1');
  await until('the second connection has had time to join', async () => {
    const open = await scene.daemon.connections();
    return open.some(
      ({ server, clientToServer: { messages } }) =>
        server.port !== first && messages.stack + messages.bypass > 200,
    );
  });
  quirks.process.kill('SIGUSR1');
  expect((await quirks.result()).outcome).toBe(await plainOutcome(name));
});

/** The programs in the kernel cannot see that a byte is urgent, and the kernel reads the first one in its place. */
test('an urgent byte arrives among the others', async () => {
  expect(await plainOutcome('urgent-byte')).toContain('is urgent 1');
  await using scene = await acceleratedScene('quirks');
  await using quirks = new Traffic('quirks', { case: 'urgent-byte' }, { cgroup: scene.cgroup.path });
  await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  expect((await quirks.result()).outcome).toContain('recv urgent 1, is urgent 0');
});

/** The kernel lets go of the sender's socket before the message is in the other queue, where the reader's end is seen first. */
test('an end overtakes what another thread is still sending', async () => {
  const name = 'shut-down-in-mid-send';
  expect(await plainOutcome(name)).toBe(
    'send 7, shutdown 0, recv 7, send 7, recv 7, last recv 0, received 0',
  );
  await using scene = await acceleratedScene('quirks');
  await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
  await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  expect((await quirks.result()).outcome).toBe(
    'send 7, shutdown 0, recv 7, send 7, recv 0, last recv 0, received 7',
  );
});

/** If the second were given to TCP, a reader might find it, and all that follows, before the first. */
test.for(['full-in-mid-send', 'full-in-mid-stream'])(
  '%s: TCP takes over when no other thread’s message is under way to the reader’s queue',
  async (name) => {
    await using scene = await acceleratedScene('quirks');
    await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
    await scene.daemon.untilBypassing(await quirks.port());
    quirks.process.kill('SIGUSR1');
    expect((await quirks.result()).outcome).toBe(
      'first waits 1, second waits 1, send 7, send 200000, by TCP 0, then by TCP 1, in order 1',
    );
  },
);

/** The kernel would keep the verdict's answer, after a write of which TCP has taken a part, for the next one. */
test('a stream in writes that are larger than what has room is back on the bypass when its reader has caught up', async () => {
  await using scene = await acceleratedScene('quirks');
  await using quirks = new Traffic('quirks', { case: 'full-again-and-again' }, { cgroup: scene.cgroup.path });
  await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  const eachTime = 'by TCP 1, redirected 1';
  expect((await quirks.result()).outcome).toBe(Array.from({ length: 4 }, () => eachTime).join(', '));
});

/** A close with redirected bytes unread sends FIN, where TCP sends RST: the sender learns one send later. */
test('sends to a peer that has closed fail', async () => {
  await using scene = await acceleratedScene('quirks');
  await using quirks = new Traffic('quirks', { case: 'peer-closed' }, { cgroup: scene.cgroup.path });
  await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  expect((await quirks.result()).outcome).toMatch(
    /^send 4, close 0, send (4|ECONNRESET|EPIPE), send EPIPE, send EPIPE, recv /,
  );
});

test('a program that splices from its sockets stays on the stack, and says why', async () => {
  await using scene = await acceleratedScene('splicer');
  await using splicer = new Traffic('splicer', { turns: 1_000_000 }, { cgroup: scene.cgroup.path });
  const [connection] = await scene.daemon.untilConnected(
    await splicer.port(),
    'kept on the stack as a splicing reader',
    ({ clientToServer }) => clientToServer.reason === 'splicing reader',
  );
  splicer.stop();
  const { turns, wrong } = await splicer.result();
  expect({ wrong, some: turns > 10 }).toEqual({ wrong: 0, some: true });
  expect(connection?.clientToServer.bytes.bypass).toBe(0);
  expect(connection?.serverToClient.bytes.bypass).toBe(0);
});

/** Its first call began when the socket was a plain one, and ends when it has joined. True where TCP then kept its message back until the next one. */
async function sendAfterWaiting({ daemon, cgroup }: Scene): Promise<{ outcome: string; left: boolean }> {
  // Nobody joins meanwhile.
  daemon.process.kill('SIGSTOP');
  await using quirks = new Traffic('quirks', { case: 'send-after-waiting' }, { cgroup: cgroup.path });
  const port = await quirks.port();
  await until('it has shown turns enough', () => recordsOf(daemon, port).some(({ turns }) => turns > 50));
  quirks.process.kill('SIGUSR1');
  await until('a thread waits for the lock', () => threadsAsleepIn(quirks.pid, '__lock_sock') === 1);
  daemon.process.kill('SIGCONT');
  const [connection] = await daemon.untilBypassing(port);
  quirks.process.kill('SIGUSR1');
  const left = await until(
    'it has left',
    async () => {
      const list = await daemon.api.events.list.query({ kinds: ['left'], connection: connection?.id });
      return list.events.some(({ reason }) => reason === 'bytes on the stack');
    },
    { deadline: 5000 },
  ).catch(() => false);
  quirks.process.kill('SIGUSR1');
  return { outcome: (await quirks.result()).outcome, left };
}

test('what a thread sends is not read before what it sent when it had waited for the lock', async () => {
  await using scene = await acceleratedScene('quirks');
  const plain = await plainOutcome('send-after-waiting');
  // Where what was read is acknowledged in time TCP keeps nothing back, and it was no trial.
  for (let attempt = 1, left = false; !left; attempt++) {
    expect(attempt).toBeLessThanOrEqual(10);
    const run = await sendAfterWaiting(scene);
    expect(run.outcome).toBe(plain);
    left = run.left;
  }
});
