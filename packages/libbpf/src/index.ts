/**
 * libbpf for Node: objects, maps, programs, links, ring buffers, and the memory layouts of their types. Everything is synchronous, and
 * everything that is opened is `close`d or disposed of with `using`. Refusals are `BpfError`s, with libbpf's and
 * the verifier's words in `log`; wrong lengths and names are `RangeError`s.
 */

export type { MapEntries } from './batch-reader.ts';
export type { Decoder } from './decoder.ts';
export type { Encodable, EncodableStruct, Encoder } from './encoder.ts';
export { BpfError } from './error.ts';
export { KernelTypes } from './kernel-types.ts';
export type { Field, FieldType, StructLayout } from './layout.ts';
export { BtfLayouts } from './layouts.ts';
export {
  BpfLink,
  type LinkInfo,
  openIterator,
  readInBackground,
  readIterator,
} from './link.ts';
export { BPF_ANY, BPF_EXIST, BPF_NOEXIST, BpfMap, type MapInfo } from './map.ts';
export { BpfObject, type ObjectMap } from './object.ts';
export {
  attachToMap,
  BPF_CGROUP_SOCK_OPS,
  BPF_SK_MSG_VERDICT,
  BpfProgram,
  detachFromMap,
  type ProgramInfo,
} from './program.ts';
export { type Copied, eachRecord, RingBuffer } from './ring-buffer.ts';
export { libbpfVersion, possibleCpus } from './system.ts';
