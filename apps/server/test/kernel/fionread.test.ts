import { Traffic, until } from '@sidestep/bench';
import { describe, expect, test } from 'vitest';
import { fionreadCountsRedirected } from './support/kernel-facts.ts';
import { acceleratedScene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

/** What is right depends on the kernel, and on each there is something to show. */
const [whatItDoes, tests] = fionreadCountsRedirected()
  ? (['counts redirected bytes', whereTheyCount] as const)
  : (['leaves redirected bytes out', whereTheyDoNot] as const);
describe(`on this kernel, whose FIONREAD ${whatItDoes}`, tests);

function whereTheyCount(): void {
  /**
   * Messages above the cap go by TCP to a socket that is still enrolled, and several kernels hide them from FIONREAD. A reader
   * that believes it sleeps with the rest of its message unread, unless somebody wakes it.
   */
  test.for([
    { where: 'here', hidden: false },
    // No iterator over TCP sockets comes there: it is the daemon that wakes the reader.
    { where: 'in a namespace that nobody can enter', hidden: true },
  ])(
    'a reader that believes FIONREAD gets every message, also those above the cap, $where',
    async ({ hidden }) => {
      await using scene = await acceleratedScene('fionread', { queueCap: 65_536 });
      await using asker = new Traffic(
        'asker',
        // Small ones enough to join between two large ones, also where visits come late.
        { large: 1_500_000, rounds: 30, turns: 100, hidden },
        { cgroup: scene.cgroup.path },
      );
      const result = await asker.result();
      expect(result).toMatchObject({ wrong: 0, answered: result.messages, error: '' });
      expect(result.received).toBe(result.sent);

      await until('it has left the bypass with its queue full', async () => {
        const left = await scene.daemon.api.events.list.query({ kinds: ['left'], limit: 100 });
        return left.events.some(({ reason }) => reason === 'queue full');
      });
    },
  );

  /** As with Java's available(): nothing but FIONREAD tells it that there is something to read. */
  test('a reader that reads only what FIONREAD told it gets every message, large ones too', async () => {
    await using scene = await acceleratedScene('available');
    await using asker = new Traffic(
      'asker',
      { available: true, large: 1_048_576, rounds: 30 },
      { cgroup: scene.cgroup.path },
    );
    await scene.daemon.untilBypassing(await asker.port());
    const result = await asker.result();
    expect(result).toMatchObject({ wrong: 0, answered: result.messages, received: result.sent, error: '' });
  });
}

/** It would be told 0 while redirected bytes wait. */
function whereTheyDoNot(): void {
  test.for([false, true])(
    'a reader that asks stays on the stack and gets every message, asking first: %s',
    async (available) => {
      await using scene = await acceleratedScene('asks');
      await using asker = new Traffic(
        'asker',
        { available, large: 1_048_576, rounds: 30 },
        { cgroup: scene.cgroup.path },
      );
      const port = await asker.port();
      const [connection] = await scene.daemon.untilConnected(
        port,
        'kept on the stack for asking',
        ({ clientToServer }) => clientToServer.reason === 'asking reader',
      );
      const result = await asker.result();
      expect(result).toMatchObject({ wrong: 0, answered: result.messages, received: result.sent, error: '' });
      const [closed] = await scene.daemon.connections({ id: connection?.id, includeClosed: true });
      expect(closed).toSatisfy(neverBypassed);
    },
  );
}
