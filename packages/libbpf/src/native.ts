import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';

/** An address in C, as koffi hands it out; null is NULL. */
export type Pointer = bigint;

const shimPath = fileURLToPath(new URL('../build/shim.so', import.meta.url));

function load(path: string, remedy: string) {
  try {
    return koffi.load(path);
  } catch (cause) {
    throw new Error(`Cannot load ${path}: ${remedy}`, { cause });
  }
}

const libbpf = load('libbpf.so.1', 'install the Debian package libbpf1 (libbpf-dev brings it along).');
const shim = load(
  shimPath,
  existsSync(shimPath)
    ? 'it does not fit this machine; build it again.'
    : 'build it with `make -C packages/libbpf`.',
);

koffi.opaque('bpf_object');
koffi.opaque('bpf_map');
koffi.opaque('bpf_program');
koffi.opaque('btf');
koffi.opaque('shim_ring');
koffi.struct('bpf_iter_link_info', { map_fd: 'uint32_t' });
/** The first part of it, which is all that we fill; libbpf goes by `sz`. */
const linkCreateOptions = koffi.struct('bpf_link_create_opts', {
  sz: 'size_t',
  flags: 'uint32_t',
  iter_info: 'bpf_iter_link_info *',
  iter_info_len: 'uint32_t',
  target_btf_id: 'uint32_t',
});

export interface LinkCreateOptions {
  readonly iter_info: { readonly map_fd: number };
}

type Out = Uint8Array | Uint32Array;

/**
 * The functions of libbpf that are used, under their own names, and those of shim.c. Functions that return `number`
 * return 0 or more, or a negative errno; those that return a pointer return null and leave the reason in `lastErrno()`.
 */
