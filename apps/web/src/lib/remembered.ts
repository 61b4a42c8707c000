import { useCallback, useEffect, useState } from 'react';

/** State that this browser remembers under `key`; `initial` where nothing is kept or it cannot be read. */
export function useRemembered<T>(key: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState(initial);
  useEffect(() => {
    try {
      const kept = localStorage.getItem(key);
      if (kept !== null) setValue(JSON.parse(kept) as T);
    } catch {
      localStorage.removeItem(key);
    }
  }, [key]);
  const change = useCallback(
    (next: T) => {
      setValue(next);
      localStorage.setItem(key, JSON.stringify(next));
    },
    [key],
  );
  return [value, change];
}
