import { existsSync, readFileSync } from 'node:fs';

/** What a test runner wrote about its run; null when it did not get that far. */
export function readReport<T>(file: string): T | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : null;
}
