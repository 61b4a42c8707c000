import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const programs = join(import.meta.dirname, 'programs');
const scratch = mkdtempSync(join(tmpdir(), 'libbpf-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Compiles a BPF program of this folder and returns the object's path. */
export function compile(name: string): string {
  const object = join(scratch, `${name}.bpf.o`);
  const headers = `/usr/include/${execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim()}`;
  const flags = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror', '-I', headers];
  execFileSync('clang-14', [...flags, '-c', join(programs, `${name}.bpf.c`), '-o', object]);
  return object;
}

/** Compiles and runs an ordinary program that may include this folder's headers, and returns what it prints. */
export function runC(source: string): string {
  const binary = join(scratch, 'native');
  execFileSync('gcc', ['-I', programs, '-x', 'c', '-', '-o', binary], { input: source });
  return execFileSync(binary, { encoding: 'utf8' });
}

/** A folder in bpffs, removed with the pins in it. */
export function pinFolder() {
  const path = `/sys/fs/bpf/libbpf-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  mkdirSync(path);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A cgroup of our own, wherever cgroup v2 is mounted. */
export function cgroup() {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const root = mounts.map((line) => line.split(' ')).find((fields) => fields[2] === 'cgroup2')?.[1];
  if (root === undefined) throw new Error('No cgroup v2 is mounted.');
  const path = join(root, `libbpf-test-${process.pid}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(path);
  return { path, [Symbol.dispose]: () => rmdirSync(path) };
}

/** Of what the kernel gives for programs, maps, links, iterators and events. The runner has others, which come and go as it likes. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => OF_BPF.test(targetOf(fd))).length;
}

const OF_BPF = /^anon_inode:.*(bpf|btf|perf_event)/;

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was the folder's own.
    return '';
  }
}
