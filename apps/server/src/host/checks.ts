import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inUrl, isLoopback, type Listen } from '../http/listen.ts';
import { Refusal } from '../refusal.ts';
import { missingCapabilities } from './capabilities.ts';
import { filesystemAt, filesystemFor, findCgroupRoot, MAGIC } from './filesystems.ts';

/** Throws `Refusal` unless this process may do what the daemon does. */
export function checkPrivileges(): void {
  if (process.geteuid?.() !== 0) throw new Refusal('Sidestep needs root.', 'Start it with sudo.');
  const missing = missingCapabilities();
  if (missing.length === 0) return;
  throw new Refusal(
    `This root user lacks ${missing.join(' and ')}.`,
    'Start Sidestep outside the container, or give the container these capabilities.',
  );
}

/** The cgroup to attach to: the given one, or the root of the tree. Throws `Refusal` when it is none. */
export function checkCgroup(given: string | null): string {
  const path = given ?? findCgroupRoot();
  if (path === null) {
    throw new Refusal(
      'No cgroup v2 tree is mounted.',
      'Mount one: sudo mount -t cgroup2 none /sys/fs/cgroup/unified',
    );
  }
  const choose = 'Choose a folder of the cgroup v2 tree with --cgroup, or leave the option out.';
  switch (filesystemAt(path)) {
    case null:
      throw new Refusal(`There is no cgroup ${path}.`, choose);
    case MAGIC.cgroup1:
      throw new Refusal(`${path} belongs to cgroup v1, where programs cannot be attached.`, choose);
    case MAGIC.cgroup2:
      if (statSync(path).isDirectory()) return path;
      throw new Refusal(`${path} is a file in a cgroup, not a cgroup.`, choose);
    default:
      throw new Refusal(`${path} is not a cgroup.`, choose);
  }
}

/** Throws `Refusal` unless pins can be made at the path. */
export function checkPinDir(path: string): void {
  if (filesystemFor(path) !== MAGIC.bpf) {
    throw new Refusal(
      `${path} is not on a bpf file system.`,
      'Mount it (sudo mount -t bpf bpf /sys/fs/bpf), or choose a folder on it with --pin-dir.',
    );
  }
  refuseMountPoint(path);
}

/** Whoever pins by name does it at the root of the file system (libbpf's own habit). What we remove is to be in a folder that is ours alone. Throws `Refusal`. */
export function refuseMountPoint(path: string): void {
  const folder = statSync(path, { throwIfNoEntry: false });
  if (
    folder?.dev !== statSync(dirname(path), { throwIfNoEntry: false })?.dev &&
    filesystemAt(path) === MAGIC.bpf
  )
    throw new Refusal(
      `${path} is where the bpf file system begins, and others pin there.`,
      `Choose a folder in it with --pin-dir, such as ${join(path, 'sidestep')}.`,
    );
}

/** Throws `Refusal` when the page could be read on its way by others. */
export function checkListen({ host, port }: Listen, hasTls: boolean): void {
  if (hasTls || isLoopback(host)) return;
  throw new Refusal(
    `${inUrl(host)}:${port} can be reached from other hosts, and nothing protects the page on its way.`,
    'Add --tls-cert and --tls-key, or listen on 127.0.0.1.',
  );
}
