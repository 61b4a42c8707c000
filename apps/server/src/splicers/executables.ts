import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { UnexaminedProgram } from '../dataplane/dataplane.ts';

/** Milliseconds. It takes a twentieth of a second, as a rule. */
const LONGEST_LOOK = 10_000;
/** Who waits for a server of files that has taken its request, and does not answer, cannot be killed. */
const MOST_STUCK = 8;
const LOOK = fileURLToPath(new URL('./look.ts', import.meta.url));

const examinedSchema = z.object({
  /** Of the executable, as its process sees it. */
  path: z.string(),
  /** Whether it calls the C library's `splice`. */
  couldSplice: z.boolean(),
  /** Whether the path leads to this file on the host, too: in each container it may lead to another one. */
  here: z.boolean(),
});
export type Examined = z.infer<typeof examinedSchema>;

/** How executables are found on this host. */
export interface Executables {
  /** Device numbers hold until the host boots again. */
  readonly boot: string;
  /** Null where the process has ended, or executes another file by now. Rejects where the file cannot be read, or does not answer. */
  examine(program: UnexaminedProgram): Promise<Examined | null>;
}

export function hostExecutables(): Executables {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    examine: async (program) => examinedSchema.nullable().parse(JSON.parse(await look(program))),
  };
}

let stuck = 0;

/** What the process says that looks. It may outlive its time, and us. */
async function look({ pid, device, inode }: UnexaminedProgram): Promise<string> {
  if (stuck >= MOST_STUCK) throw new Error(`${stuck} files do not answer.`);
  const args = ['--disable-warning=ExperimentalWarning', LOOK, String(pid), String(device), String(inode)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (data) => {
    said.out += data;
  });
  child.stderr.setEncoding('utf8').on('data', (data) => {
    said.errors += data;
  });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stuck++;
    child.once('exit', () => stuck--);
    child.kill('SIGKILL');
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) pipe.destroy();
    reject(new Error('The file does not answer.'));
  }, LONGEST_LOOK);
  try {
    const [status] = await Promise.race([once(child, 'close'), late]);
    if (status !== 0) throw new Error(said.errors.trim() || `It ended with ${status}.`);
    return said.out;
  } finally {
    clearTimeout(timer);
  }
}
