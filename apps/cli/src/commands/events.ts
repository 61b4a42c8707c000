import { type Event, type EventBatch, jsonLine } from '@sidestep/shared';
import { type Daemon, withDaemon } from '../daemon.ts';
import { follow } from '../follow.ts';
import { bytes } from '../numbers.ts';
import { print } from '../output.ts';
import { type CommonOptions, verb } from '../verb.ts';

const PAGE = 1000;
/** How many past events come before the new ones, as with `tail -f`. */
const TAIL = 10;

export const events = verb('events', 'print what the kernel has reported')
  .option(
    '--follow',
    'print the last few, then go on with new ones until Ctrl-C, over restarts of the daemon',
  )
  .action(async ({ stateDir, json, follow: isFollowing }: CommonOptions & { follow?: true }) => {
    const show = (list: readonly Event[]) => print(list.map(json ? jsonLine : lineOf));
    await (isFollowing ? goOn(stateDir, show) : withDaemon(stateDir, (daemon) => printHeld(daemon, show)));
  });

/** Everything that the daemon holds, oldest first. */
async function printHeld(daemon: Daemon, show: (list: readonly Event[]) => void): Promise<void> {
  const pages: Event[][] = [];
  let before: number | undefined;
  do {
    const page = (await daemon.events.list.query({ limit: PAGE, ...(before !== undefined && { before }) }))
      .events;
    pages.push(page);
    before = page.length === PAGE ? page[0]?.seq : undefined;
  } while (before !== undefined);
  for (const page of pages.reverse()) show(page);
}

function goOn(stateDir: string, show: (list: readonly Event[]) => void): Promise<void> {
  return follow<EventBatch>(stateDir, {
    thing: 'event',
    arrive: async (daemon, last) => {
      if (last !== null) return last;
      const { events } = await daemon.events.list.query({ limit: TAIL });
      show(events);
      return events.at(-1)?.seq ?? 0;
    },
    subscribe: (daemon, lastEventId, listener) => daemon.events.follow.subscribe({ lastEventId }, listener),
    show: (batch) => show(batch.events),
  });
}

export function lineOf({
  seq,
  at,
  kind,
  connection,
  client,
  server,
  reason,
  bytes: sums,
  duration,
  count,
}: Event): string {
  const ends = [client, server].map((end) => (end ? `${end.comm || '?'} ${end.address}:${end.port}` : null));
  const words = [
    at,
    String(seq).padStart(8),
    kind.padEnd(11),
    connection === null ? null : `#${connection}`,
    ends.filter((end) => end !== null).join(' → ') || null,
    reason,
    sums && `${bytes(sums.bypass)} on the bypass, ${bytes(sums.stack)} on the stack`,
    duration === null ? null : `after ${duration.toFixed(3)} s`,
    count === null ? null : `${count} ${kind === 'upgraded' ? 'connections still to leave' : 'events'}`,
  ];
  return words
    .filter((word) => word !== null)
    .join('  ')
    .trimEnd();
}
