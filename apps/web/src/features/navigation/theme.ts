'use client';

import { useEffect } from 'react';
import { keep, readKept } from '@/lib/kept.ts';
import { useMedia } from '@/lib/media.ts';
import { createStore, useStore } from '@/lib/store.ts';
import { THEME_KEY as KEY } from './theme-script.ts';

export type Theme = 'system' | 'dark' | 'light';

function kept(): Theme {
  const theme = readKept(KEY);
  return theme === 'dark' || theme === 'light' ? theme : 'system';
}

const themeStore = createStore<Theme>('system');

/** The wish, kept in this browser, and how to change it. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  return [
    useStore(themeStore),
    (theme) => {
      keep(KEY, theme);
      themeStore.set(theme);
    },
  ];
}

/** Puts the wish on the page, and follows the system where that is the wish. */
export function useAppliedTheme(): void {
  const theme = useStore(themeStore);
  const dark = useMedia('(prefers-color-scheme: dark)');
  useEffect(() => {
    themeStore.set(kept());
  }, []);
  useEffect(() => {
    // The first pass is before the effect above took hold: the script in the page has done it already.
    const wish = theme === 'system' ? kept() : theme;
    document.documentElement.dataset.theme = wish === 'system' ? (dark ? 'dark' : 'light') : wish;
  }, [theme, dark]);
}
