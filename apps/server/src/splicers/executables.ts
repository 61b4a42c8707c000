import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { keyOf, type UnexaminedProgram } from '../dataplane/dataplane.ts';
import { bootId } from '../host/boot-id.ts';
import { linkOf, type Place, placeOf } from './place.ts';

/** Milliseconds. It takes a twentieth of a second, as a rule. */
const LONGEST_LOOK = 10_000;
/** Who waits for a server of files that has taken its request, and does not answer, cannot be killed. */
const MOST_STUCK = 8;
/**
 * They need not be looked at again where acceleration is switched off and on: a key stands for a file's content, as far as its file system tells, as it does in the kernel's
 * own map. Where it has another name by now, it is looked at. What could splice is kept in the state folder.
 */
const MOST_HARMLESS = 4096;
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
  /** Where that is which the process executes, without a look at the file; null where it has ended. */
  placeOf(pid: number): Place | null;
}

/** `lookAt` answers with `Examined` in JSON. */
export function hostExecutables(lookAt: (program: UnexaminedProgram) => Promise<string> = look): Executables {
  /** By their keys. */
  const harmless = new Map<string, Examined>();
  return {
    boot: bootId(),
    examine: async (program) => {
      const key = keyOf(program);
      const known = harmless.get(key);
      if (known && linkOf(program.pid) === known.path) return known;
      const found = examinedSchema.nullable().parse(JSON.parse(await lookAt(program)));
      if (harmless.size >= MOST_HARMLESS) harmless.clear();
      if (found?.here && !found.couldSplice) harmless.set(key, found);
      return found;
    },
    placeOf,
  };
}

let stuck = 0;

/** What the process says that looks. It may outlive its time, and us. */
async function look({ pid, device, inode }: UnexaminedProgram): Promise<string> {
  if (stuck >= MOST_STUCK) throw new Error(`${stuck} files do not answer.`);
  const args = ['--disable-warning=ExperimentalWarning', LOOK, String(pid), String(device), String(inode)];
  // With our priority: connections wait for it, on a busy host above all.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // Before anything else: where no descriptor is left it has no pipes, and says so in the next turn; an error that nobody listens to ends the daemon.
  const closed = once(child, 'close');
  const said = { out: '', errors: '' };
  child.stdout?.setEncoding('utf8').on('data', (data) => {
    said.out += data;
  });
  child.stderr?.setEncoding('utf8').on('data', (data) => {
    said.errors += data;
  });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stuck++;
    child.once('exit', () => stuck--);
    child.kill('SIGKILL');
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) pipe?.destroy();
    reject(new Error('The file does not answer.'));
  }, LONGEST_LOOK);
  try {
    const [status] = await Promise.race([closed, late]);
    if (status !== 0) throw new Error(said.errors.trim() || `It ended with ${status}.`);
    return said.out;
  } finally {
    clearTimeout(timer);
  }
}
