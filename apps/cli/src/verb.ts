import { resolve } from 'node:path';
import { Command } from 'commander';

/** What every verb takes. */
export interface CommonOptions {
  /** Absolute. */
  readonly stateDir: string;
  readonly json?: true;
}

/** A verb with the options that are the same on all verbs. Only the daemon itself reads the last three. */
export function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--state-dir <path>', 'state folder of the daemon', (path) => resolve(path), '/var/lib/sidestep')
    .option('--listen <address>', 'as given to the daemon; not needed here')
    .option('--cgroup <path>', 'as given to the daemon; not needed here')
    .option('--pin-dir <path>', 'as given to the daemon; not needed here')
    .option('--json', 'print JSON');
}
