import { z } from 'zod';
import { type Finding, type Probe, probe, REFUSES } from '../probe.ts';

const count = z.int().min(0);

const btf = probe({
  id: 'btf',
  title: 'The kernel describes its own types (BTF)',
  essential: true,
  request: 'btf',
  facts: z.object({ bytes: count }),
  judge: ({ bytes }) => ({
    outcome: 'fine',
    seen: `/sys/kernel/btf/vmlinux holds ${(bytes / 1e6).toFixed(1)} MB of types.`,
    means: 'One compiled object fits this kernel.',
    does: 'Reads the kernel’s structures where this kernel keeps them.',
  }),
  otherwise: {
    outcome: 'refused',
    means: 'Sidestep’s programs cannot tell where this kernel keeps what they read.',
    does: 'Refuses to accelerate. Start a kernel that was built with CONFIG_DEBUG_INFO_BTF, such as Debian’s own.',
  },
});

/** The verifier takes every program of ours of one kind. */
const allTaken = (programs: number): Finding => ({
  outcome: 'fine',
  seen: `The verifier takes ${programs === 1 ? 'the program' : `all ${programs}`}.`,
  means: 'The data plane’s own programs can run here.',
  does: 'Loads them when acceleration is switched on.',
});

/** The data plane's own programs of one kind go through the verifier. */
const programs = (id: string, section: string, kind: string, without: string): Probe =>
  probe({
    id,
    title: `${kind} load, with every helper that they call`,
    essential: true,
    request: `programs:${section}`,
    facts: z.object({ programs: count }),
    judge: ({ programs: loaded }) => allTaken(loaded),
    otherwise: { outcome: 'refused', means: without, does: REFUSES },
  });

/** The data plane's own iterators over all its sockets: bpf/visit.bpf.h. */
const visitors = probe({
  id: 'storage-iterators',
  title: 'Iterators over our connections load, with every helper that they call',
  essential: true,
  request: 'visitors',
  facts: z.object({ programs: count, files: z.boolean() }),
  judge: ({ programs, files }) =>
    files
      ? {
          outcome: 'worked round',
          seen: `${allTaken(programs).seen} Sockets are found among all open files, for the kernel refuses to iterate over what is in a map.`,
          means:
            'A visit takes longer where programs have many files open, and misses a socket that is open nowhere.',
          does: 'Looks through the open files of all programs. One that is closed in that very moment is closed a moment later.',
        }
      : allTaken(programs),
  otherwise: {
    outcome: 'refused',
    means: 'No connection could take or leave the bypass safely.',
    does: REFUSES,
  },
});

/** The data plane's own programs at functions of the kernel: bpf/splice.bpf.c. */
const functions = probe({
  id: 'function-watchers',
  title: 'Programs are called where a function of the kernel begins (fentry)',
  essential: false,
  request: 'functions',
  facts: z.object({ programs: count }),
  judge: ({ programs }) => ({
    ...allTaken(programs),
    means:
      'Programs that must stay on TCP are recognised where they splice, or ask FIONREAD. All others pay nothing.',
    does: 'Has them called at two functions of the kernel while acceleration is on.',
  }),
  otherwise: {
    outcome: 'worked round',
    means:
      'Programs that must stay on TCP are recognised by their system calls. So every system call of this host takes some 20 to 35 ns longer while acceleration is on.',
    does: 'Watches ioctl and splice instead.',
  },
});

const MB = 1e6;

const memory = (maxConnections: number | null): Probe =>
  probe({
    id: 'memory',
    title: 'There is memory for the maps',
    essential: true,
    request: maxConnections === null ? 'memory' : `memory:${maxConnections}`,
    facts: z.object({ maps: count, bytes: count, connections: count }),
    judge: ({ maps, bytes, connections }) => ({
      outcome: 'fine',
      seen: `${maps} maps with room for ${connections} connections took ${Math.round(bytes / MB)} MB.`,
      means: 'No memory limit of the daemon stands in the way.',
      does: 'Takes that much while acceleration is on, and gives it back when it is switched off.',
    }),
    otherwise: {
      outcome: 'refused',
      means: 'The daemon may not have as much memory in the kernel as the maps take.',
      does: 'Refuses to accelerate. Raise the memory limit of the daemon’s cgroup (or ulimit -l), or start it with a smaller --max-connections.',
    },
  });

