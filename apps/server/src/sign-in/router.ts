import type { TRPCRouterRecord } from '@trpc/server';
import { socketProcedure } from '../trpc/trpc.ts';

export const signInRouter = {
  /** A fresh link that signs one browser in, once. */
  link: socketProcedure.mutation(({ ctx }): { url: string } => ({ url: ctx.signInLink() })),
} satisfies TRPCRouterRecord;
