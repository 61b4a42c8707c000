import { setFlagsFromString } from 'node:v8';
import { libc } from './libc.ts';

/** Per cent by which the heap may grow beyond what is in use before garbage is collected. */
const GROWTH = 30;

/** Bytes. What is larger is a mapping of its own, which goes when it is freed. */
const LARGE = 128 * 1024;
/** As in glibc's malloc.h. */
const M_MMAP_THRESHOLD = -3;

const mallopt = libc.func('int mallopt(int parameter, int value)');

/**
 * Keeps memory close to what is in use. Left alone, V8 lets its heap grow to several times that on a host with much memory, and glibc takes
 * whatever size was freed for one that is not worth giving back: a burst of events and a crowd would stay visible for ever.
 */
export function keepMemorySmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  // Where the C library is another, it has its own ways.
  mallopt(M_MMAP_THRESHOLD, LARGE);
}
