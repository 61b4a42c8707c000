import { useSyncExternalStore } from 'react';

/** Whether a media query holds; false in the built page. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
    () => false,
  );
}

export const NARROW = '(max-width: 639px)';
