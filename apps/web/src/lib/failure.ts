import { type Failure, failureSchema } from '@sidestep/shared';
import { TRPCClientError } from '@trpc/client';
import { z } from 'zod';
import { Unheard } from './use-wish.ts';

const dataSchema = z.object({ failure: failureSchema });

/** What happened and what to do, in the daemon's words where it had any. Null for null. */
export function failureOf(error: Error | null): Failure | null {
  if (error === null) return null;
  if (error instanceof Unheard) {
    return {
      message: 'The daemon does not answer, so nothing was changed.',
      remedy: 'Try again once it is back.',
      log: null,
    };
  }
  const told = error instanceof TRPCClientError ? dataSchema.safeParse(error.data) : null;
  if (told?.success) return told.data.failure;
  return {
    message: 'The connection to the daemon was lost before it answered.',
    remedy: 'Look whether it took effect, and try again if not.',
    log: null,
  };
}
