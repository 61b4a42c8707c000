import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@sidestep/bench';

const BPF = join(import.meta.dirname, '../../../../../bpf');
const MAIN = join(import.meta.dirname, 'main-of-build.ts');

/** The programs, compiled with a macro of the tests' own. Disposing removes them. */
export class Build implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidestep-build-'));

  private constructor() {}

  static async of(macro: 'SS_TEST_OTHER_PROGRAMS' | 'SS_TEST_OTHER_LAYOUT'): Promise<Build> {
    const build = new Build();
    await run([
      'make',
      '-C',
      BPF,
      `BUILD=${build.#folder}`,
      `EXTRA=-D${macro}`,
      join(build.#folder, 'sidestep.o'),
    ]);
    return build;
  }

  /** What starts a daemon with these programs. */
  get main(): readonly string[] {
    return [MAIN, join(this.#folder, 'sidestep.o')];
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
