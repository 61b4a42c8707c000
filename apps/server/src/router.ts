import { accelerationRouter } from './acceleration/router.ts';
import { checkUpRouter } from './check-up/router.ts';
import { connectionsRouter } from './connections/router.ts';
import { eventsRouter } from './events/router.ts';
import { settingsRouter } from './settings/router.ts';
import { signInRouter } from './sign-in/router.ts';
import { splicersRouter } from './splicers/router.ts';
import { statisticsRouter } from './statistics/router.ts';
import { traceRouter } from './trace/router.ts';
import { router } from './trpc/trpc.ts';

export const appRouter = router({
  acceleration: accelerationRouter,
  checkUp: checkUpRouter,
  connections: connectionsRouter,
  events: eventsRouter,
  settings: settingsRouter,
  signIn: signInRouter,
  splicers: splicersRouter,
  statistics: statisticsRouter,
  trace: traceRouter,
});

export type AppRouter = typeof appRouter;
