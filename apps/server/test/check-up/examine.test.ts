import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Ask } from '../../src/check-up/answer.ts';
import { examineWith } from '../../src/check-up/examine.ts';
import { type Probe, probe } from '../../src/check-up/probe.ts';

const otherwise = { outcome: 'refused', means: 'Nobody can sit.', does: 'Refuses.' } as const;
const chairs = (id: string, request: string, wanted: number): Probe =>
  probe({
    id,
    title: `There are ${wanted} chairs`,
    essential: true,
    request,
    facts: z.object({ chairs: z.int() }),
    judge: ({ chairs }) =>
      chairs >= wanted
        ? { outcome: 'fine', seen: `There are ${chairs}.`, means: 'All can sit.', does: 'Nothing.' }
        : { ...otherwise, seen: `There are ${chairs}.` },
    otherwise,
  });

const going = new AbortController().signal;
const never: Ask = async function* (_requests, signal) {
  yield { probe: 'hall', facts: { chairs: 9 } };
  await sleep(60_000, undefined, { signal });
};

describe('an examination', () => {
  test('asks each question once, and judges the answer for every probe that wants it', async () => {
    const asked: string[] = [];
    const ask: Ask = async function* (requests) {
      asked.push(...requests);
      yield { probe: 'kitchen', facts: { chairs: 2 } };
      yield { probe: 'hall', facts: { chairs: 9 } };
    };
    const probes = [chairs('many', 'hall', 10), chairs('some', 'hall', 5), chairs('few', 'kitchen', 2)];
    const checks = await examineWith(probes, ask)(going);
    expect(asked).toEqual(['hall', 'kitchen']);
    expect(checks).toEqual([
      {
        id: 'many',
        title: 'There are 10 chairs',
        essential: true,
        seen: 'There are 9.',
        ...otherwise,
        log: null,
      },
      expect.objectContaining({ id: 'some', outcome: 'fine', means: 'All can sit.' }),
      expect.objectContaining({ id: 'few', outcome: 'fine' }),
    ]);
  });

  test('tells what the kernel refused from what could not be tried', async () => {
    const ask: Ask = async function* () {
      yield { probe: 'hall', refused: 'load the chairs', error: 'EINVAL', log: 'chair 3 has no legs' };
      yield { probe: 'kitchen', trouble: 'open the door', error: 'EPERM', log: '' };
      yield { probe: 'cellar', facts: { tables: 3 } };
    };
    const probes = ['hall', 'kitchen', 'cellar'].map((room) => chairs(room, room, 1));
    expect(await examineWith(probes, ask)(going)).toMatchObject([
      {
        outcome: 'refused',
        seen: 'The kernel answered EINVAL to “load the chairs”.',
        log: 'chair 3 has no legs',
      },
      {
        outcome: 'unknown',
        seen: 'The probe could not be made: EPERM at “open the door”.',
        means: otherwise.means,
        does: otherwise.does,
        log: null,
      },
      { outcome: 'unknown', seen: expect.stringContaining('nobody understands'), log: expect.any(String) },
    ]);
  });

  test('does not know what a probe would have shown that was not answered in time, and knows the others', async () => {
    const probes = [chairs('some', 'hall', 5), chairs('few', 'kitchen', 2)];
    expect(await examineWith(probes, never, 50)(going)).toMatchObject([
      { outcome: 'fine' },
      { outcome: 'unknown', seen: 'The probe could not be made: ETIMEDOUT at “get an answer”.' },
    ]);
  });

  test('says why nothing was answered', async () => {
    // biome-ignore lint/correctness/useYield: it has nothing to say
    const broken: Ask = async function* () {
      throw new Error('there is no sidestep-probe');
    };
    expect(await examineWith([chairs('some', 'hall', 5)], broken)(going)).toMatchObject([
      {
        outcome: 'unknown',
        seen: 'The probe could not be made: ENODATA at “get an answer”.',
        log: 'there is no sidestep-probe',
      },
    ]);
  });

  test('ends with the daemon', async () => {
    const stopping = new AbortController();
    const examining = examineWith([chairs('few', 'kitchen', 2)], never)(stopping.signal);
    stopping.abort();
    expect(await examining).toMatchObject([{ outcome: 'unknown' }]);
  });
});
