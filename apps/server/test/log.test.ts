import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

test('a message is one line of plain text, whatever is in it', () => {
  const written: string[] = [];
  createLog((text) => written.push(text))('one \n two\rthree \u001b[2J\u009b\u202e\u2028 é');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\S+Z one two three \?\[2J\?\?\? é\n$/);
});
