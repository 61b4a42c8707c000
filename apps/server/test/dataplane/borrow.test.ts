import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync } from 'node:fs';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { borrow, SOL_SOCKET, type SocketName, socketOption } from '../../src/dataplane/borrow.ts';
import { Descriptors } from '../../src/dataplane/descriptors.ts';
import { libc } from '../../src/host/libc.ts';

const SO_COOKIE = 57;
const AF_INET = 2;
const SOCK_STREAM = 1;
const openSocket = libc.func('int socket(int domain, int type, int protocol)');

const opened = new Set<number>();
afterEach(() => {
  for (const fd of opened) close(fd);
});

function open(): number {
  const fd = openSocket(AF_INET, SOCK_STREAM, 0) as number;
  opened.add(fd);
  return fd;
}

function close(fd: number): void {
  opened.delete(fd);
  closeSync(fd);
}

const cookieOf = (fd: number) => socketOption(fd, SOL_SOCKET, SO_COOKIE, 8)?.readBigUInt64LE() ?? 0n;

/** As the programs in the kernel name it. */
function named(fd: number, pid = process.pid): SocketName {
  return { pid, inode: fstatSync(fd, { bigint: true }).ino, cookie: cookieOf(fd) };
}

/** The sockets that were lent. */
function lent(descriptors: Descriptors, socket: SocketName): bigint[] {
  const cookies: bigint[] = [];
  borrow(socket, descriptors, (fd) => cookies.push(cookieOf(fd)) > 0);
  return cookies;
}

/** Of a program that has the socket besides us. */
async function shareWithAnother(fd: number): Promise<ChildProcess> {
  const stdio = ['ignore', 'pipe', 'ignore', fd] as const;
  const child = spawn('sh', ['-c', 'echo there && exec sleep infinity'], { stdio: [...stdio] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child;
}

test.for([
  { whom: 'the process that is named', pid: process.pid },
  { whom: 'whichever process has it', pid: 0 },
])('a socket is borrowed from $whom, and each process is read once in a pass', ({ pid }) => {
  const first = open();
  const descriptors = new Descriptors();
  expect(lent(descriptors, named(first, pid))).toEqual([cookieOf(first)]);
  const second = open();
  expect(lent(descriptors, named(second, pid))).toEqual([]);
  expect(lent(descriptors, named(first, pid))).toEqual([cookieOf(first)]);
  expect(lent(new Descriptors(), named(second, pid))).toEqual([cookieOf(second)]);
});

test('a descriptor that has become another socket in the middle of a pass is not lent', () => {
  const fd = open();
  const socket = named(fd);
  const descriptors = new Descriptors();
  expect(lent(descriptors, socket)).toEqual([socket.cookie]);
  close(fd);
  expect(open()).toBe(fd);
  expect(lent(descriptors, socket)).toEqual([]);
});

test('where the one that is named has closed it in the middle of a pass, another lends it', async () => {
  const fd = open();
  const socket = named(fd);
  await shareWithAnother(fd);
  const descriptors = new Descriptors();
  expect(lent(descriptors, socket)).toEqual([socket.cookie]);
  close(fd);
  expect(lent(descriptors, socket)).toEqual([socket.cookie]);
});
