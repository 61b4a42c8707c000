import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

/** As over plain TCP, where its kernel hears of room after each 64 KiB, once a second here. */
test.for([65_536, 4096])(
  'a sender with TCP_USER_TIMEOUT is not reset for a reader that is slow and never stops, in sends of %i B',
  async (send) => {
    await using scene = await acceleratedScene('timeout');
    await using trickle = new Traffic('trickle', { send }, { cgroup: scene.cgroup.path });
    await scene.daemon.untilBypassing(await trickle.port());
    trickle.process.kill('SIGUSR1');
    const result = await trickle.result();
    expect(result).toMatchObject({ received: result.sent, wrong: 0, error: '' });
  },
);
