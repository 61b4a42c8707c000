import { execFileSync } from 'node:child_process';
import type { FileList } from './file-list.ts';

/** Adds commands, and the shared libraries that they are linked with. */
export function addCommands(files: FileList, names: readonly string[]): void {
  for (const name of names) addBinary(files, output('sh', '-c', 'command -v "$0"', name).trim());
}

/** Adds a program or a shared library, and the libraries that it is linked with. */
export function addBinary(files: FileList, path: string): void {
  const real = files.add(path);
  for (const [, library = ''] of output('ldd', real).matchAll(/(\/\S+) \(0x/g)) files.add(library);
}

/** The place of a shared library that is loaded by its name. */
export function libraryPath(name: string): string {
  const line = output('/sbin/ldconfig', '-p')
    .split('\n')
    .find((entry) => entry.trim().startsWith(`${name} `));
  const path = line?.split(' => ')[1];
  if (path === undefined) throw new Error(`There is no shared library ${name}.`);
  return path;
}

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}
