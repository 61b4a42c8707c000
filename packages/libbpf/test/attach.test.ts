import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  attachToMap,
  BPF_SK_MSG_VERDICT,
  BpfLink,
  BpfObject,
  BpfProgram,
  detachFromMap,
  openIterator,
  readInBackground,
  readIterator,
} from '../src/index.ts';
import { cgroup, compile, openDescriptors, pinFolder } from './kernel.ts';

const run = promisify(execFile);
let maps: string;
let ring: string;
let elements: string;
beforeAll(() => {
  maps = compile('maps');
  ring = compile('ring');
  elements = compile('elements');
});

function loaded(path: string): BpfObject {
  const object = BpfObject.open(path);
  object.load();
  return object;
}

function seen(object: BpfObject): number {
  return Number(object.map('seen').lookup(Buffer.alloc(4))?.readBigUInt64LE());
}

/** Runs a process inside the cgroup that connects once to a server of ours. */
async function connectInside(folder: string): Promise<void> {
  const server = net.createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await run('bash', ['-c', `echo $$ > ${folder}/cgroup.procs && exec 3<>/dev/tcp/127.0.0.1/${port}`]);
  server.close();
}

describe('in a cgroup', () => {
  test('a program sees what happens inside, until it is detached', async () => {
    using group = cgroup();
    using object = loaded(maps);
    const fd = openSync(group.path, 'r');
    using link = object.program('watch').attachCgroup(fd);
    closeSync(fd);
    expect(link.info()).toMatchObject({
      programId: object.program('watch').info().id,
      cgroupId: statSync(group.path, { bigint: true }).ino,
    });
    await connectInside(group.path);
    expect(seen(object)).toBe(8);
    link.detach();
    await connectInside(group.path);
    expect(seen(object)).toBe(8);
    expect(link.info().cgroupId).toBe(0n);
  });

  test('a pinned link holds on, can be opened again, and can change its program', async () => {
    using group = cgroup();
    using folder = pinFolder();
    using object = loaded(maps);
    const fd = openSync(group.path, 'r');
    const first = object.program('watch').attachCgroup(fd);
    closeSync(fd);
    first.pin(`${folder.path}/link`);
    first.close();
    await connectInside(group.path);
    expect(seen(object)).toBe(8);

    object.program('ignore').pin(`${folder.path}/ignore`);
    using link = BpfLink.openPinned(`${folder.path}/link`);
    using ignore = BpfProgram.openPinned(`${folder.path}/ignore`);
    link.update(ignore);
    expect(link.info().programId).toBe(ignore.info().id);
    await connectInside(group.path);
    expect(seen(object)).toBe(8);
    link.detach();
  });

  test('a descriptor that is no cgroup is refused', () => {
    using object = loaded(maps);
    const fd = openSync('/', 'r');
    expect(() => object.program('watch').attachCgroup(fd)).toThrow(
      'Could not attach the program watch to the cgroup',
    );
    closeSync(fd);
  });
});

describe('on a map', () => {
  test('a verdict program is attached and detached', () => {
    using object = loaded(maps);
    const { fd } = object.program('pass');
    const map = object.map('sockets').fd;
    attachToMap(fd, map, BPF_SK_MSG_VERDICT);
    detachFromMap(fd, map, BPF_SK_MSG_VERDICT);
    expect(() => detachFromMap(fd, map, BPF_SK_MSG_VERDICT)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('at a tracepoint', () => {
  test('a program runs on every hit, until its link is closed', () => {
    using object = BpfObject.open(maps);
    const rodata = object.map('.rodata');
    const value = rodata.initialValue();
    value.writeUInt32LE(process.pid, object.layouts().section('.rodata').fields.get('caller')?.offset);
    rodata.setInitialValue(value);
    object.load();
    const before = openDescriptors();
    const link = object.program('asked').attachTracepoint('syscalls', 'sys_enter_getpriority');
    for (let n = 0; n < 3; n++) getPriority();
    expect(seen(object)).toBe(3 * 8);
    link.close();
    getPriority();
    expect(seen(object)).toBe(3 * 8);
    expect(openDescriptors()).toBe(before);
  });

  test('that there is not is refused', () => {
    using object = loaded(maps);
    expect(() => object.program('asked').attachTracepoint('syscalls', 'absent')).toThrow(
      'Could not find the tracepoint syscalls/absent: No such file or directory (ENOENT)',
    );
  });
});

describe('an iterator', () => {
  test('visits everything and says what it found, also from a pin', () => {
    using folder = pinFolder();
    using object = loaded(ring);
    using first = object.program('list').attachIterator();
    first.pin(`${folder.path}/list`);
    using link = BpfLink.openPinned(`${folder.path}/list`);
    const before = openDescriptors();
    const found = readIterator(link);
    expect(openDescriptors()).toBe(before);
    expect(found.length).toBe(4 * 100_000);
    for (let n = 0; n < 100_000; n++)
      if (found.readUInt32LE(4 * n) !== n) throw new Error(`element ${n} is missing`);
    expect(link.info().cgroupId).toBeNull();
  });

  test('writes the same where little is read at once, and on another thread', async () => {
    using object = loaded(ring);
    using link = object.program('list').attachIterator();
    const all = readIterator(link);
    const before = openDescriptors();
    const outputs = [
      readIterator(link, 12),
      await readInBackground(openIterator(link), 12),
      await readInBackground(openIterator(link)),
    ];
    for (const output of outputs) expect(output.equals(all)).toBe(true);
    expect(openDescriptors()).toBe(before);
  });

  test('that is none fails with its reason', async () => {
    const file = openSync('/proc/self', 'r');
    await expect(readInBackground(file)).rejects.toThrow(
      'Could not run the iterator: Is a directory (EISDIR)',
    );
    // It was closed nevertheless.
    expect(() => closeSync(file)).toThrow('EBADF');
  });

  test('over a map visits each of its elements, and is refused without it', () => {
    using object = BpfObject.open(elements);
    try {
      object.load();
    } catch (error) {
      // Some kernels refuse all of these.
      expect(error).toMatchObject({ code: 'EPERM' });
      return;
    }
    const list = object.program('list');
    expect(() => list.attachIterator()).toThrow('attach the iterator the program list');
    using link = list.attachIterator({ mapFd: object.map('source').fd });
    expect([...new Uint32Array(new Uint8Array(readIterator(link)).buffer)]).toEqual([0, 1, 2, 3, 4]);
  });
});

test('pin folders and cgroups of the tests are gone', () => {
  expect(readdirSync('/sys/fs/bpf').filter((name) => name.startsWith(`libbpf-test-${process.pid}-`))).toEqual(
    [],
  );
});
