import { readdirSync, readFileSync } from 'node:fs';
import { run, until } from '@sidestep/bench';
import { z } from 'zod';

const KINDS = ['prog', 'map', 'link'] as const;

/** Ids of programs, maps and links. */
export type KernelObjects = Readonly<Record<(typeof KINDS)[number], ReadonlySet<number>>>;

/** What a process holds open, as the kernel says. */
export function heldBy(pid: number): KernelObjects {
  const held = { prog: new Set<number>(), map: new Set<number>(), link: new Set<number>() };
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    const info = infoOf(pid, fd);
    for (const kind of KINDS) {
      const id = new RegExp(`^${kind}_id:\\s*(\\d+)$`, 'm').exec(info)?.[1];
      if (id) held[kind].add(Number(id));
    }
  }
  return held;
}

/** Empty for a descriptor that was closed meanwhile. */
function infoOf(pid: number, fd: string): string {
  try {
    return readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
  } catch {
    return '';
  }
}

/** Waits until `bpftool` finds none of the objects; the kernel frees some of them a moment after their last user has gone. */
export async function untilGone(objects: KernelObjects): Promise<void> {
  for (const kind of KINDS) {
    await until(`bpftool ${kind} show finds none of ${[...objects[kind]]}`, async () => {
      const shown = await idsShown(kind);
      return [...objects[kind]].every((id) => !shown.has(id));
    });
  }
}

/** What is attached to the cgroup, in bpftool's words; empty when nothing is. */
export function attachedTo(cgroup: string): Promise<string> {
  return run(['bpftool', 'cgroup', 'show', cgroup]);
}

async function idsShown(kind: (typeof KINDS)[number]): Promise<Set<number>> {
  const shown = z
    .array(z.object({ id: z.number() }))
    .parse(JSON.parse(await run(['bpftool', '-j', kind, 'show'])));
  return new Set(shown.map(({ id }) => id));
}
