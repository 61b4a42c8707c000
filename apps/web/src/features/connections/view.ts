import { type ConnectionSort, type ConnectionView, connectionSortSchema } from '@sidestep/shared';
import { parseFilter } from './filter.ts';

/** Rows on one page of the table. */
export const PAGE_SIZE = 500;

/** The number of the page that the last of `matching` rows stands on. */
export function lastPage(matching: number): number {
  return Math.max(1, Math.ceil(matching / PAGE_SIZE));
}

/** The part of the address that means page `number`; the first needs none. */
export function pageParam(number: number): { page: string | null } {
  return { page: number > 1 ? String(number) : null };
}

/** What the address says about the table. */
export interface AddressedView {
  readonly view: ConnectionView;
  /** What cannot be read in the filter box. */
  readonly problem: string | null;
}

/** Reads `q`, `sort` (a minus in front descends), `closed` and `page`; what makes no sense counts as left out. */
export function readView(params: URLSearchParams): AddressedView {
  const { filter, problem } = parseFilter(params.get('q') ?? '');
  const wanted = params.get('sort') ?? '-age';
  const sort = connectionSortSchema.safeParse(wanted.replace(/^-/, ''));
  const page = Number(params.get('page') ?? 1);
  const view: ConnectionView = {
    ...filter,
    includeClosed: params.get('closed') === '1',
    sort: sort.success ? sort.data : 'age',
    descending: wanted.startsWith('-'),
    offset: Number.isInteger(page) && page > 1 ? (page - 1) * PAGE_SIZE : 0,
    limit: PAGE_SIZE,
  };
  return { view, problem };
}

/** The `sort` parameter after a click on a header: names go up first, numbers down; a second click turns round. */
export function nextSort(
  current: Pick<ConnectionView, 'sort' | 'descending'>,
  clicked: ConnectionSort,
): string {
  const words = clicked === 'client' || clicked === 'server' || clicked === 'path';
  const descending = current.sort === clicked ? !current.descending : !words;
  return descending ? `-${clicked}` : clicked;
}
