import { useCallback, useEffect, useState } from 'react';
import { forget, keep, readKept } from './kept.ts';

/** State that this browser remembers under `key`; `initial` where nothing is kept or it cannot be read. */
export function useRemembered<T>(key: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState(initial);
  useEffect(() => {
    const kept = readKept(key);
    if (kept === null) return;
    try {
      setValue(JSON.parse(kept) as T);
    } catch {
      forget(key);
    }
  }, [key]);
  const change = useCallback(
    (next: T) => {
      setValue(next);
      keep(key, JSON.stringify(next));
    },
    [key],
  );
  return [value, change];
}
