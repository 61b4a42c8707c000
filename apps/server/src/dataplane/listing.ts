import { readdirSync } from 'node:fs';

/** The names in a folder that may go at any moment; none when it has gone. */
export function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** The ids of all processes. */
export function processes(): number[] {
  return list('/proc').map(Number).filter(Number.isInteger);
}
