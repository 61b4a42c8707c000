import { Command, CommanderError } from 'commander';
import { connections } from './commands/connections.ts';
import { disable } from './commands/disable.ts';
import { doctor } from './commands/doctor.ts';
import { enable } from './commands/enable.ts';
import { events } from './commands/events.ts';
import { settings } from './commands/settings.ts';
import { signInLink } from './commands/sign-in-link.ts';
import { splicers } from './commands/splicers.ts';
import { status } from './commands/status.ts';
import { trace } from './commands/trace.ts';
import { StillUnderWay, Unfit, wordsOf } from './failure.ts';
import { note } from './output.ts';

const VERBS = [status, enable, disable, connections, events, trace, settings, splicers, doctor, signInLink];

/** Runs one command line. Answers with the exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 still under way. */
export async function run(args: readonly string[]): Promise<0 | 1 | 2 | 3> {
  const program = new Command('sidestep').description('Talks to the Sidestep daemon.');
  for (const command of [program, ...VERBS])
    command.exitOverride().allowExcessArguments(false).showHelpAfterError('See --help.');
  for (const command of VERBS) program.addCommand(command);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof Unfit)) note(wordsOf(error));
    return error instanceof StillUnderWay ? 3 : 1;
  }
}
