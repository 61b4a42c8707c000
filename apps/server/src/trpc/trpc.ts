import { initTRPC, TRPCError } from '@trpc/server';
import { Refusal } from '../refusal.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';
import { inTurn, take } from './limits.ts';
import { paced } from './pace.ts';

const t = initTRPC.context<Context>().create({
  isDev: false,
  errorFormatter: ({ shape, error }) => {
    const failure = failureOf(error);
    return { ...shape, message: failure.message, data: { ...shape.data, failure } };
  },
});

const NEVER = new AbortController().signal;

export const router = t.router;

/**
 * Holds every call and subscription to the limits of its connection and to the speed at which the other end reads.
 * `ctx.ended` aborts when the caller no longer wants the answer.
 */
export const procedure = t.procedure.use(async ({ ctx, type, signal = NEVER, next }) => {
  const { caller } = ctx;
  if (caller.revoked) throw new Refusal('You have signed out.', 'Sign in again.');
  if (type !== 'subscription') {
    const release = take(caller, 'calls');
    try {
      const answer = () => next({ ctx: { ended: signal } });
      return await (type === 'query' ? inTurn(caller, signal, answer) : answer());
    } finally {
      release();
    }
  }
  const release = take(caller, 'subscriptions');
  const result = await next({ ctx: { ended: signal } });
  if (!result.ok) {
    release();
    return result;
  }
  // The end of the subscription is the abort, also when it never yielded.
  signal.addEventListener('abort', release, { once: true });
  return { ...result, data: ended(paced(result.data as AsyncIterable<unknown>, caller, signal), release) };
});

/** For the command line only: who can open the daemon's socket is root already. */
export const socketProcedure = procedure.use(({ ctx, next }) => {
  if (ctx.via === 'socket') return next();
  throw new TRPCError({ code: 'FORBIDDEN', message: 'Only the command line on this host may do this.' });
});

async function* ended<Frame>(
  source: AsyncIterable<Frame>,
  release: () => void,
): AsyncGenerator<Frame, void, void> {
  try {
    yield* source;
  } finally {
    release();
  }
}
