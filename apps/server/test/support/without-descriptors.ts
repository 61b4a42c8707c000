import { closeSync, openSync } from 'node:fs';
import { expect } from 'vitest';
import { libc } from '../../src/host/libc.ts';

const RLIMIT_NOFILE = 7;
const getrlimit = libc.func('int getrlimit(int resource, _Out_ void *limit)');
const setrlimit = libc.func('int setrlimit(int resource, const void *limit)');

/** As a daemon has them whom others keep busy: none is left until `work` returns. */
export function withoutDescriptors<T>(work: () => T): T {
  const before = Buffer.alloc(16);
  getrlimit(RLIMIT_NOFILE, before);
  const lowestFree = openSync('/dev/null', 'r');
  closeSync(lowestFree);
  const limit = Buffer.from(before);
  limit.writeBigUInt64LE(BigInt(lowestFree));
  setrlimit(RLIMIT_NOFILE, limit);
  try {
    expect(() => openSync('/dev/null', 'r')).toThrow(/EMFILE/);
    return work();
  } finally {
    setrlimit(RLIMIT_NOFILE, before);
  }
}
