import type { Failure } from '@sidestep/shared';
import type { TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { DataPlaneError } from '../dataplane/dataplane.ts';
import { Refusal } from '../refusal.ts';

/** What a caller is told about an error: never a stack, never the words of an error that nobody meant for them. */
export function failureOf(error: TRPCError): Failure {
  const { cause } = error;
  if (cause instanceof DataPlaneError || cause instanceof Refusal) return cause.failure;
  if (cause instanceof ZodError)
    return { message: zodWords(cause), remedy: 'Correct the value and try again.', log: null };
  switch (error.code) {
    case 'NOT_FOUND':
      return {
        message: `${error.message}.`,
        remedy:
          'The page or command and the daemon may be of different versions: reload the page, or restart the daemon.',
        log: null,
      };
    case 'PARSE_ERROR':
      return {
        message: 'The message is not valid tRPC.',
        remedy: 'Send one JSON object with id, method and params.',
        log: null,
      };
    case 'INTERNAL_SERVER_ERROR':
      return {
        message: 'Something unexpected went wrong in the daemon.',
        remedy: 'Look at the daemon’s log for the details.',
        log: null,
      };
    case 'FORBIDDEN':
      return { message: error.message, remedy: 'Use ./sidestep on the host itself.', log: null };
    default:
      return { message: sentence(error.message), remedy: 'Correct the request and try again.', log: null };
  }
}

/** tRPC's own words have no full stop. */
function sentence(words: string): string {
  return words.endsWith('.') ? words : `${words}.`;
}

/** Whether the daemon's log should hold the error: only if it is ours, and the caller was not told what it was. */
export function isUnexpected({ code, cause }: TRPCError): boolean {
  if (cause instanceof DataPlaneError || cause instanceof Refusal) return false;
  return code === 'INTERNAL_SERVER_ERROR' && !isBadFrame(cause);
}

/** Bytes that are no WebSocket frames: the other end's doing, who could fill the log with it. */
function isBadFrame(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('WS_ERR_');
}

function zodWords(error: ZodError): string {
  const words = error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  return `${words.join('; ')}.`;
}
