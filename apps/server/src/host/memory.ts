import { setFlagsFromString } from 'node:v8';

/** Per cent by which the heap may grow beyond what is in use before garbage is collected. */
const GROWTH = 30;

/**
 * Keeps the heap close to what is in use. Left alone, V8 lets it grow to several times that on a host with much memory, and a burst of
 * events would stay visible for ever.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}
