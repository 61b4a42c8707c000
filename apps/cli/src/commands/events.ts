import type { Event, EventBatch } from '@sidestep/shared';
import { type Daemon, withDaemon } from '../daemon.ts';
import { follow, interruption } from '../follow.ts';
import { bytes } from '../numbers.ts';
import { print } from '../output.ts';
import { jsonLine } from '../plain.ts';
import { missing } from '../resume.ts';
import { type CommonOptions, verb } from '../verb.ts';

const PAGE = 1000;
/** How many past events come before the new ones, as with `tail -f`. */
const TAIL = 10;

export const events = verb('events', 'print what the kernel has reported')
  .option('--follow', 'print the last few, then go on with new ones until Ctrl-C')
  .action(async ({ stateDir, json, follow: isFollowing }: CommonOptions & { follow?: true }) => {
    const show = (list: readonly Event[]) => print(list.map(json ? jsonLine : lineOf));
    const interrupted = isFollowing ? interruption() : null;
    await withDaemon(stateDir, (daemon) =>
      interrupted ? goOn(daemon, show, interrupted) : printHeld(daemon, show),
    );
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

async function goOn(
  daemon: Daemon,
  show: (list: readonly Event[]) => void,
  interrupted: Promise<void>,
): Promise<void> {
  const { events } = await daemon.events.list.query({ limit: TAIL });
  show(events);
  const last = events.at(-1)?.seq ?? 0;
  const noteMissing = missing('events', last);
  await follow<{ data: EventBatch }>(
    interrupted,
    (listener) => daemon.events.follow.subscribe({ lastEventId: String(last) }, listener),
    ({ data }) => {
      noteMissing(data);
      show(data.events);
    },
  );
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
