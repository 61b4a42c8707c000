import { type Daemon, withDaemon } from '../daemon.ts';
import { note } from '../output.ts';
import { type CommonOptions, verb } from '../verb.ts';
import { printStatus } from './status.ts';

export const disable = verb('disable', 'empty all queues, then switch acceleration off').action(
  async ({ stateDir, json }: CommonOptions) => {
    const answer = await withDaemon(stateDir, async (daemon) => {
      const progress = showProgress(daemon);
      try {
        return await daemon.acceleration.disable.mutate();
      } finally {
        progress.unsubscribe();
      }
    });
    printStatus(answer, json);
  },
);

/** Draining takes as long as the programs take to read: whoever waits sees for what. */
function showProgress(daemon: Daemon) {
  let told: string | null = null;
  return daemon.acceleration.watch.subscribe(undefined, {
    onData: ({ state, reason }) => {
      if (state === 'draining' && reason !== told) note(reason ?? 'Draining.');
      told = reason;
    },
  });
}
