import { TRPCClientError } from '@trpc/client';

/** A command that was refused or failed: the message is the one sentence, with the remedy, that goes to stderr. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What to say about an error, in one line. */
export function wordsOf(error: unknown): string {
  if (error instanceof TRPCClientError) {
    const failure: { message: string; remedy: string } | undefined = error.data?.failure;
    if (failure) return `${failure.message} ${failure.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}
