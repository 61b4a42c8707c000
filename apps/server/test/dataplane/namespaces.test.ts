import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { NetworkNamespaces } from '../../src/dataplane/namespaces.ts';

const here = () => readlinkSync('/proc/thread-self/ns/net');

/** A process in a network namespace of its own. */
async function startElsewhere(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo there && exec sleep infinity']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

function visited(namespaces: NetworkNamespaces): string[] {
  const found: string[] = [];
  namespaces.inEach(() => found.push(here()));
  return found;
}

test('each network namespace is visited once, and this thread is at home again', async () => {
  const home = here();
  const { pid } = await startElsewhere();
  using namespaces = new NetworkNamespaces();
  const found = visited(namespaces);
  expect(found).toEqual(expect.arrayContaining([home, readlinkSync(`/proc/${pid}/ns/net`)]));
  expect(new Set(found).size).toBe(found.length);
  expect(here()).toBe(home);
});

test('one whose last process ends between two visits is visited all the same', async () => {
  const child = await startElsewhere();
  const there = readlinkSync(`/proc/${child.pid}/ns/net`);
  using namespaces = new NetworkNamespaces();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(visited(namespaces)).toContain(there);
  expect(visited(namespaces)).toContain(there);
});

test('none is kept open afterwards', async () => {
  await startElsewhere();
  const before = namespacesOpen();
  {
    using namespaces = new NetworkNamespaces();
    expect(visited(namespaces).length).toBeGreaterThan(1);
  }
  expect(namespacesOpen()).toBe(before);
});

function namespacesOpen(): number {
  return readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith('net:')).length;
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was the folder's own.
    return '';
  }
}
