import { run } from '@sidestep/bench';

/**
 * A command that sees a mount namespace of its own, changed by shell commands before it starts: there the surroundings can really be bad,
 * and nobody else notices. The pid stays.
 */
export function withMounts(changes: string, command: readonly string[]): string[] {
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-ec',
    `${changes}\nexec "$@"`,
    'sh',
    ...command,
  ];
}

/** Runs a command among the mounts of a process. */
export function amongMountsOf(pid: number, command: readonly string[]): Promise<string> {
  return run(['nsenter', `--mount=/proc/${pid}/ns/mnt`, ...command]);
}

const TRACEFS = '/sys/kernel/tracing';

/** Nobody has mounted tracefs. */
export const WITHOUT_TRACEFS = `mount -t tmpfs none ${TRACEFS}`;
export const MOUNT_TRACEFS = ['umount', TRACEFS];

/** Whoever asks for the tracepoint of splice waits for ever. */
export const HANGING_TRACEPOINT = `
folder=$(mktemp -d)
mkfifo "$folder/id"
mount --bind "$folder/id" ${TRACEFS}/events/syscalls/sys_enter_splice/id
rm -r "$folder"`;
