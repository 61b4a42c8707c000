import { readSync } from 'node:fs';

const ELF_64_LITTLE_ENDIAN = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
/** Type of the section with the symbols that are resolved as the program is loaded. */
const DYNAMIC_SYMBOLS = 11;
const WEAK = 2;
const UNDEFINED = 0;
/** Bytes of one section. The largest browsers' have a tenth of it. */
const MOST = 16 * 1024 * 1024;
const MOST_POSITION = 2n ** 62n;

const SPLICE = Buffer.from('splice\0');
/** What Python offers to others. */
const PYTHON = Buffer.from('Py_BytesMain\0');

interface Symbols {
  readonly entries: Buffer;
  readonly names: Buffer;
}

/**
 * Whether an executable, open as `fd`, has the loader find `splice` in the C library, by ELF's dynamic symbols, and cannot do without (weak ones it can). Python does for
 * its scripts, hardly one of which ever asks for it, and does not count. What is linked statically, makes the system call itself or has 32 bits does not say:
 * Go's programs all could, and most never do. The file may be anything, and made by anybody.
 */
export function callsSplice(fd: number): boolean {
  const symbols = dynamicSymbols(fd);
  if (symbols === null) return false;
  let calls = false;
  for (const { name, defined, weak } of each(symbols)) {
    if (defined && isAt(symbols.names, name, PYTHON)) return false;
    if (!defined && !weak && isAt(symbols.names, name, SPLICE)) calls = true;
  }
  return calls;
}

function dynamicSymbols(fd: number): Symbols | null {
  const header = bytes(fd, 0n, HEADER_SIZE);
  if (!header?.subarray(0, ELF_64_LITTLE_ENDIAN.length).equals(ELF_64_LITTLE_ENDIAN)) return null;
  const [at, size, count] = [header.readBigUInt64LE(40), header.readUInt16LE(58), header.readUInt16LE(60)];
  const sections = size === SECTION_SIZE ? bytes(fd, at, size * count) : null;
  if (sections === null) return null;
  const section = (index: number) => sections.subarray(index * size, (index + 1) * size);
  const found = Array.from({ length: count }, (_, index) => section(index)).find(
    (one) => one.readUInt32LE(4) === DYNAMIC_SYMBOLS,
  );
  if (!found || found.readUInt32LE(40) >= count) return null;
  const [entries, names] = [contentOf(fd, found), contentOf(fd, section(found.readUInt32LE(40)))];
  return entries && names && { entries, names };
}

function* each({ entries }: Symbols) {
  for (let at = 0; at + SYMBOL_SIZE <= entries.length; at += SYMBOL_SIZE) {
    yield {
      name: entries.readUInt32LE(at),
      defined: entries.readUInt16LE(at + 6) !== UNDEFINED,
      weak: entries.readUInt8(at + 4) >> 4 === WEAK,
    };
  }
}

function isAt(names: Buffer, start: number, name: Buffer): boolean {
  return (
    start + name.length <= names.length &&
    names.compare(name, 0, name.length, start, start + name.length) === 0
  );
}

function contentOf(fd: number, section: Buffer): Buffer | null {
  return bytes(fd, section.readBigUInt64LE(24), Number(section.readBigUInt64LE(32)));
}

/** Null where the file is shorter. Not all file systems answer with all of it at once. */
function bytes(fd: number, position: bigint, length: number): Buffer | null {
  if (length > MOST || position > MOST_POSITION) return null;
  const buffer = Buffer.alloc(length);
  for (let have = 0; have < length; ) {
    const more = readSync(fd, buffer, have, length - have, position + BigInt(have));
    if (more === 0) return null;
    have += more;
  }
  return buffer;
}
