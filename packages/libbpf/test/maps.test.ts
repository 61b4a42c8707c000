import { beforeAll, describe, expect, test } from 'vitest';
import { BPF_NOEXIST, BpfError, BpfMap, BpfObject, possibleCpus } from '../src/index.ts';
import { compile, pinFolder } from './kernel.ts';

const HASH = 1;
let objectPath: string;
beforeAll(() => {
  objectPath = compile('maps');
});

function loaded(prepare: (object: BpfObject) => void = () => {}): BpfObject {
  const object = BpfObject.open(objectPath);
  prepare(object);
  object.load();
  return object;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

describe('one entry', () => {
  test('is written, read, replaced and deleted', () => {
    using object = loaded();
    const table = object.map('table');
    const value = Buffer.alloc(table.info().valueSize, 5);
    expect(table.lookup(u32(1))).toBeNull();
    table.update(u32(1), value);
    expect(table.lookup(u32(1))).toEqual(value);
    table.update(u32(1), value.fill(6));
    expect(table.lookup(u32(1))?.[0]).toBe(6);
    expect(table.delete(u32(1))).toBe(true);
    expect(table.delete(u32(1))).toBe(false);
    expect(table.lookup(u32(1))).toBeNull();
  });

  test('that exists is refused where it must be new', () => {
    using object = loaded();
    const table = object.map('table');
    const value = Buffer.alloc(table.info().valueSize);
    table.update(u32(1), value, BPF_NOEXIST);
    expect(() => table.update(u32(1), value, BPF_NOEXIST)).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
  });

  test('of a wrong size never reaches the kernel', () => {
    using object = loaded();
    expect(() => object.map('table').lookup(Buffer.alloc(3))).toThrow(
      'A key of the map table has 4 bytes, not 3.',
    );
    expect(() => object.map('counters').update(u32(0), Buffer.alloc(4))).toThrow(RangeError);
  });

  test('of a per-CPU map has a value for each possible CPU', () => {
    using object = loaded();
    const counters = object.map('counters');
    expect(counters.entrySize).toBe(8 * possibleCpus());
    const entry = Buffer.alloc(counters.entrySize);
    for (let cpu = 0; cpu < possibleCpus(); cpu++) entry.writeUInt32LE(100 + cpu, cpu * 8);
    counters.update(u32(2), entry);
    const values = counters.lookupPerCpu(u32(2))?.map((value) => value.readUInt32LE());
    expect(values).toEqual(Array.from({ length: possibleCpus() }, (_, cpu) => 100 + cpu));
    expect(counters.lookupPerCpu(u32(9))).toBeNull();
  });
});

describe('all entries', () => {
  test('of 20 000 arrive, each once, with its own value, also when the map shrinks again', () => {
    using object = loaded((object) => object.map('table').setMaxEntries(65_536));
    const table = object.map('table');
    expect(table.info()).toMatchObject({ name: 'table', type: HASH, keySize: 4, maxEntries: 65_536 });
    const value = Buffer.alloc(table.info().valueSize);
    for (let n = 0; n < 20_000; n++) {
      value.writeUInt32LE(n * 3, 4);
      table.update(u32(n), value);
    }
    const seen = new Set<number>();
    for (const { keys, values, count, keySize, valueSize } of table.parts(4096)) {
      expect(count).toBeLessThanOrEqual(4096);
      for (let n = 0; n < count; n++) {
        const key = keys.readUInt32LE(n * keySize);
        if (seen.has(key)) throw new Error(`key ${key} has come twice`);
        seen.add(key);
        if (values.readUInt32LE(n * valueSize + 4) !== key * 3)
          throw new Error(`key ${key} has another's value`);
      }
    }
    expect(seen.size).toBe(20_000);

    for (let n = 10; n < 20_000; n++) table.delete(u32(n));
    expect([...table.parts(4096)].map(({ count }) => count)).toEqual([10]);
    expect(
      table
        .keys()
        .map((key) => key.readUInt32LE())
        .sort((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('of an empty map are none', () => {
    using object = loaded();
    expect([...object.map('table').parts(16)]).toEqual([]);
    expect(object.map('table').keys()).toEqual([]);
  });

  test('of a per-CPU array come with every CPU', () => {
    using object = loaded();
    const [entries] = object.map('counters').parts(16);
    expect(entries).toMatchObject({ count: 4, valueSize: 8 * possibleCpus() });
    expect(entries?.values.length).toBe(4 * 8 * possibleCpus());
  });

  test('of a map type without batches are refused', () => {
    using object = loaded();
    expect(() => [...object.map('sockets').parts(16)]).toThrow(BpfError);
  });
});

describe('pinned', () => {
  test('a map outlives its object and is the same one', () => {
    using folder = pinFolder();
    const object = loaded();
    object.map('table').pin(`${folder.path}/table`);
    object.map('table').update(u32(4), Buffer.alloc(object.map('table').entrySize, 9));
    const { id } = object.map('table').info();
    object.close();
    using map = BpfMap.openPinned(`${folder.path}/table`);
    expect(map.info().id).toBe(id);
    expect(map.lookup(u32(4))?.[0]).toBe(9);
  });

  test('nothing at a path is ENOENT, and names the path', () => {
    expect(() => BpfMap.openPinned('/sys/fs/bpf/nothing-here')).toThrow(
      'Could not open the map at /sys/fs/bpf/nothing-here: No such file or directory (ENOENT)',
    );
  });
});
