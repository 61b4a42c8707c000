import { checkUpSchema } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { check } from '../../server/test/support/checks.ts';
import { startTestDaemon } from '../../server/test/support/daemon.ts';
import { sidestep, startUnder } from './support/sidestep.ts';

const fine = check({ id: 'pairing', title: 'Both ends recognise each other', seen: 'They did.' });
const hidden = check({
  id: 'fionread',
  title: 'FIONREAD counts what waits',
  outcome: 'worked round',
  essential: false,
  seen: 'It counted 0 of 1000 bytes.',
  means: 'Programs that believe it would wait.',
  does: 'Joins them in a quiet moment.',
});
const refused = check({ outcome: 'refused', seen: 'Message 3 came before 2.', log: 'the verifier’s words' });

describe('doctor', () => {
  test('asks the daemon to examine the kernel again, and shows each check', async () => {
    let times = 0;
    await using site = await startTestDaemon({
      examine: async () => {
        times++;
        return [fine, hidden];
      },
    });
    const { status, out, err } = await sidestep('doctor', '--state-dir', site.options.stateDir);
    expect([status, err, times]).toEqual([0, '', 2]);
    expect(out.replace(/^Linux \S+: 2 checks in \d+\.\d s\n/, '')).toBe(
      [
        '',
        'fine          Both ends recognise each other',
        '              They did.',
        'worked round  FIONREAD counts what waits',
        '              It counted 0 of 1000 bytes.',
        '              Programs that believe it would wait.',
        '              Joins them in a quiet moment.',
        '',
        'This kernel has all that the bypass needs. What is not fine says what Sidestep does about it.',
        '',
      ].join('\n'),
    );
  });

  test('ends with 1 when something essential failed, and the daemon refuses to switch on', async () => {
    await using site = await startTestDaemon({ examine: async () => [fine, refused] });
    const run = (...args: string[]) => sidestep(...args, '--state-dir', site.options.stateDir);
    const { status, out, err } = await run('doctor');
    expect([status, err]).toEqual([1, '']);
    expect(out).toMatch(
      /\nNothing can be accelerated here: 1 of the checks that everything depends on did not pass\. The kernel’s own words are in --json\.\n$/,
    );
    const json = await run('doctor', '--json');
    expect(json.status).toBe(1);
    expect(checkUpSchema.parse(JSON.parse(json.out)).checks).toEqual([fine, refused]);

    const enabled = await run('enable');
    expect([enabled.status, enabled.out]).toEqual([1, '']);
    expect(enabled.err).toContain(refused.seen);
    expect(enabled.err).toContain('./sidestep doctor says more.');
    const shown = await run('status');
    expect(shown.out).toContain('This kernel failed a test that the bypass depends on');
    expect(site.dataPlane.calls.enable).toBe(0);
  });

  test('ends with 1 when something essential could not be seen, and with 0 when something else could not', async () => {
    const unknown = check({ outcome: 'unknown' });
    for (const [essential, status] of [
      [true, 1],
      [false, 0],
    ] as const) {
      await using site = await startTestDaemon({ examine: async () => [{ ...unknown, essential }] });
      expect(await sidestep('doctor', '--state-dir', site.options.stateDir)).toMatchObject({ status });
    }
  });

  test('needs root where no daemon runs', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    await using running = startUnder(nobody, 'doctor', '--state-dir', '/nowhere');
    expect(await running.ended).toEqual({
      status: 1,
      out: '',
      err: 'Sidestep needs root. Start it with sudo.\n',
    });
  });
});
