import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LOCKS, lockPins } from '../../src/state/pin-lock.ts';
import { temporaryFolder } from '../support/folder.ts';

const OFTEN = fileURLToPath(new URL('../support/lock-often.ts', import.meta.url));
const freshKey = () => randomBytes(8).toString('hex');

test('one holder at a time, and no file when he has let go', () => {
  const key = freshKey();
  for (let round = 0; round < 2; round++) {
    using held = lockPins(key);
    expect(held).not.toBeNull();
    expect(lockPins(key)).toBeNull();
    using other = lockPins(freshKey());
    expect(other).not.toBeNull();
  }
  expect(existsSync(join(LOCKS, key))).toBe(false);
});

test('nobody has a file that another one has removed meanwhile', async () => {
  using folder = temporaryFolder();
  const args = ['--disable-warning=ExperimentalWarning', OFTEN, freshKey(), join(folder.path, 'held')];
  const ends = Array.from({ length: 4 }, async () => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    return [code, errors];
  });
  expect(await Promise.all(ends)).toEqual(ends.map(() => [0, '']));
});