export const native = {
  bpf_object__open_file: libbpf.func('bpf_object *bpf_object__open_file(const char *path, void *opts)') as (
    path: string,
    options: null,
  ) => Pointer | null,
  bpf_object__load: libbpf.func('int bpf_object__load(bpf_object *obj)') as (object: Pointer) => number,
  bpf_object__close: libbpf.func('void bpf_object__close(bpf_object *obj)') as (object: Pointer) => void,
  bpf_object__btf: libbpf.func('btf *bpf_object__btf(bpf_object *obj)') as (
    object: Pointer,
  ) => Pointer | null,
  bpf_object__next_map: libbpf.func('bpf_map *bpf_object__next_map(bpf_object *obj, bpf_map *map)') as (
    object: Pointer,
    map: Pointer | null,
  ) => Pointer | null,
  bpf_object__find_map_by_name: libbpf.func(
    'bpf_map *bpf_object__find_map_by_name(bpf_object *obj, const char *name)',
  ) as (object: Pointer, name: string) => Pointer | null,
  bpf_object__find_program_by_name: libbpf.func(
    'bpf_program *bpf_object__find_program_by_name(bpf_object *obj, const char *name)',
  ) as (object: Pointer, name: string) => Pointer | null,

  bpf_map__name: libbpf.func('const char *bpf_map__name(bpf_map *map)') as (map: Pointer) => string,
  bpf_map__fd: libbpf.func('int bpf_map__fd(bpf_map *map)') as (map: Pointer) => number,
  bpf_map__set_max_entries: libbpf.func('int bpf_map__set_max_entries(bpf_map *map, uint32_t entries)') as (
    map: Pointer,
    entries: number,
  ) => number,
  bpf_map__initial_value: libbpf.func('void *bpf_map__initial_value(bpf_map *map, size_t *size)') as (
    map: Pointer,
    size: BigUint64Array,
  ) => Pointer | null,
  bpf_map__set_initial_value: libbpf.func(
    'int bpf_map__set_initial_value(bpf_map *map, const void *data, size_t size)',
  ) as (map: Pointer, data: Uint8Array, size: number) => number,

  bpf_map__reuse_fd: libbpf.func('int bpf_map__reuse_fd(bpf_map *map, int fd)') as (
    map: Pointer,
    fd: number,
  ) => number,

  bpf_program__set_autoload: libbpf.func(
    'int bpf_program__set_autoload(bpf_program *prog, bool autoload)',
  ) as (program: Pointer, autoload: boolean) => number,
  bpf_program__fd: libbpf.func('int bpf_program__fd(bpf_program *prog)') as (program: Pointer) => number,
  bpf_program__expected_attach_type: libbpf.func(
    'int bpf_program__expected_attach_type(bpf_program *prog)',
  ) as (program: Pointer) => number,

  bpf_map_lookup_elem: libbpf.func('int bpf_map_lookup_elem(int fd, const void *key, void *value)') as (
    fd: number,
    key: Uint8Array,
    value: Uint8Array,
  ) => number,
  bpf_map_update_elem: libbpf.func(
    'int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)',
  ) as (fd: number, key: Uint8Array, value: Uint8Array, flags: number) => number,
  bpf_map_delete_elem: libbpf.func('int bpf_map_delete_elem(int fd, const void *key)') as (
    fd: number,
    key: Uint8Array,
  ) => number,
  bpf_map_get_next_key: libbpf.func('int bpf_map_get_next_key(int fd, const void *key, void *next)') as (
    fd: number,
    key: Uint8Array | null,
    next: Uint8Array,
  ) => number,
  bpf_map_lookup_batch: libbpf.func(
    'int bpf_map_lookup_batch(int fd, void *from, void *to, void *keys, void *values, uint32_t *count, void *opts)',
  ) as (
    fd: number,
    from: Uint8Array | null,
    to: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: Uint32Array,
    options: null,
  ) => number,

  bpf_obj_pin: libbpf.func('int bpf_obj_pin(int fd, const char *path)') as (
    fd: number,
    path: string,
  ) => number,
  bpf_obj_get: libbpf.func('int bpf_obj_get(const char *path)') as (path: string) => number,
  bpf_obj_get_info_by_fd: libbpf.func('int bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size)') as (
    fd: number,
    info: Out,
    size: Uint32Array,
  ) => number,

  bpf_link_create: libbpf.func(
    'int bpf_link_create(int program, int target, int type, bpf_link_create_opts *opts)',
  ) as (program: number, target: number, type: number, options: object | null) => number,
  bpf_link_update: libbpf.func('int bpf_link_update(int link, int program, void *opts)') as (
    link: number,
    program: number,
    options: null,
  ) => number,
  bpf_link_detach: libbpf.func('int bpf_link_detach(int link)') as (link: number) => number,
  bpf_iter_create: libbpf.func('int bpf_iter_create(int link)') as (link: number) => number,
  bpf_prog_attach: libbpf.func(
    'int bpf_prog_attach(int program, int target, int type, unsigned int flags)',
  ) as (program: number, target: number, type: number, flags: number) => number,
  bpf_prog_detach2: libbpf.func('int bpf_prog_detach2(int program, int target, int type)') as (
    program: number,
    target: number,
    type: number,
  ) => number,

  btf__parse: libbpf.func('btf *btf__parse(const char *path, void *ext)') as (
    path: string,
    extension: null,
  ) => Pointer | null,
  btf__raw_data: libbpf.func('void *btf__raw_data(btf *btf, uint32_t *size)') as (
    btf: Pointer,
    size: Uint32Array,
  ) => Pointer | null,
  btf__load_from_kernel_by_id: libbpf.func('btf *btf__load_from_kernel_by_id(uint32_t id)') as (
    id: number,
  ) => Pointer | null,
  btf__load_vmlinux_btf: libbpf.func('btf *btf__load_vmlinux_btf(void)') as () => Pointer | null,
  btf__find_by_name_kind: libbpf.func(
    'int btf__find_by_name_kind(btf *btf, const char *name, uint32_t kind)',
  ) as (btf: Pointer, name: string, kind: number) => number,
  btf__free: libbpf.func('void btf__free(btf *btf)') as (btf: Pointer) => void,

  libbpf_version_string: libbpf.func('const char *libbpf_version_string(void)') as () => string,
  libbpf_num_possible_cpus: libbpf.func('int libbpf_num_possible_cpus(void)') as () => number,
  libbpf_strerror: libbpf.func('int libbpf_strerror(int error, char *text, size_t size)') as (
    error: number,
    text: Uint8Array,
    size: number,
  ) => number,

  shim_capture_log: shim.func('void shim_capture_log(void)') as () => void,
  shim_log_length: shim.func('uint32_t shim_log_length(void)') as () => number,
  shim_log_take: shim.func('void shim_log_take(void *into)') as (into: Uint8Array) => void,
  shim_ring_open: shim.func('shim_ring *shim_ring_open(int fd, uint32_t size)') as (
    fd: number,
    size: number,
  ) => Pointer | null,
  shim_ring_read: shim.func(
    'int shim_ring_read(shim_ring *ring, void *into, uint32_t room, void *copied)',
  ) as (ring: Pointer, into: Uint8Array, room: number, copied: Uint8Array) => number,
  shim_ring_position: shim.func('uint64_t shim_ring_position(shim_ring *ring)') as (
    ring: Pointer,
  ) => number | bigint,
  shim_ring_release: shim.func('void shim_ring_release(shim_ring *ring, uint64_t position)') as (
    ring: Pointer,
    position: number,
  ) => void,
  shim_iterator_read: shim.func(
    'int64_t shim_iterator_read(int fd, void *into, uint32_t room, uint32_t at_once)',
  ) as ((fd: number, into: Uint8Array, room: number, atOnce: number) => number) & {
    /** On another thread. */
    async(
      fd: number,
      into: Uint8Array,
      room: number,
      atOnce: number,
      done: (error: Error | null, result: number) => void,
    ): void;
  },
  shim_try_tracing: shim.func('int shim_try_tracing(uint32_t attach_type, uint32_t type)') as (
    attachType: number,
    type: number,
  ) => number,
  shim_tracepoint_open: shim.func('int shim_tracepoint_open(uint32_t id)') as (id: number) => number,
  shim_ring_close: shim.func('void shim_ring_close(shim_ring *ring)') as (ring: Pointer) => void,
};

native.shim_capture_log();

/** The errno that the last call left; to be read right after a call that returned null. */
export function lastErrno(): number {
  return koffi.errno();
}

/** A copy of memory that C owns. */
export function copyOut(pointer: Pointer, size: number): Buffer {
  return Buffer.from(Buffer.from(koffi.view(pointer, size)));
}

/** `bpf_link_create`'s options for an iterator over one map. */
export function iteratorOptions(mapFd: number): object {
  return {
    sz: koffi.sizeof(linkCreateOptions),
    flags: 0,
    iter_info: { map_fd: mapFd },
    iter_info_len: 4,
    target_btf_id: 0,
  };
}
