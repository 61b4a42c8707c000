import { cpSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { collect, root, tool } from './command.ts';
import { type Failure, type Outcome, outcomeOf } from './outcome.ts';

/** Each check is one command that must end with 0; what it said is shown only if not. */
export async function staticChecks(): Promise<Outcome> {
  let passed = 0;
  const failures: Failure[] = [];
  for (const [name, run] of checks()) {
    const { exitCode, output } = await run();
    if (exitCode === 0) passed++;
    else failures.push({ test: name, message: output });
    console.log(`  ${exitCode === 0 ? '✓' : '✗'} ${name}`);
    if (exitCode !== 0) console.log(output.trimEnd().replace(/^/gm, '    '));
  }
  return outcomeOf({ passed, failed: failures.length, skipped: 0, exitCode: 0, failures });
}

type Check = [name: string, run: () => Promise<{ exitCode: number; output: string }>];

function checks(): Check[] {
  const typed = ['.', ...globSync('{apps,packages}/*/tsconfig.json', { cwd: root }).map(dirname).sort()];
  const compiled = ['bpf', ...globSync('packages/*/Makefile', { cwd: root }).map(dirname).sort()];
  return [
    ...typed.map(
      (folder): Check => [
        `types of ${folder === '.' ? 'scripts' : folder}`,
        () => collect(tool('tsc'), ['-p', folder], root),
      ],
    ),
    ['style (biome)', () => collect(tool('biome'), ['ci', '--colors=off'], root)],
    [
      'who imports whom (dependency-cruiser)',
      () =>
        collect(tool('depcruise'), ['apps', 'packages', '--config', 'dependency-cruiser.config.mjs'], root),
    ],
    ['shell (shellcheck)', () => collect('shellcheck', ['-x', '-a', 'sidestep', '.ci/run'], root)],
    ...compiled.map((folder): Check => [`no C warnings in ${folder}`, () => compileAfresh(folder)]),
  ];
}

/** The build itself may have been spared, and a warning with it. */
async function compileAfresh(folder: string) {
  const scratch = mkdtempSync(join(tmpdir(), 'sidestep-compile-'));
  try {
    const copy = join(scratch, basename(folder));
    const skipped = new Set(['node_modules', 'build']);
    cpSync(join(root, folder), copy, { recursive: true, filter: (path) => !skipped.has(basename(path)) });
    const { exitCode, output } = await collect('make', ['-C', copy], root);
    return { exitCode: output.includes('warning:') ? 1 : exitCode, output };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
