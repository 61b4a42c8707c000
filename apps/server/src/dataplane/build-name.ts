import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The same for the same compiled object. */
export function buildName(objectPath: string): string {
  return createHash('sha256').update(readFileSync(objectPath)).digest('hex').slice(0, 16);
}
