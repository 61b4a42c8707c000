import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshPinDir } from '../../server/test/support/daemon.ts';
import { temporaryFolder } from '../../server/test/support/folder.ts';
import { spawnDaemon } from '../../server/test/support/process.ts';
import { until } from '../../server/test/support/until.ts';
import { sidestep, start } from './support/sidestep.ts';

const STOPPED =
  'The daemon has stopped. This goes on when it is back (sudo ./sidestep up); Ctrl-C ends it.\n';

/** Daemons that come one after the other on one state folder, each in a process that can be killed. */
function succession() {
  const folder = temporaryFolder();
  const stateDir = join(folder.path, 'state');
  const args = ['--state-dir', stateDir, '--listen', '127.0.0.1:0', '--pin-dir', freshPinDir()];
  return {
    stateDir,
    next: async () => {
      const daemon = spawnDaemon(args);
      await daemon.ready();
      return {
        end: async (signal: NodeJS.Signals) => {
          daemon.child.kill(signal);
          await daemon.ended;
        },
        [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
      };
    },
    /** Makes two events. */
    switchOnAndOff: async () => {
      for (const verb of ['enable', 'disable'])
        expect(await sidestep(verb, '--state-dir', stateDir)).toMatchObject({ status: 0 });
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test('events --follow waits for a daemon that was killed, goes on with the next, and says what it missed', async () => {
  using daemons = succession();
  const { stateDir, next, switchOnAndOff } = daemons;
  await using first = await next();
  await switchOnAndOff();
  await using following = start('events', '--follow', '--json', '--state-dir', stateDir);
  const numbers = () => [...following.out().matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
  const untilSaid = (words: string) => until(() => following.err() === words);
  await until(() => numbers().length === 2);

  // What the second daemon reports nobody is there to hear.
  following.child.kill('SIGSTOP');
  await first.end('SIGKILL');
  await using second = await next();
  await switchOnAndOff();
  await second.end('SIGKILL');
  following.child.kill('SIGCONT');
  await untilSaid(STOPPED);
  await using third = await next();
  await untilSaid(`${STOPPED}The daemon is back. 2 events are missing here.\n`);
  await switchOnAndOff();
  await until(() => numbers().length === 4);

  const before = following.err();
  await third.end('SIGTERM');
  await untilSaid(before + STOPPED);
  await using fourth = await next();
  await untilSaid(`${before}${STOPPED}The daemon is back. No event is missing.\n`);
  await switchOnAndOff();
  await until(() => numbers().length === 6);
  expect(numbers()).toEqual([1, 2, 5, 6, 7, 8]);

  await fourth.end('SIGKILL');
  await untilSaid(`${before}${STOPPED}The daemon is back. No event is missing.\n${STOPPED}`);
  following.child.kill('SIGINT');
  expect((await following.ended).status).toBe(0);
});

test('trace --follow does the same, and says that the next daemon has the lines off', async () => {
  using daemons = succession();
  await using first = await daemons.next();
  const { stateDir } = daemons;
  await using following = start('trace', '--follow', '--state-dir', stateDir);
  const off = 'Trace lines are off. Switch them on with ./sidestep trace on.\n';
  await until(() => following.err() === off);
  await first.end('SIGKILL');
  await until(() => following.err() === off + STOPPED);
  await using _second = await daemons.next();
  await until(() => following.err() === `${off}${STOPPED}${off}The daemon is back. No line is missing.\n`);
  following.child.kill('SIGINT');
  expect((await following.ended).status).toBe(0);
});

test('a daemon that never was there is not waited for', async () => {
  expect(await sidestep('events', '--follow', '--state-dir', '/nonexistent')).toMatchObject({
    status: 1,
    err: expect.stringContaining('The daemon is not running'),
  });
});
