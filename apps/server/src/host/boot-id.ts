import { readFileSync } from 'node:fs';

let known: string | null = null;

/** Another one after each start of the host, which begins to number its maps and programs anew. Read once: it is asked for with every event. */
export function bootId(): string {
  known ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return known;
}
