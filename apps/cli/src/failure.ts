import { TRPCClientError } from '@trpc/client';

/** A command that was refused or failed: the message is the one sentence, with the remedy, that goes to stderr. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** There is no daemon to ask. */
export class NotRunning extends CommandError {}

/** There was one, and it went away before it had answered. */
export class HasStopped extends CommandError {}

/** The answer was given, and is that something essential is missing. */
export class Unfit extends CommandError {}

/** What was asked for goes on, and has not come to its end in the time that it was given. */
export class StillUnderWay extends CommandError {}

/** What to say about an error, in one line. */
export function wordsOf(error: unknown): string {
  if (error instanceof TRPCClientError) {
    const failure: { message: string; remedy: string } | undefined = error.data?.failure;
    if (failure) return `${failure.message} ${failure.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}
