import { readFileSync } from 'node:fs';
import type { Probe } from '../probe.ts';

const MAGIC = 0xeb9f;

/** `path` is where the kernel describes its own types. */
export function btf(path = '/sys/kernel/btf/vmlinux'): Probe {
  const means = 'Sidestep’s programs cannot tell where this kernel keeps what they read.';
  const does =
    'Refuses to accelerate. Start a kernel that was built with CONFIG_DEBUG_INFO_BTF, such as Debian’s own.';
  return {
    id: 'btf',
    title: 'The kernel describes its own types',
    essential: true,
    unknown: { means, does },
    make: async () => {
      const found = read(path);
      if (found?.readUInt16LE(0) !== MAGIC) {
        const seen = found === null ? `There is no ${path}.` : `${path} holds no BTF.`;
        return { outcome: 'refused', seen, means, does };
      }
      return {
        outcome: 'fine',
        seen: `${path} holds ${(found.length / 1e6).toFixed(1)} MB of BTF.`,
        means: 'One compiled object fits this kernel.',
        does: 'Reads the kernel’s structures where this kernel keeps them.',
      };
    },
  };
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
