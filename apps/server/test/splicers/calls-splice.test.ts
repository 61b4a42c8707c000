import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trafficPath } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { callsSplice } from '../../src/splicers/calls-splice.ts';

const LINKED = trafficPath('splicer-linked');

function answerFor(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    return callsSplice(fd);
  } finally {
    closeSync(fd);
  }
}

/** A copy that may be spoilt. */
function copyOf(path: string) {
  const dir = mkdtempSync(join(tmpdir(), 'sidestep-elf-'));
  const copy = join(dir, 'copy');
  copyFileSync(path, copy);
  return { path: copy, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

test('a program that calls the function says so, and no other', () => {
  expect(answerFor(LINKED)).toBe(true);
  expect(answerFor(trafficPath('splicer'))).toBe(false);
  expect(answerFor(trafficPath('exchange'))).toBe(false);
});

test('what is no such file says nothing', () => {
  expect(answerFor('/dev/null')).toBe(false);
  expect(answerFor('/etc/hostname')).toBe(false);
});

/** Where the table of sections is, and where in it the section of that type. */
function sectionOf(file: Buffer, type: number): number {
  const [at, count] = [Number(file.readBigUInt64LE(40)), file.readUInt16LE(60)];
  const index = Array.from({ length: count }, (_, section) => section).find(
    (section) => file.readUInt32LE(at + section * 64 + 4) === type,
  );
  return at + (index ?? 0) * 64;
}

test('a file that ends too early says nothing', () => {
  using copy = copyOf(LINKED);
  const { length } = readFileSync(LINKED);
  for (const missing of [1, 64, 1000, length - 63, length - 1, length]) {
    truncateSync(copy.path, length - missing);
    expect(answerFor(copy.path)).toBe(false);
  }
});

test.for([
  ['more sections than there are', (file: Buffer) => file.writeUInt16LE(0xffff, 60)],
  ['sections beyond any file', (file: Buffer) => file.writeBigUInt64LE(2n ** 64n - 1n, 40)],
  ['symbols beyond the end', (file: Buffer) => file.writeBigUInt64LE(2n ** 62n, sectionOf(file, 11) + 24)],
  [
    'more symbols than fit into memory',
    (file: Buffer) => file.writeBigUInt64LE(2n ** 40n, sectionOf(file, 11) + 32),
  ],
  [
    'names in a section that is not there',
    (file: Buffer) => file.writeUInt32LE(0xffff, sectionOf(file, 11) + 40),
  ],
] as const)('a file that promises %s says nothing', ([, spoil]) => {
  using copy = copyOf(LINKED);
  const file = readFileSync(LINKED);
  spoil(file);
  writeFileSync(copy.path, file);
  expect(answerFor(copy.path)).toBe(false);
});

/** Who looks for the end of each name would not come to his own within hours. */
test('names without an end cost no time', () => {
  using copy = copyOf(LINKED);
  const file = readFileSync(LINKED);
  const [symbols, names] = [sectionOf(file, 11), file.length];
  const size = 16 * 1024 * 1024;
  file.writeBigUInt64LE(BigInt(names), symbols + 24);
  file.writeBigUInt64LE(BigInt(size), symbols + 32);
  const strings = Number(file.readBigUInt64LE(40)) + file.readUInt32LE(symbols + 40) * 64;
  file.writeBigUInt64LE(BigInt(names), strings + 24);
  file.writeBigUInt64LE(BigInt(size), strings + 32);
  writeFileSync(copy.path, Buffer.concat([file, Buffer.alloc(size, 1)]));
  expect(answerFor(copy.path)).toBe(false);
});
