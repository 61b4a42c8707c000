import { useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

/** Parameters to set; null takes one away. */
export type UrlPatch = Record<string, string | null>;

/** The state that lives in the address, and how to change it. `push` makes a step that the back button undoes. */
export function useUrlState(): [URLSearchParams, (patch: UrlPatch, how?: 'replace' | 'push') => void] {
  const params = useSearchParams();
  const change = useCallback((patch: UrlPatch, how: 'replace' | 'push' = 'replace') => {
    const next = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(patch)) {
      if (value === null || value === '') next.delete(key);
      else next.set(key, value);
    }
    const query = next.size > 0 ? `?${next}` : '';
    const url = location.pathname + query + location.hash;
    if (how === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  }, []);
  return [params, change];
}
