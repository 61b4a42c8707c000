import { rmSync, writeFileSync } from 'node:fs';
import { lockPins } from '../../src/state/pin-lock.ts';

const ROUNDS = 300;

/** Has the lock again and again; fails when anybody else has it, too, in one of these moments. */
const [key = '', marker = ''] = process.argv.slice(2);
let had = 0;
while (had < ROUNDS) {
  using held = lockPins(key);
  if (!held) continue;
  writeFileSync(marker, '', { flag: 'wx' });
  rmSync(marker);
  had++;
}
