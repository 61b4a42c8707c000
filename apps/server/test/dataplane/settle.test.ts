import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SOL_SOCKET, socketOption } from '../../src/dataplane/borrow.ts';
import { settle } from '../../src/dataplane/settle.ts';
import { libc } from '../../src/host/libc.ts';

const SO_COOKIE = 57;
const SOL_TCP = 6;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
const TCP_NOTSENT_LOWAT = 25;
/** As in bpf/sidestep.h. */
const SS_LENT_LOWAT = 1;
const SS_LENT_LINEAR = 2;
/** Nobody has a process with this number. */
const NO_PID = 2 ** 30;

const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');
const server = createServer();
let socket: Socket;
let fd: number;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  fd = (socket as unknown as { _handle: { fd: number } })._handle.fd;
});
afterEach(() => {
  socket.destroy();
  server.close();
});

/** As the programs in the kernel name it. */
function named(pid = process.pid) {
  const cookie = socketOption(fd, SOL_SOCKET, SO_COOKIE, 8)?.readBigUInt64LE() ?? 0n;
  return { pid, inode: fstatSync(fd, { bigint: true }).ino, cookie };
}

function set(mark: number, option = TCP_NOTSENT_LOWAT): void {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(mark);
  expect(setsockopt(fd, SOL_TCP, option, value, value.length)).toBe(0);
}

const mark = () => socketOption(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 4)?.readUInt32LE();
const linear = () => socketOption(fd, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, 4)?.readUInt32LE();

test.for([
  { who: 'the process that is named', pid: process.pid },
  { who: 'whichever process has it', pid: 0 },
  { who: 'another process when the one that is named has gone', pid: NO_PID },
])('gives a socket its TCP_NOTSENT_LOWAT back, through $who', ({ pid }) => {
  set(1);
  expect(settle({ ...named(pid), lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(true);
  expect(mark()).toBe(4096);
});

test('leaves a TCP_NOTSENT_LOWAT alone that its program has set meanwhile', () => {
  set(65_536);
  expect(settle({ ...named(), lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(true);
  expect(mark()).toBe(65_536);
});

test.for([
  { what: 'alone', lent: SS_LENT_LINEAR, after: 1 },
  { what: 'with a TCP_NOTSENT_LOWAT', lent: SS_LENT_LINEAR | SS_LENT_LOWAT, after: 4096 },
])('takes linear timeouts back, $what', ({ lent, after }) => {
  set(1);
  set(1, TCP_THIN_LINEAR_TIMEOUTS);
  expect(settle({ ...named(), lent, lowat: 4096 })).toBe(true);
  expect({ linear: linear(), mark: mark() }).toEqual({ linear: 0, mark: after });
});

test('touches no socket but the one that is named', () => {
  set(1);
  const { cookie, ...name } = named();
  expect(settle({ ...name, cookie: cookie + 1n, lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(false);
  expect(mark()).toBe(1);
});
