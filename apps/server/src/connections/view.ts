import {
  type ConnectionPage,
  type ConnectionSort,
  type ConnectionView,
  type End,
  REASONS,
} from '@sidestep/shared';
import type { Place, Side } from '../dataplane/dataplane.ts';
import { fits } from '../fits.ts';
import { sortPart } from './order.ts';
import { connectionAt, type Selection } from './selection.ts';

const PORTS = 65_536;

type Passes = (row: number) => boolean;

/** The page of connections that a view selects. A connection without a path of its own any more (it is closed) still matches by its last one. */
export function pageOf(open: Selection, closed: Selection, view: ConnectionView): ConnectionPage {
  const selections = view.includeClosed ? [open, closed] : [open];
  const total = selections.reduce((sum, { rows }) => sum + rows.length, 0);
  const found = new Matches(total, view.descending);
  for (const selection of selections) {
    found.addFrom(selection);
    const passes = matcher(selection, view);
    const keyOf = KEYS[view.sort](selection, selections);
    // The table goes on while its readers have the rows of an earlier look.
    for (const row of selection.rows) if (selection.table.has(row) && passes(row)) found.add(row, keyOf(row));
  }
  return { rows: found.page(view.offset, view.offset + view.limit), matching: found.count, total };
}

const roomFor = (most: number) => ({
  rows: new Uint32Array(most),
  keys: new Float64Array(most),
  order: new Uint32Array(most),
});
/** One page is made at a time, so all use the same: megabytes for each would keep the garbage collector busy. */
let room = roomFor(0);

/** Rows in the order of a key each. Ties are broken by id, whatever the direction: rows that are equal do not swap places from one frame to the next. */
class Matches {
  readonly #descending: boolean;
  /** Each with the index of its first match. */
  readonly #from: { readonly selection: Selection; readonly first: number }[] = [];
  readonly #rows: Uint32Array;
  readonly #keys: Float64Array;
  readonly #order: Uint32Array;
  #count = 0;

