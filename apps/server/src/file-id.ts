import { statSync } from 'node:fs';

/** Tells whether a path still leads to the same file, also after its file system was mounted anew; null when it leads nowhere. */
export function fileIdAt(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : null;
}
