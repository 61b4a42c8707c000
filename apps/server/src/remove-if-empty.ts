import { rmdirSync } from 'node:fs';

/** Removes a folder unless it has something in it, or is gone already. */
export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It is not there, or not empty.
  }
}
