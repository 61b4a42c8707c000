import type { Event, EventFilter } from '@sidestep/shared';
import { client } from '@/lib/client.ts';
import { type CsvColumn, csvOf } from '@/lib/csv.ts';

const PAGE = 1000;

/** Every event that the daemon holds and the filter passes, oldest first, not only those that the page has fetched. */
export async function allEvents(filter: EventFilter): Promise<Event[]> {
  const pages: Event[][] = [];
  let before: number | undefined;
  for (;;) {
    const { events } = await client().events.list.query({
      ...filter,
      limit: PAGE,
      ...(before && { before }),
    });
    pages.push(events);
    before = events[0]?.seq;
    if (events.length < PAGE) return pages.reverse().flat();
  }
}

const COLUMNS: readonly CsvColumn<Event>[] = [
  ['seq', ({ seq }) => seq],
  ['at', ({ at }) => at],
  ['kind', ({ kind }) => kind],
  ['connection', ({ connection }) => connection],
  ['client_process', ({ client }) => client?.comm ?? null],
  ['client_pid', ({ client }) => client?.pid ?? null],
  ['client_address', ({ client }) => client?.address ?? null],
  ['client_port', ({ client }) => client?.port ?? null],
  ['server_process', ({ server }) => server?.comm ?? null],
  ['server_pid', ({ server }) => server?.pid ?? null],
  ['server_address', ({ server }) => server?.address ?? null],
  ['server_port', ({ server }) => server?.port ?? null],
  ['reason', ({ reason }) => reason],
  ['bypass_bytes', ({ bytes }) => bytes?.bypass ?? null],
  ['stack_bytes', ({ bytes }) => bytes?.stack ?? null],
  ['bypass_messages', ({ messages }) => messages?.bypass ?? null],
  ['stack_messages', ({ messages }) => messages?.stack ?? null],
  ['seconds', ({ duration }) => duration],
  ['count', ({ count }) => count],
];

export function toCsv(events: readonly Event[]): string {
  return csvOf(COLUMNS, events);
}
