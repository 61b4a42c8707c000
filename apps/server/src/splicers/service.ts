import type { Splicer } from '@sidestep/shared';

export interface SplicerService {
  /** Programs whose connections stay on the stack because they splice, the one learned first on top. */
  list(): Promise<Splicer[]>;
  /** Lets the program's connections join again, until it splices once more; answers with what is left. Throws `Refusal`. */
  release(program: string): Promise<Splicer[]>;
}
