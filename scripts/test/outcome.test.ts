import { expect, test } from 'vitest';
import { outcomeOf, summary } from '../stages/outcome.ts';

test.each([
  ['all well', { passed: 3, failed: 0, skipped: 0, exitCode: 0 }, { passed: 3, failed: 0, remarks: [] }],
  ['a failure', { passed: 2, failed: 1, skipped: 0, exitCode: 1 }, { passed: 2, failed: 1, remarks: [] }],
  [
    'a runner that fails by itself',
    { passed: 2, failed: 0, skipped: 0, exitCode: 7 },
    { passed: 2, failed: 1, remarks: ['the runner ended with status 7'] },
  ],
  [
    'nothing run',
    { passed: 0, failed: 0, skipped: 0, exitCode: 1 },
    { passed: 0, failed: 1, remarks: ['no test ran'] },
  ],
  [
    'a skipped test',
    { passed: 2, failed: 0, skipped: 1, exitCode: 0 },
    { passed: 2, failed: 1, remarks: ['1 skipped, which counts as failed'] },
  ],
])('%s', (_, counts, outcome) => {
  expect(outcomeOf(counts)).toEqual(outcome);
});

test('the last line sums up all stages', () => {
  const { text, failed } = summary([
    { name: 'One', outcome: { passed: 3, failed: 0, remarks: [] }, seconds: 1.2 },
    { name: 'Two', outcome: { passed: 1, failed: 2, remarks: ['late'] }, seconds: 60 },
  ]);
  expect(failed).toBe(2);
  expect(text.split('\n').at(-1)).toBe('4 passed, 2 failed');
  expect(text).toContain('Two            1 passed, 2 failed, 60 s; late');
});
