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
  expect(outcomeOf(counts)).toEqual({ ...outcome, failures: [] });
});

test('the last line sums up all stages', () => {
  const { text, failed } = summary([
    { name: 'One', outcome: { passed: 3, failed: 0, remarks: [], failures: [] }, seconds: 1.2 },
    { name: 'Two', outcome: { passed: 1, failed: 2, remarks: ['late'], failures: [] }, seconds: 60 },
  ]);
  expect(failed).toBe(2);
  expect(text.split('\n').at(-1)).toBe('4 passed, 2 failed');
  expect(text).toContain('Two            1 passed, 2 failed, 60 s; late');
});

test('what failed is named right before the sums, with the beginning of what was said', () => {
  const message = [
    '\u001b[31mExpected 1, got 2\u001b[39m',
    ...Array.from({ length: 50 }, (_, n) => `at line ${n}`),
  ];
  const failures = [{ test: 'sums.test.ts › one and one', message: message.join('\n') }];
  const { text } = summary([
    { name: 'One', outcome: { passed: 3, failed: 0, remarks: [], failures: [] }, seconds: 1 },
    { name: 'Two', outcome: { passed: 0, failed: 1, remarks: [], failures }, seconds: 1 },
  ]);
  expect(text).toMatch(/✗ Two: sums\.test\.ts › one and one\n +Expected 1, got 2\n +at line 0\n/);
  expect(text).not.toContain('at line 20');
  expect(text.indexOf('✗ Two')).toBeLessThan(text.indexOf('── Summary'));
});
