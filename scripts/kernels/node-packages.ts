import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileList } from './file-list.ts';

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Nothing runs them: they are for the compiler, or optional. */
const NEVER_RUN = new Set(['typescript', 'next', '@types/node', 'jiti']);

/** Adds the installed packages with these names, as the code in `folder` finds them, and all that they need when they run. */
export function addPackages(files: FileList, folder: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const path = find(folder, name);
    if (path === null) throw new Error(`The package ${name} is not installed for ${folder}.`);
    addPackage(files, path, seen);
  }
}

/** What the package in this folder needs when it runs, and is installed: a dependency that is optional may not be. */
export function needs(folder: string): string[] {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  return names.filter((name) => !NEVER_RUN.has(name) && find(folder, name) !== null);
}

function addPackage(files: FileList, path: string, seen: Set<string>): void {
  const real = files.add(path);
  if (seen.has(real)) return;
  seen.add(real);
  files.addTree(real, ['node_modules', '.turbo']);
  for (const name of needs(real)) addPackage(files, find(real, name) as string, seen);
}

/** As Node looks for it: in the node_modules of this folder and of those above it. */
function find(folder: string, name: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'node_modules', name);
    if (existsSync(path)) return path;
    if (at === dirname(at)) return null;
  }
}
