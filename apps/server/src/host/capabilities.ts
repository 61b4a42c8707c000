import { readFileSync } from 'node:fs';

/** What it takes to load, attach and pin the programs, and to reach what other users' processes execute and have open (linux/capability.h). */
const NEEDED = [
  ['CAP_NET_ADMIN', 12],
  ['CAP_SYS_PTRACE', 19],
  ['CAP_SYS_ADMIN', 21],
  ['CAP_PERFMON', 38],
  ['CAP_BPF', 39],
] as const;

/** The needed capabilities that this process does not have. */
export function missingCapabilities(status: string = readFileSync('/proc/self/status', 'utf8')): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return NEEDED.filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n).map(([name]) => name);
}
