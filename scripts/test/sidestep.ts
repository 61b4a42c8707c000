import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const root = join(import.meta.dirname, '../..');

/** Runs a command to its end. */
export async function run(command: string, ...args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number, out, err };
}

/** The script and what it is made of, in a folder that everybody may read and in which nothing has been set up. */
export function freshCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-script-'));
  for (const name of ['sidestep', 'scripts', 'package.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  return {
    folder,
    sidestep: (...args: readonly string[]) => run(join(folder, 'sidestep'), ...args),
    /** After `prepare`, shell commands run in a mount namespace of their own, where they may hide parts of the machine. */
    sidestepOn: (prepare: string, ...args: readonly string[]) =>
      run('unshare', '-m', 'sh', '-ec', `${prepare}; exec "$0" "$@"`, join(folder, 'sidestep'), ...args),
    content: () => readdirSync(folder).sort(),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
