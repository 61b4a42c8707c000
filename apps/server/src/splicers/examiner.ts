import { keyOf, type UnexaminedProgram } from '../dataplane/dataplane.ts';
import type { Examined } from './executables.ts';

const MOST_AT_ONCE = 4;
/** Each look costs a twentieth of a second of a processor, and anybody can make executables: so many in a row, and then so many a second. */
const MOST_IN_A_ROW = 50;
const A_SECOND = 4;
/** Milliseconds before a file that could not be read has its turn again. */
export const REST = 60_000;
/** Milliseconds before it is asked again who waits, where all that do have to rest. */
const PAUSE = 1000;

type Examine = (program: UnexaminedProgram) => Promise<Examined | null>;
/** What came of a look: null where the process has ended. What is unreadable rests, and is due again after that. */
export type Found = Examined | null | 'unreadable' | 'due again';
type Tell = (program: UnexaminedProgram, found: Found) => void;

interface Failed {
  readonly program: UnexaminedProgram;
  /** On the steady clock. */
  readonly restsUntil: number;
}

/** Looks at executables, some at a time: one may be slow. What cannot be looked at stays as it is. */
export class Examiner {
  readonly #examine: Examine;
  readonly #tell: Tell;
  readonly #underWay = new Set<string>();
  /** In the order in which they failed. */
  readonly #failed = new Map<string, Failed>();
  #queue: readonly UnexaminedProgram[] = [];
  #pauseUntil = 0;
  /** Looks that may be made now. */
  #left = MOST_IN_A_ROW;
  #earnedAt = performance.now();
  #trouble: unknown = null;

  constructor(examine: Examine, tell: Tell) {
    this.#examine = examine;
    this.#tell = tell;
  }

  /** `waiting` answers with those that wait, and is asked only when nobody is before them. Throws what went wrong since the last turn. */
  turn(waiting: () => readonly UnexaminedProgram[]): void {
    const trouble = this.#trouble;
    this.#trouble = null;
    this.#wake();
    if (this.#queue.length === 0 && performance.now() >= this.#pauseUntil) this.#fill(waiting());
    this.#earn();
    this.#goOn();
    if (trouble) throw trouble;
  }

  #fill(programs: readonly UnexaminedProgram[]): void {
    const awake = programs.filter((program) => !this.#rests(program));
    const due = awake.filter((program) => !this.#underWay.has(keyOf(program)));
    this.#queue = [...new Map(due.map((program) => [keyOf(program), program])).values()];
    if (programs.length > 0 && awake.length === 0) this.#pauseUntil = performance.now() + PAUSE;
  }

  #rests(program: UnexaminedProgram): boolean {
    return (this.#failed.get(keyOf(program))?.restsUntil ?? 0) > performance.now();
  }

  /** Those that have rested: not many can, with so few looks a second. */
  #wake(): void {
    for (const [name, { program, restsUntil }] of this.#failed) {
      if (restsUntil > performance.now()) return;
      this.#tell(program, 'due again');
      this.#failed.delete(name);
    }
  }

  #earn(): void {
    const now = performance.now();
    this.#left = Math.min(this.#left + ((now - this.#earnedAt) * A_SECOND) / 1000, MOST_IN_A_ROW);
    this.#earnedAt = now;
  }

  #goOn(): void {
    while (this.#underWay.size < MOST_AT_ONCE && this.#left >= 1) {
      const [next, ...others] = this.#queue;
      if (!next) return;
      this.#left--;
      this.#queue = others;
      void this.#lookAt(next);
    }
  }

  async #lookAt(program: UnexaminedProgram): Promise<void> {
    const name = keyOf(program);
    this.#underWay.add(name);
    try {
      const found = await this.#examine(program).catch((error: unknown) => this.#fail(name, program, error));
      if (found !== 'unreadable') this.#failed.delete(name);
      this.#tell(program, found);
    } catch (error) {
      this.#trouble = error;
    } finally {
      this.#underWay.delete(name);
      this.#goOn();
    }
  }

  #fail(name: string, program: UnexaminedProgram, cause: unknown): 'unreadable' {
    this.#trouble = new Error(`What process ${program.pid} executes cannot be read.`, { cause });
    this.#failed.delete(name);
    this.#failed.set(name, { program, restsUntil: performance.now() + REST });
    return 'unreadable';
  }
}
