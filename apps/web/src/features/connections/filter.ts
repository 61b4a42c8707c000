import { type ConnectionView, pathSchema, REASONS, type Reason } from '@sidestep/shared';

/** The part of a view that the filter box speaks of. */
export type ConnectionFilter = Pick<ConnectionView, 'text' | 'process' | 'port' | 'path' | 'reason'>;

/** `problem` is a sentence about the first term that could not be read; the other terms count. */
export interface ParsedFilter {
  readonly filter: ConnectionFilter;
  readonly problem: string | null;
}

const KEYS = ['process', 'path', 'reason', 'port'] as const;
type Key = (typeof KEYS)[number];

/** `key:value`, `key:"two words"`, `"two words"` or a word. An open quote runs to the end. */
const TERM = /(?:([a-z]+):)?"([^"]*)"?|(\S+)/gi;

function isKey(word: string | undefined): word is Key {
  return KEYS.some((key) => key === word);
}

function splitWord(word: string): [key: Key | null, value: string] {
  const colon = word.indexOf(':');
  const key = word.slice(0, Math.max(0, colon)).toLowerCase();
  return isKey(key) ? [key, word.slice(colon + 1)] : [null, word];
}

/** Adds one term to `filter`; answers with what is wrong with it. */
function take(filter: ConnectionFilter, key: Key, value: string): string | null {
  // Somebody is still typing.
  if (value === '') return null;
  if (key === 'process') {
    if (value.length > 64) return 'A process name has at most 64 characters.';
    filter.process = value;
  } else if (key === 'port') {
    const port = Number(value);
    if (!/^\d+$/.test(value) || port > 65_535) return `“${value}” is no port: a number from 0 to 65535.`;
    filter.port = port;
  } else if (key === 'path') {
    const path = pathSchema.safeParse(value.toLowerCase());
    if (!path.success) return `“${value}” is no path: bypass or stack.`;
    filter.path = path.data;
  } else {
    const reason = REASONS.find(({ words }) => words.toLowerCase() === value.toLowerCase());
    if (!reason) return `“${value}” is no reason. There are: ${REASONS.map((one) => one.words).join(', ')}.`;
    filter.reason = reason.words;
  }
  return null;
}

/** The terms of `input`, each with its key in lower case if it has one that we know. */
function* terms(input: string): Generator<[key: Key | null, value: string]> {
  for (const [, quotedKey, quoted, word = ''] of input.matchAll(TERM)) {
    const key = quotedKey?.toLowerCase();
    if (quoted === undefined) yield splitWord(word);
    else if (isKey(key)) yield [key, quoted];
    else yield [null, quotedKey ? `${quotedKey}:${quoted}` : quoted];
  }
}

/** Reads `process:redis path:stack reason:"blocking reader" port:6379 free text`. The last of two equal keys counts. */
export function parseFilter(input: string): ParsedFilter {
  const filter: ConnectionFilter = {};
  const words: string[] = [];
  const problems: string[] = [];
  for (const [key, value] of terms(input)) {
    if (key === null) {
      words.push(value);
      continue;
    }
    const problem = take(filter, key, value);
    if (problem) problems.push(problem);
  }
  const text = words.join(' ').trim();
  if (text.length > 200) problems.push('A search has at most 200 characters.');
  else if (text !== '') filter.text = text;
  return { filter, problem: problems[0] ?? null };
}

const quote = (value: string) => (/\s/.test(value) ? `"${value}"` : value);

/** The words for a filter, as somebody would type them. */
export function printFilter({ process, path, reason, port, text }: ConnectionFilter): string {
  const terms: string[] = [];
  if (process !== undefined) terms.push(`process:${quote(process)}`);
  if (path !== undefined) terms.push(`path:${path}`);
  if (reason !== undefined) terms.push(`reason:${quote(reason)}`);
  if (port !== undefined) terms.push(`port:${port}`);
  if (text !== undefined) terms.push(text);
  return terms.join(' ');
}

/** The address of the table with a filter on. */
export function connectionsHref(filter: ConnectionFilter): string {
  return `/connections?q=${encodeURIComponent(printFilter(filter))}`;
}

/** The anchor of a reason's paragraph in the help. */
export function reasonAnchor(reason: Reason): string {
  return reason.toLowerCase().replaceAll(' ', '-');
}
