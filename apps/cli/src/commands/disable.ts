import { type HeldConnection, heldWords, type Status } from '@sidestep/shared';
import { InvalidArgumentError } from 'commander';
import { type Daemon, withDaemon } from '../daemon.ts';
import { StillUnderWay } from '../failure.ts';
import { bytes } from '../numbers.ts';
import { note } from '../output.ts';
import { type CommonOptions, verb } from '../verb.ts';
import { printStatus } from './status.ts';

/** How many connections are named. */
const MOST_NAMED = 10;
/** Resetting takes a second. Whoever asks for it should not wait for a connection that cannot be reset. */
const NOW_WAIT: Wait = { ms: 10_000, words: '10 s' };
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

interface Wait {
  readonly ms: number;
  readonly words: string;
}

interface DisableOptions extends CommonOptions {
  readonly wait?: Wait;
  readonly now?: true;
}

export const disable = verb('disable', 'empty all queues, then switch acceleration off')
  .option(
    '--wait <time>',
    'wait at most so long (30s, 5m), then say what is left and end with status 3',
    waitOf,
  )
  .option('--now', 'reset the connections that do not empty their queues within a second')
  .action(async ({ stateDir, json, wait, now }: DisableOptions) => {
    const answer = await withDaemon(stateDir, async (daemon) => {
      const unsubscribe = showProgress(daemon);
      // The connection is not closed as long as an answer is awaited on it.
      const waiting = new AbortController();
      try {
        const done = daemon.acceleration.disable.mutate({ now: now === true }, { signal: waiting.signal });
        return await within(wait ?? (now ? NOW_WAIT : null), done, daemon);
      } finally {
        waiting.abort();
        unsubscribe();
      }
    });
    printStatus(answer, json);
  });

/** Draining takes as long as the programs take to read: whoever waits sees for whom. */
function showProgress(daemon: Daemon): () => void {
  let told = '';
  const subscription = daemon.acceleration.watch.subscribe(undefined, {
    onData: ({ state, reason, held }) => {
      if (state !== 'draining' || reason === null) return;
      // How much is unread changes all the time; who has not read it seldom does.
      const ids = (held?.most ?? []).map(({ id }) => id).sort();
      const key = `${held?.connections} ${ids}`;
      if (key !== told) note(linesOf(reason, held).join('\n'));
      told = key;
    },
  });
  return () => subscription.unsubscribe();
}

/** Throws `StillUnderWay` when it takes longer. The daemon goes on. */
async function within(wait: Wait | null, done: Promise<Status>, daemon: Daemon): Promise<Status> {
  if (wait === null) return done;
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), wait.ms);
  try {
    const status = await Promise.race([done, late.promise]);
    if (status !== null) return status;
  } finally {
    clearTimeout(timer);
  }
  // Whatever comes of it now, nobody waits for it.
  done.catch(() => {});
  const { held } = await daemon.acceleration.status.query();
  const count = held?.connections ?? 0;
  if (count === 0)
    throw new StillUnderWay(
      `Acceleration is not off yet after ${wait.words}, but all connections have left: it goes off in a moment.`,
    );
  throw new StillUnderWay(
    linesOf(
      `${count === 1 ? '1 connection still keeps' : `${count} connections still keep`} acceleration on after ${wait.words}. ` +
        'It goes off as soon as they have read what waits for them. To reset them, which their programs see as ' +
        'an error: sudo ./sidestep disable --now. To take it back: sudo ./sidestep enable.',
      held,
    ).join('\n'),
  );
}

function linesOf(summary: string, held: Status['held']): string[] {
  const named = (held?.most ?? []).slice(0, MOST_NAMED);
  const more = (held?.connections ?? 0) - named.length;
  const line = (connection: HeldConnection) => `  #${connection.id}  ${heldWords(connection, bytes)}`;
  return [summary, ...named.map(line), ...(more > 0 ? [`  and ${more} more`] : [])];
}

function waitOf(words: string): Wait {
  const [, number, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(words) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It takes a time such as 30s, 500ms or 5m.');
  return { ms: Number(number) * UNITS[unit as keyof typeof UNITS], words: `${number} ${unit}` };
}
