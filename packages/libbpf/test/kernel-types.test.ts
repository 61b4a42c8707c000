import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KernelTypes } from '../src/index.ts';
import { openDescriptors } from './kernel.ts';

/** Bytes that `work` reads from files. */
function readBy(work: () => void): number {
  const before = bytesRead();
  work();
  return bytesRead() - before;
}

function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1]);
}

const ALL_TYPES = statSync('/sys/kernel/btf/vmlinux').size;

test('what a kernel takes is found out by trying, and nothing stays open', () => {
  const before = openDescriptors();
  using kernel = new KernelTypes();
  expect(kernel.takesTracing('iterator', 'task_file')).toBe(true);
  for (const kind of ['iterator', 'function'] as const)
    expect(kernel.takesTracing(kind, 'there_is_no_such')).toBe(false);
  // Some kernels let a program in here, and others do not.
  kernel.takesTracing('function', 'tcp_splice_read');
  expect(openDescriptors()).toBe(before);
});

test('the types are read once for several questions', () => {
  using kernel = new KernelTypes();
  const read = readBy(() => {
    expect(kernel.takesTracing('iterator', 'task')).toBe(true);
    expect(kernel.takesTracing('iterator', 'tcp')).toBe(true);
    expect(kernel.takesTracing('iterator', 'there_is_none')).toBe(false);
  });
  expect(read).toBeLessThan(2 * ALL_TYPES);
});

test('they are not read for a question that was answered before', () => {
  const ask = () => {
    using kernel = new KernelTypes();
    expect(kernel.takesTracing('iterator', 'bpf_map')).toBe(true);
    expect(kernel.takesTracing('iterator', 'there_is_still_none')).toBe(false);
  };
  ask();
  expect(readBy(ask)).toBeLessThan(ALL_TYPES);
});
