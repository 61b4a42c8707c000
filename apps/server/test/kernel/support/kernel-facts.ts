import { readFileSync } from 'node:fs';

/** Whether this kernel counts redirected bytes when a program asks FIONREAD: 6.12.75, 6.18.14 and later do, 6.1 does not. The field is where it counts. */
export function fionreadCountsRedirected(): boolean {
  return readFileSync('/sys/kernel/btf/vmlinux').includes('\0msg_tot_len\0');
}
