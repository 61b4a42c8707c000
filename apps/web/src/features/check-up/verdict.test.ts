import type { Check, CheckOutcome } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { inOrder, tallyOf, verdictOf } from './verdict.ts';

function check(id: string, outcome: CheckOutcome, essential = false): Check {
  return { id, title: id, outcome, essential, seen: '', means: `${id} means this.`, does: '', log: null };
}

const fine = check('fine', 'fine', true);
const round = check('round', 'worked round');
const tcp = check('tcp', 'on TCP');
const unknown = check('unknown', 'unknown');
const essential = check('essential', 'unknown', true);
const refused = check('refused', 'refused', true);

test.each<[Check[], CheckOutcome, string, string[]]>([
  [[], 'unknown', 'Nothing was tested', []],
  [[fine, fine], 'fine', 'All is well on this kernel', []],
  [
    [fine, round],
    'worked round',
    '1 thing is worked round',
    ['This kernel does not do all that the bypass needs, but no program loses by it.'],
  ],
  [
    [round, unknown, unknown],
    'unknown',
    '2 things could not be tested',
    ['What the tests would have shown is assumed to be bad.'],
  ],
  [[unknown, tcp, round], 'on TCP', 'Some programs stay on TCP', ['tcp means this.']],
  [[tcp, refused, fine], 'refused', 'Nothing can be accelerated on this kernel', ['refused means this.']],
  [[fine, essential], 'refused', 'Nothing can be accelerated on this kernel', ['essential means this.']],
])('%j: the worst line decides', (checks, outcome, words, because) => {
  expect(verdictOf(checks)).toEqual({ outcome, words, because });
});

test('only the first reasons stand beside the verdict, and none twice', () => {
  const many = ['a', 'b', 'a', 'c', 'd'].map((id) => check(id, 'on TCP'));
  expect(verdictOf(many).because).toEqual(['a means this.', 'b means this.', 'c means this.']);
});

test('what matters most comes first, the rest stays as it was tested', () => {
  const checks = [fine, unknown, round, essential, tcp, check('fine too', 'fine'), refused];
  expect(inOrder(checks).map(({ id }) => id)).toEqual([
    'essential',
    'refused',
    'tcp',
    'unknown',
    'round',
    'fine',
    'fine too',
  ]);
});

test('outcomes are counted as they are called', () => {
  expect(tallyOf([fine, essential, round, fine])).toEqual([
    { outcome: 'unknown', count: 1 },
    { outcome: 'worked round', count: 1 },
    { outcome: 'fine', count: 2 },
  ]);
});
