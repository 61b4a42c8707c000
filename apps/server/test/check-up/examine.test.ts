import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { examineWith } from '../../src/check-up/examine.ts';
import type { Finding, Probe } from '../../src/check-up/probe.ts';

const fine: Finding = { outcome: 'fine', seen: 'It works.', means: 'All is well.', does: 'Nothing.' };
const unknown = { means: 'Nobody knows.', does: 'Refuses.' };
const probe = (id: string, make: Probe['make']): Probe => ({ id, title: id, essential: true, unknown, make });
const going = new AbortController().signal;

describe('an examination', () => {
  test('makes every probe, a few at a time, and keeps their order', async () => {
    let [now, most] = [0, 0];
    const probes = Array.from({ length: 12 }, (_, index) =>
      probe(`p${index}`, async () => {
        most = Math.max(most, ++now);
        await sleep(12 - index);
        now--;
        return fine;
      }),
    );
    const checks = await examineWith(probes)(going);
    expect(checks.map(({ id }) => id)).toEqual(probes.map(({ id }) => id));
    expect(checks[0]).toEqual({ id: 'p0', title: 'p0', essential: true, log: null, ...fine });
    expect(most).toBe(4);
  });

  test('does not know what a probe would have shown that hangs or fails, and tells it to end', async () => {
    const ended: string[] = [];
    const hanging = probe('hangs', (signal) => {
      signal.addEventListener('abort', () => ended.push('hangs'));
      return new Promise(() => {});
    });
    const failing = probe('fails', () => Promise.reject(new Error('there is no loopback')));
    const checks = await examineWith([hanging, failing, probe('works', async () => fine)], 20)(going);
    expect(checks).toMatchObject([
      { outcome: 'unknown', seen: 'The probe could not be made: it did not end within 0.02 s.', ...unknown },
      { outcome: 'unknown', seen: 'The probe could not be made: there is no loopback.', ...unknown },
      { outcome: 'fine' },
    ]);
    expect(ended).toEqual(['hangs']);
  });

  test('ends with the daemon', async () => {
    const stopping = new AbortController();
    const hanging = probe('hangs', () => new Promise(() => {}));
    const examining = examineWith(Array.from({ length: 9 }, () => hanging))(stopping.signal);
    stopping.abort();
    expect((await examining).map(({ outcome }) => outcome)).toEqual(Array(9).fill('unknown'));
  });
});
