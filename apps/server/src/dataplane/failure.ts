import { BpfError } from '@sidestep/libbpf';
import { DataPlaneError } from './dataplane.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  EPERM: 'Run the daemon as root, with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.',
  EACCES: 'The kernel refused a program. Please report it with the log and the output of uname -r.',
  EINVAL: 'This kernel lacks something that Sidestep needs. It takes Linux 6.1 or later with BTF.',
  ENOMEM: 'Free memory, or raise the memory limit of the daemon, then try again.',
  ENOENT: 'Build the programs with `make -C bpf`, and see that bpffs and tracefs are mounted.',
  EEXIST: 'Another instance uses the pin folder. Stop it, or choose another with --pin-dir.',
};

/** Puts what libbpf or the file system threw into a sentence and a remedy; passes everything else on. */
export function asDataPlaneError(what: string, error: unknown): unknown {
  if (error instanceof DataPlaneError) return error;
  if (error instanceof BpfError) {
    return new DataPlaneError(
      {
        message: `${what}: the kernel answered ${error.code} to “${error.operation}”.`,
        remedy: REMEDIES[error.code] ?? 'See the log for the kernel’s own words.',
        log: error.log || null,
      },
      { cause: error },
    );
  }
  if (error instanceof Error && 'code' in error && 'syscall' in error) {
    return new DataPlaneError(
      {
        message: `${what}: ${error.message}.`,
        remedy: REMEDIES[String(error.code)] ?? 'Check the folder named in the message, then try again.',
        log: null,
      },
      { cause: error },
    );
  }
  return error;
}
