import { readFileSync } from 'node:fs';

/** Another one after each start of the host, which begins to number its maps and programs anew. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
