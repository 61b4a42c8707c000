import { useSearchParams } from 'next/navigation';
import { useCallback, useEffect, useRef, useState } from 'react';

/** Parameters to set; null takes one away. */
export type UrlPatch = Record<string, string | null>;

/** What an entry of the history that we pushed remembers: the query of the one below it. */
interface Pushed {
  over?: string;
}

/**
 * The state that lives in the address, and how to change it. `push` makes a step that the back button undoes; a change that
 * leads to where that step began goes back, so that opening and closing leaves nothing behind.
 */
export function useUrlState(): [URLSearchParams, (patch: UrlPatch, how?: 'replace' | 'push') => void] {
  const params = useSearchParams();
  const change = useCallback((patch: UrlPatch, how: 'replace' | 'push' = 'replace') => {
    const next = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(patch)) {
      if (value === null || value === '') next.delete(key);
      else next.set(key, value);
    }
    const { over } = (history.state ?? {}) as Pushed;
    if (how === 'replace' && over === next.toString()) {
      history.back();
      return;
    }
    const query = next.size > 0 ? `?${next}` : '';
    const url = location.pathname + query + location.hash;
    if (how === 'replace') history.replaceState({ over }, '', url);
    else history.pushState({ over: new URLSearchParams(location.search).toString() }, '', url);
  }, []);
  return [params, change];
}

/** Each change of the address asks the daemon for a page of its table: not for every letter of a word. */
const TYPING_MS = 120;

/**
 * What somebody types into a field whose text lives in the address. The address follows when they pause: the field must not
 * wait for it, nor be set back by it, but take over what comes from elsewhere (a link, the back button).
 */
export function useTypedParam(
  addressed: string,
  change: (text: string) => void,
): [string, (text: string) => void] {
  const [typed, setTyped] = useState(addressed);
  /** What we put into the address and have not seen there yet. */
  const written = useRef<string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The router tries renders out and drops some: only what it commits counts.
  useEffect(() => {
    const ours = written.current.indexOf(addressed);
    written.current = ours >= 0 ? written.current.slice(ours + 1) : [];
    if (ours >= 0) return;
    clearTimeout(timer.current);
    setTyped(addressed);
  }, [addressed]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [
    typed,
    (text) => {
      setTyped(text);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        written.current.push(text);
        change(text);
      }, TYPING_MS);
    },
  ];
}
