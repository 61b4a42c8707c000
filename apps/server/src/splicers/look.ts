/**
 * A process of its own that looks at what a process executes, for whoever serves that file need not answer: `node look.ts PID DEVICE INODE`, both as the
 * kernel knows the file, prints a line of JSON, `Examined` or null.
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { callsSplice } from './calls-splice.ts';
import type { Examined } from './executables.ts';
import { kernelDevice } from './kernel-device.ts';
import { REPLACED, seesWhatWeSee } from './place.ts';

/** What is answered for a process that has ended. */
const GONE: readonly unknown[] = ['ENOENT', 'ESRCH'];

function look(pid: string, device: bigint, inode: bigint): Examined | null {
  const link = linkOf(pid);
  const path = readlinkSync(link);
  const fd = openSync(link, 'r');
  try {
    if (fstatSync(fd, { bigint: true }).ino !== inode) return null;
    if (!devicesOf(pid, fd).includes(device))
      throw new Error(`It is on none of the devices that it should be on.`);
    return {
      path: path.replace(REPLACED, ''),
      couldSplice: callsSplice(fd),
      here: REPLACED.test(path) ? seesWhatWeSee(pid) : leadsTo(path, fd),
    };
  } finally {
    closeSync(fd);
  }
}

/** A process whose first thread has ended shows through the others what it executes. */
function linkOf(pid: string): string {
  const link = `/proc/${pid}/exe`;
  const others = () => readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/exe`);
  return isThere(link) ? link : (others().find(isThere) ?? link);
}

function isThere(link: string): boolean {
  try {
    return readlinkSync(link) !== '';
  } catch {
    return false;
  }
}

/** As stat tells it, and as the kernel does: not the same on btrfs and overlayfs. */
function devicesOf(pid: string, fd: number): bigint[] {
  const mount = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  const mounts = [`/proc/${pid}/mountinfo`, '/proc/self/mountinfo'].flatMap((file) =>
    readFileSync(file, 'utf8').split('\n'),
  );
  const [major, minor] =
    mounts
      .find((line) => line.startsWith(`${mount} `))
      ?.split(' ')[2]
      ?.split(':') ?? [];
  const { dev } = fstatSync(fd, { bigint: true });
  const known = major !== undefined && minor !== undefined;
  return [kernelDevice(dev), ...(known ? [(BigInt(major) << 20n) | BigInt(minor)] : [])];
}

/** The path does, here on the host. */
function leadsTo(path: string, fd: number): boolean {
  try {
    const [there, file] = [statSync(path, { bigint: true }), fstatSync(fd, { bigint: true })];
    return there.dev === file.dev && there.ino === file.ino;
  } catch {
    return false;
  }
}

function answer(pid = '', device = '', inode = ''): Examined | null {
  try {
    return look(pid, BigInt(device), BigInt(inode));
  } catch (error) {
    if (GONE.includes((error as NodeJS.ErrnoException).code)) return null;
    throw error;
  }
}

console.log(JSON.stringify(answer(...process.argv.slice(2))));
