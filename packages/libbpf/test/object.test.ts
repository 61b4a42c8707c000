import { beforeAll, describe, expect, test } from 'vitest';
import { BpfError, BpfMap, BpfObject, BtfLayouts, libbpfVersion } from '../src/index.ts';
import { compile, openDescriptors, pinFolder } from './kernel.ts';

let maps: string;
let refused: string;
beforeAll(() => {
  maps = compile('maps');
  refused = compile('refused');
});

describe('a program that the verifier refuses', () => {
  test('fails with its words', () => {
    using object = BpfObject.open(refused);
    const error = thrownBy(() => object.load());
    expect(error).toMatchObject({ code: 'EACCES', errno: 13, operation: `load ${refused}` });
    expect(error.log).toContain("R0 invalid mem access 'map_value_or_null'");
    expect(error.log).toContain("prog 'careless'");
  });

  test('leaves no words behind for the next one', () => {
    using object = BpfObject.open(refused);
    thrownBy(() => object.load());
    expect(thrownBy(() => BpfObject.open('/nowhere.bpf.o')).log).not.toContain('careless');
  });
});

test('a program that is left out is not loaded, and the others are', () => {
  using object = BpfObject.open(refused);
  object.leaveOut('careless');
  object.load();
  expect(() => object.program('careless').fd).toThrow('use the program careless before');
  expect(() => object.leaveOut('absent')).toThrow('find the program absent');
});

describe('a map that is in the kernel', () => {
  test('can be used by another object instead of one of its own', () => {
    using first = BpfObject.open(maps);
    first.load();
    using second = BpfObject.open(maps);
    second.map('table').reuse(first.map('table'));
    second.load();
    expect(second.map('table').info().id).toBe(first.map('table').info().id);
    expect(second.map('seen').info().id).not.toBe(first.map('seen').info().id);
  });

  test('knows the layouts of the object that it came from', () => {
    using object = BpfObject.open(maps);
    object.load();
    const layouts = BtfLayouts.fromMap(object.map('table'));
    expect(layouts.struct('everything')).toEqual(BtfLayouts.fromObject(maps).struct('everything'));
    expect(() => BtfLayouts.fromMap(object.map('sockets'))).toThrow('read the BTF of the map sockets');
  });
});

describe('an object file', () => {
  test('that is missing or is none', () => {
    expect(thrownBy(() => BpfObject.open('/nowhere.bpf.o')).code).toBe('ENOENT');
    expect(thrownBy(() => BpfObject.open(import.meta.filename)).log).toContain('ELF');
  });

  test('lists its maps, and names what it has not', () => {
    using object = BpfObject.open(maps);
    expect(object.maps().map((map) => map.name)).toEqual(
      expect.arrayContaining(['table', 'counters', 'seen', 'sockets', 'maps.rodata']),
    );
    expect(() => object.map('absent')).toThrow('find the map absent');
    expect(() => object.program('absent')).toThrow('find the program absent');
  });

  test('can be configured only before it is loaded, and used only after', () => {
    using object = BpfObject.open(maps);
    expect(() => object.map('table').info()).toThrow(`use the map table before ${maps} is loaded`);
    object.load();
    expect(() => object.map('table').setMaxEntries(2)).toThrow(expect.objectContaining({ code: 'EBUSY' }));
    const table = object.map('table');
    object.close();
    expect(() => table.info()).toThrow('is closed');
    expect(() => object.load()).toThrow('is closed');
  });

  test('takes initial values for its constants', () => {
    using object = BpfObject.open(maps);
    const rodata = object.map('.rodata');
    const { fields } = object.layouts().section('.rodata');
    const value = rodata.initialValue();
    expect(value.readUInt32LE(fields.get('before')?.offset)).toBe(7);
    value.writeUInt32LE(8, fields.get('before')?.offset);
    rodata.setInitialValue(value);
    object.load();
    expect(object.map('.rodata').lookup(Buffer.alloc(4))).toEqual(value);
    expect(() => rodata.setInitialValue(value)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  test('and everything else gives its descriptors back', () => {
    using folder = pinFolder();
    const before = openDescriptors();
    {
      using object = BpfObject.open(maps);
      object.load();
      object.map('table').pin(`${folder.path}/table`);
      using map = BpfMap.openPinned(`${folder.path}/table`);
      map.keys();
      expect(openDescriptors()).toBeGreaterThan(before);
      using bad = BpfObject.open(refused);
      thrownBy(() => bad.load());
    }
    expect(openDescriptors()).toBe(before);
  });
});

test('the version is that of libbpf 1', () => {
  expect(libbpfVersion()).toMatch(/^v1\.\d+$/);
});

function thrownBy(act: () => unknown): BpfError {
  try {
    act();
  } catch (error) {
    if (error instanceof BpfError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
