import type { Splicer } from '@sidestep/shared';
import { withDaemon } from '../daemon.ts';
import { span } from '../numbers.ts';
import { print, printJson } from '../output.ts';
import { tableOf } from '../table.ts';
import { type CommonOptions, verb } from '../verb.ts';

export const splicers = verb(
  'splicers',
  'list the programs that splice, or could, or cannot be read, which keeps them on the stack',
)
  .option('--release <program>', 'let its connections take the bypass, until it splices again')
  .action(async ({ stateDir, json, release }: CommonOptions & { release?: string }) => {
    const answer = await withDaemon(stateDir, ({ splicers }) =>
      release === undefined ? splicers.list.query() : splicers.release.mutate({ program: release }),
    );
    if (json) printJson(answer);
    else print(linesOf(answer, Date.now()));
  });

/** `now` is in milliseconds since the Unix epoch. */
export function linesOf(list: readonly Splicer[], now: number): string[] {
  if (list.length === 0) return ['No program is kept on the stack for splicing.'];
  return tableOf(
    ['PROGRAM', 'WHY', 'LEARNED', 'REMEMBERED'],
    list.map(({ program, why, learnedAt, remembered }) => [
      program,
      why,
      `${span(now - Date.parse(learnedAt))} ago`,
      remembered ? 'yes' : 'until switched off',
    ]),
  );
}
