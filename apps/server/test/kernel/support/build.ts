import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@sidestep/bench';

const BPF = join(import.meta.dirname, '../../../../../bpf');
const MAIN = join(import.meta.dirname, 'main-of-build.ts');

/**
 * With the refused one the kernel takes not all programs; with one short cut all sockets have theirs in the same place; without a reminder
 * nobody but a daemon wakes a reader or takes back what a sender was lent; with a refresh that is soon, a segment of connections through a firewall passes every other second, and without a probe they go
 * by TCP for it.
 */
type Macro =
  | 'SS_TEST_OTHER_PROGRAMS'
  | 'SS_TEST_OTHER_LAYOUT'
  | 'SS_TEST_REFUSED'
  | 'SS_TEST_ONE_SHORT_CUT'
  | 'SS_TEST_NO_REMINDER'
  | 'SS_TEST_REFRESHED_SOON'
  | 'SS_TEST_NO_PROBE'
  | 'SS_TEST_SELDOM_AT_REST';

/** The programs, compiled with macros of the tests' own. Disposing removes them. */
export class Build implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidestep-build-'));

  private constructor() {}

  static async of(...macros: readonly Macro[]): Promise<Build> {
    const build = new Build();
    await run([
      'make',
      '-C',
      BPF,
      `BUILD=${build.#folder}`,
      `EXTRA=${macros.map((macro) => `-D${macro}`).join(' ')}`,
      join(build.#folder, 'sidestep.o'),
    ]);
    return build;
  }

  /** What starts a daemon with these programs. */
  get main(): readonly string[] {
    return [MAIN, join(this.#folder, 'sidestep.o')];
  }

  /** What is to be done before a daemon starts, so that it starts with these programs. */
  readonly prepare = async (daemon: { main: readonly string[] }): Promise<void> => {
    daemon.main = this.main;
  };

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
