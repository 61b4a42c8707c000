import { type PortRange, parsePorts, portsInWords } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { mergePorts } from './merge-ports.ts';

function ports(text: string): PortRange[] {
  const parsed = parsePorts(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.ranges;
}

test.each([
  ['none', '6379', '5432', '5432, 6379'],
  ['5432, 7000', '7000, 6379', '5432, 7000, 8000-8010', '7000, 8000-8010, 6379'],
  ['5432', '5432, 6379', 'none', '6379'],
  ['none', '6379', '6379', '6379'],
  ['5432', 'none', '5432, 6379', '6379'],
])('seen %s, wanted %s, now %s: %s', (seen, wanted, now, merged) => {
  expect(portsInWords(mergePorts(ports(seen), ports(wanted), ports(now)))).toBe(merged);
});