  constructor(most: number, descending: boolean) {
    this.#descending = descending;
    if (!fits(room.rows.length, most)) room = roomFor(most);
    ({ rows: this.#rows, keys: this.#keys, order: this.#order } = room);
  }

  get count(): number {
    return this.#count;
  }

  /** What is added from now on is of this selection. */
  addFrom(selection: Selection): void {
    this.#from.push({ selection, first: this.#count });
  }

  add(row: number, key: number): void {
    this.#rows[this.#count] = row;
    this.#keys[this.#count] = this.#descending ? -key : key;
    this.#count++;
  }

  /** Only what is shown is sorted. */
  page(from: number, to: number) {
    if (from >= this.#count) return [];
    const order = this.#order.subarray(0, this.#count);
    for (let index = 0; index < order.length; index++) order[index] = index;
    const end = Math.min(to, this.#count);
    sortPart(order, from, end, (a, b) => this.#compare(a, b));
    return Array.from(order.subarray(from, end), (index) =>
      connectionAt(this.#selectionAt(index), this.#rows[index] ?? 0),
    );
  }

  #compare(a: number, b: number): number {
    const difference = (this.#keys[a] ?? 0) - (this.#keys[b] ?? 0);
    if (difference !== 0) return difference;
    const [one, other] = [this.#selectionAt(a).table, this.#selectionAt(b).table];
    const [oneRow, otherRow] = [this.#rows[a] ?? 0, this.#rows[b] ?? 0];
    return one.idHigh(oneRow) - other.idHigh(otherRow) || one.idLow(oneRow) - other.idLow(otherRow);
  }

  #selectionAt(index: number): Selection {
    let at = this.#from.length - 1;
    while ((this.#from[at]?.first ?? 0) > index) at--;
    return (this.#from[at] as { selection: Selection }).selection;
  }
}

function matcher({ table }: Selection, view: ConnectionView): Passes {
  const { id, text, process, port, path, reason } = view;
  const words = text?.trim().toLowerCase();
  const program = process?.trim().toLowerCase();
  const tests: Passes[] = [];
  const ofEither = (passes: (row: number, side: Side) => boolean) =>
    tests.push((row) => passes(row, 0) || passes(row, 1));
  const ofPlace = (passes: (place: Place) => boolean) => {
    const known = remembered(passes);
    return (row: number, side: Side) => known(table.place(row, side));
  };
  if (id) tests.push(hasId(table, id));
  if (port !== undefined) ofEither((row, side) => table.port(row, side) === port);
  if (path) tests.push((row) => table.path(row) === path);
  if (reason) ofEither((row, side) => table.reason(row, side) === reason);
  if (program) ofEither(ofPlace((place) => isProcess(place, program)));
  if (words) {
    const inPlace = ofPlace((place) => hasText(place, words));
    const withPort = textWithPort(words);
    ofEither(
      (row, side) => inPlace(row, side) || withPort(table.place(row, side).address, table.port(row, side)),
    );
  }
  const [only] = tests;
  if (!only) return () => true;
  return tests.length === 1 ? only : (row) => tests.every((passes) => passes(row));
}

function hasId(table: Selection['table'], id: string): Passes {
  const wanted = /^\d+$/.test(id) ? BigInt(id) : -1n;
  const [low, high] = [Number(wanted & 0xffffffffn), Number(wanted >> 32n)];
  return (row) => table.idLow(row) === low && table.idHigh(row) === high;
}

/** Few places stand for many ends. */
function remembered<Of extends object, Answer>(ask: (of: Of) => Answer): (of: Of) => Answer {
  const answers = new Map<Of, Answer>();
  return (of) => {
    const known = answers.get(of);
    if (known !== undefined) return known;
    const answer = ask(of);
    answers.set(of, answer);
    return answer;
  };
}

/** `address:port` as people write it: IPv6 addresses in brackets. */
export function nameOf({ address, port }: Pick<End, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function hasText({ comm, pid, address }: Place, words: string): boolean {
  return comm.toLowerCase().includes(words) || String(pid).includes(words) || address.includes(words);
}

/** Whether words that are not in the address alone are in it with its port. */
function textWithPort(words: string): (address: string, port: number) => boolean {
  if (/^\d+$/.test(words)) return (_, port) => String(port).includes(words);
  if (!/[[\]:]/.test(words)) return () => false;
  return (address, port) => nameOf({ address, port }).includes(words) || `${address}:${port}`.includes(words);
}

function isProcess({ comm, pid }: Place, words: string): boolean {
  return comm.toLowerCase().includes(words) || String(pid) === words;
}

/** What to sort by, as a number; `all` are the selections that are sorted together. */
type Key = (selection: Selection, all: readonly Selection[]) => (row: number) => number;

const summed = (of: (selection: Selection, row: number, side: Side) => number): Key => {
  return (selection) => (row) => of(selection, row, 0) + of(selection, row, 1);
};

/** By name, then by address, then by port. */
const byEnd = (side: Side): Key => {
  return ({ table }, all) => {
    const ranks = ranked(placesOf(all, side), ({ comm, address }) => `${comm.toLowerCase()}\0${address}`);
    return (row) => (ranks.get(table.place(row, side)) ?? 0) * PORTS + table.port(row, side);
  };
};

/** In the order of the alphabet, from 1 on. */
const REASON_RANKS = new Map(
  REASONS.map(({ words }) => words)
    .sort()
    .map((words, index) => [words, index + 1]),
);

/** `age` grows from the youngest. */
const KEYS: Record<ConnectionSort, Key> = {
  client: byEnd(0),
  server: byEnd(1),
  path: ({ table }) => {
    return (row) => {
      const reason = table.reason(row, 0) ?? table.reason(row, 1);
      const rank = reason === null ? 0 : (REASON_RANKS.get(reason) ?? 0);
      return table.path(row) === 'bypass' ? rank : REASON_RANKS.size + 1 + rank;
    };
  },
  messageRate: summed(({ rates }, row, side) => rates.messageRate(row, side)),
  byteRate: summed(({ rates }, row, side) => rates.byteRate(row, side)),
  bytes: summed(({ table }, row, side) => table.bytes(row, side)),
  age: ({ table }) => {
    return (row) => -table.openedAt(row);
  },
};

function placesOf(selections: readonly Selection[], side: Side): Set<Place> {
  const places = new Set<Place>();
  // Of those that have gone since they were selected there is none.
  for (const { table, rows } of selections)
    for (const row of rows) if (table.has(row)) places.add(table.place(row, side));
  return places;
}

/** Those with the same text have the same rank. */
function ranked<Of>(of: Iterable<Of>, textOf: (of: Of) => string): Map<Of, number> {
  const texts = new Map(Array.from(of, (one) => [one, textOf(one)]));
  const ranks = new Map([...new Set(texts.values())].sort().map((text, rank) => [text, rank]));
  return new Map(Array.from(texts, ([one, text]) => [one, ranks.get(text) ?? 0]));
}