const jit = probe({
  id: 'jit',
  title: 'Programs are compiled to machine code (JIT)',
  essential: true,
  request: 'jit',
  facts: z.object({ translated: count, compiled: count }),
  judge: ({ translated, compiled }) =>
    compiled > 0
      ? {
          outcome: 'fine',
          seen: `A program of ${translated} bytes became ${compiled} bytes of machine code.`,
          means: 'Deciding about a message costs a fraction of a microsecond.',
          does: 'Nothing more is needed.',
        }
      : {
          outcome: 'refused',
          seen: `A program of ${translated} bytes is interpreted.`,
          means:
            'The programs that choose a message’s path have functions of their own called back, which is not allowed to interpreted ones.',
          does: 'Refuses to accelerate. sudo sysctl net.core.bpf_jit_enable=1 changes that.',
        },
  otherwise: {
    outcome: 'refused',
    means: 'Whether the programs that choose a message’s path can be loaded is not known.',
    does: REFUSES,
  },
});

const pins = probe({
  id: 'pins',
  title: 'What is pinned outlives the daemon',
  essential: true,
  request: 'pins',
  facts: z.object({ visited: count }),
  judge: () => ({
    outcome: 'fine',
    seen: 'A map, a program and an iterator were pinned, closed, opened again and used.',
    means: 'Connections go on when the daemon ends, and the next one takes over.',
    does: 'Pins the data plane in the folder given with --pin-dir.',
  }),
  otherwise: {
    outcome: 'refused',
    means: 'Nobody could take over what runs when the daemon ends.',
    does: REFUSES,
  },
});

const EPERM = 1;

const unprivileged = probe({
  id: 'unprivileged-bpf',
  title: 'Only privileged users load programs',
  essential: false,
  request: 'unprivileged',
  facts: z.object({ error: count }),
  judge: ({ error }) =>
    error === EPERM
      ? {
          outcome: 'fine',
          seen: 'A program loaded by user 65534 was refused with EPERM.',
          means: 'Programs in the kernel come from root alone.',
          does: 'Nothing more is needed: the daemon has CAP_BPF.',
        }
      : {
          outcome: 'worked round',
          seen:
            error === 0
              ? 'User 65534 loaded a program.'
              : `A program loaded by user 65534 was refused with error ${error}, not EPERM.`,
          means:
            'Every user of this host may load programs of a simple kind, which attacks on processors have used.',
          does: 'Needs none of that, keeps its maps where only root opens them, and changes no sysctl. sudo sysctl kernel.unprivileged_bpf_disabled=2 forbids it.',
        },
  otherwise: {
    outcome: 'worked round',
    means: 'Whether other users may load programs is not known.',
    does: 'Keeps its maps where only root opens them.',
  },
});

export const loading = (maxConnections: number | null): readonly Probe[] => [
  btf,
  programs(
    'sock-ops',
    'sockops',
    'Programs that see connections begin and end (sock_ops)',
    'Sidestep would not learn of any connection.',
  ),
  programs(
    'sk-msg',
    'sk_msg',
    'Programs that choose a message’s path (sk_msg)',
    'No message could be sent past the stack.',
  ),
  visitors,
  programs(
    'tcp-iterators',
    'iter/tcp',
    'Iterators over all TCP sockets',
    'Connections that are open when you switch on would not be found.',
  ),
  programs(
    'call-watchers',
    'tracepoint',
    'Programs that watch system calls (tracepoints)',
    'Sidestep would not learn which programs must stay on TCP.',
  ),
  functions,
  memory(maxConnections),
  jit,
  pins,
  unprivileged,
];
