import { type Settings, settingsPatchSchema } from '@sidestep/shared';
import type { TRPCRouterRecord } from '@trpc/server';
import { procedure } from '../trpc/trpc.ts';

export const settingsRouter = {
  get: procedure.query(({ ctx }): Promise<Settings> => ctx.services.settings.get()),
  /** Saves, applies to the running data plane, and answers with what now holds. */
  update: procedure
    .input(settingsPatchSchema)
    .mutation(({ ctx, input }): Promise<Settings> => ctx.services.settings.update(input)),
} satisfies TRPCRouterRecord;
