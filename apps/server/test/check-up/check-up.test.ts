import type { Check, CheckUpState } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { type Examine, KernelCheckUp } from '../../src/check-up/check-up.ts';
import { Refusal } from '../../src/refusal.ts';
import { check } from '../support/checks.ts';
import { until } from '../support/until.ts';

const refused = check({
  outcome: 'refused',
  seen: 'Message 3 came before 2.',
  does: 'Start another kernel.',
});

/** A kernel whose examination ends when the test says what was found. */
function examined() {
  let found = Promise.withResolvers<Check[]>();
  const log: string[] = [];
  let times = 0;
  const examine: Examine = async (signal) => {
    times++;
    signal.addEventListener('abort', () => found.resolve([]));
    return found.promise;
  };
  const checkUp = new KernelCheckUp({ examine, now: () => 0, log: (line) => log.push(line) });
  return {
    checkUp,
    log,
    times: () => times,
    find: (...checks: Check[]) => {
      found.resolve(checks);
      found = Promise.withResolvers();
    },
  };
}

describe('a check-up', () => {
  test('has no result at first, and then what was found', async () => {
    const { checkUp, find, log } = examined();
    expect(checkUp.state()).toEqual({ running: false, last: null });
    const running = checkUp.run();
    expect(checkUp.state()).toEqual({ running: true, last: null });
    find(check());
    const state = await running;
    expect(state).toMatchObject({
      running: false,
      last: { at: '1970-01-01T00:00:00.000Z', checks: [check()] },
    });
    expect(checkUp.obstacle).toBeNull();
    expect(log).toEqual([expect.stringMatching(/^Check-up of .+: 1 of 1 fine, in \d+ ms\.$/)]);
  });

  test('is joined by whoever asks for one while it runs, and made again for whoever asks later', async () => {
    const { checkUp, find, times } = examined();
    const both = Promise.all([checkUp.run(), checkUp.run()]);
    find(check());
    const [one, other] = await both;
    expect(other).toEqual(one);
    expect(times()).toBe(1);
    const again = checkUp.run();
    expect(checkUp.state()).toEqual({ running: true, last: one.last });
    find(refused);
    expect((await again).last?.checks).toEqual([refused]);
    expect(times()).toBe(2);
  });

  test('can be watched', async () => {
    const { checkUp, find } = examined();
    const watching = new AbortController();
    const seen: CheckUpState[] = [];
    const watched = (async () => {
      for await (const state of checkUp.watch(watching.signal)) seen.push(state);
    })();
    await until(() => seen.length === 1);
    const running = checkUp.run();
    await until(() => seen.length === 2);
    find(check());
    await running;
    await until(() => seen.length === 3);
    expect(seen.map((state) => [state.running, state.last !== null])).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ]);
    watching.abort();
    await watched;
  });

  test('ends with the daemon, and finds nothing then', async () => {
    const { checkUp } = examined();
    const running = checkUp.run();
    await checkUp[Symbol.asyncDispose]();
    expect(await running).toEqual({ running: false, last: null });
    await expect(checkUp.clear()).rejects.toThrow('The daemon stops.');
  });
});

describe('whoever switches on', () => {
  test('waits for the first check-up', async () => {
    const { checkUp, find, times } = examined();
    let cleared = false;
    checkUp.run();
    const clearing = checkUp.clear().then(() => {
      cleared = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(cleared).toBe(false);
    find(check(), check({ id: 'splice', essential: false, outcome: 'unknown' }));
    await clearing;
    await checkUp.clear();
    expect(times()).toBe(1);
  });

  test('is refused with what was seen and what to do, when an essential probe fails twice', async () => {
    const { checkUp, find, times } = examined();
    const clearing = checkUp.clear();
    find(check({ outcome: 'worked round' }), check({ outcome: 'unknown' }));
    await until(() => times() === 2);
    find(check({ outcome: 'worked round' }), refused, check({ outcome: 'unknown' }));
    const refusal = await clearing.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect((refusal as Refusal).failure).toEqual({
      message:
        'This kernel failed a test that the bypass depends on: “Redirected messages keep their order”, and 1 more. Message 3 came before 2.',
      remedy: 'Start another kernel. ./sidestep doctor says more.',
      log: null,
    });
    expect(checkUp.obstacle).toBe(
      'This kernel failed a test that the bypass depends on: “Redirected messages keep their order”, and 1 more.',
    );
  });

  test('is let through when what was wrong has been put right since', async () => {
    const { checkUp, find, times } = examined();
    const running = checkUp.run();
    find(check({ outcome: 'unknown', seen: 'It did not end.' }));
    await running;
    expect(checkUp.obstacle).toMatch(/^A test that the bypass depends on could not be made: /);
    const clearing = checkUp.clear();
    find(check());
    await clearing;
    expect(checkUp.obstacle).toBeNull();
    expect(times()).toBe(2);
  });
});
