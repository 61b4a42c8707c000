import { withDaemon } from '../daemon.ts';
import { type CommonOptions, verb } from '../verb.ts';
import { printStatus } from './status.ts';

export const enable = verb('enable', 'switch acceleration on').action(
  async ({ stateDir, json }: CommonOptions) => {
    const answer = await withDaemon(stateDir, (daemon) => daemon.acceleration.enable.mutate());
    printStatus(answer, json);
  },
);
