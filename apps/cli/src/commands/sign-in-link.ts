import { withDaemon } from '../daemon.ts';
import { print, printJson } from '../output.ts';
import { type CommonOptions, verb } from '../verb.ts';

export const signInLink = verb('sign-in-link', 'print a fresh link that signs one browser in, once').action(
  async ({ stateDir, json }: CommonOptions) => {
    const link = await withDaemon(stateDir, (daemon) => daemon.signIn.link.mutate());
    if (json) printJson(link);
    else print([link.url]);
  },
);
