import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SOL_SOCKET, socketOption } from '../../src/dataplane/borrow.ts';
import { settle, settleAll } from '../../src/dataplane/settle.ts';
import { libc } from '../../src/host/libc.ts';
import { withoutDescriptors } from '../support/without-descriptors.ts';

const SO_KEEPALIVE = 9;
const SO_COOKIE = 57;
const SOL_TCP = 6;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
const TCP_NOTSENT_LOWAT = 25;
/** As in bpf/sidestep.h. */
const SS_LENT_LOWAT = 1;
const SS_LENT_LINEAR = 2;
const SS_LENT_KEEPALIVE = 8;
const LENT_PROBES = 127;
const LENT_LOWAT = 1;
/** Of one that says that more is to come. */
const LENT_CORKED = 131_073;
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

const tcp = (option: number) => socketOption(fd, SOL_TCP, option, 4)?.readUInt32LE();
const mark = () => tcp(TCP_NOTSENT_LOWAT);
const linear = () => tcp(TCP_THIN_LINEAR_TIMEOUTS);

test.for([
  { who: 'the process that is named', pid: process.pid },
  { who: 'whichever process has it', pid: 0 },
  { who: 'another process when the one that is named has gone', pid: NO_PID },
])('gives a socket its TCP_NOTSENT_LOWAT back, through $who', ({ pid }) => {
  set(LENT_LOWAT);
  expect(settle({ ...named(pid), lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(true);
  expect(mark()).toBe(4096);
});

test.for([
  { who: 'the process that is named', pid: process.pid },
  { who: 'whichever process has it', pid: 0 },
])('gives back through $who when no descriptor is left, one time after another', ({ pid }) => {
  for (let time = 0; time < 2; time++) {
    set(LENT_LOWAT);
    const socket = { ...named(pid), lent: SS_LENT_LOWAT, lowat: 4096 };
    expect(withoutDescriptors(() => settle(socket))).toBe(true);
    expect(mark()).toBe(4096);
  }
});

test('gives back to all that it is asked for, whichever of them has gone', () => {
  set(LENT_LOWAT);
  const gone = { ...named(NO_PID), inode: 0n, cookie: 0n };
  settleAll([gone, named(), gone].map((name) => ({ ...name, lent: SS_LENT_LOWAT, lowat: 4096 })));
  expect(mark()).toBe(4096);
});

test('gives its TCP_NOTSENT_LOWAT back to one that says that more is to come', () => {
  set(LENT_CORKED);
  expect(settle({ ...named(), lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(true);
  expect(mark()).toBe(4096);
});

test('leaves a TCP_NOTSENT_LOWAT alone that its program has set meanwhile', () => {
  set(65_536);
  expect(settle({ ...named(), lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(true);
  expect(mark()).toBe(65_536);
});

test.for([
  { what: 'alone', lent: SS_LENT_LINEAR, after: LENT_LOWAT },
  { what: 'with a TCP_NOTSENT_LOWAT', lent: SS_LENT_LINEAR | SS_LENT_LOWAT, after: 4096 },
])('takes linear timeouts back, $what', ({ lent, after }) => {
  set(LENT_LOWAT);
  set(1, TCP_THIN_LINEAR_TIMEOUTS);
  expect(settle({ ...named(), lent, lowat: 4096 })).toBe(true);
  expect({ linear: linear(), mark: mark() }).toEqual({ linear: 0, mark: after });
});

const keepalive = () => ({
  on: socketOption(fd, SOL_SOCKET, SO_KEEPALIVE, 4)?.readUInt32LE(),
  idle: tcp(TCP_KEEPIDLE),
  interval: tcp(TCP_KEEPINTVL),
  probes: tcp(TCP_KEEPCNT),
});

function setKeepalive(idle: number): void {
  socket.setKeepAlive(true);
  set(idle, TCP_KEEPIDLE);
  set(1, TCP_KEEPINTVL);
  set(LENT_PROBES, TCP_KEEPCNT);
}

const BEFORE = { idle: 7200, interval: 75, probes: 9 };

test('takes a keepalive back', () => {
  setKeepalive(1);
  expect(settle({ ...named(), lent: SS_LENT_KEEPALIVE, lowat: 0, keepalive: BEFORE })).toBe(true);
  expect(keepalive()).toEqual({ ...BEFORE, on: 0 });
});

test('leaves a keepalive on that its program has set meanwhile', () => {
  setKeepalive(60);
  expect(settle({ ...named(), lent: SS_LENT_KEEPALIVE, lowat: 0, keepalive: BEFORE })).toBe(true);
  expect(keepalive()).toEqual({ ...BEFORE, on: 1, idle: 60 });
});

test('touches no socket but the one that is named', () => {
  set(LENT_LOWAT);
  const { cookie, ...name } = named();
  expect(settle({ ...name, cookie: cookie + 1n, lent: SS_LENT_LOWAT, lowat: 4096 })).toBe(false);
  expect(mark()).toBe(LENT_LOWAT);
});
