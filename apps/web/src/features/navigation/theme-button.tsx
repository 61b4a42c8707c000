'use client';

import { Contrast } from 'lucide-react';
import { Button } from '@/ui/button.tsx';
import { useTheme } from './theme.ts';

const NEXT = { system: 'dark', dark: 'light', light: 'system' } as const;

/** Goes round: as the system, dark, light. */
export function ThemeButton() {
  const [theme, setTheme] = useTheme();
  return (
    <Button
      look="quiet"
      size="icon"
      onClick={() => setTheme(NEXT[theme])}
      aria-label={`Colours: ${theme}`}
      title={`Colours: ${theme === 'system' ? 'as the system' : theme}`}
    >
      <Contrast />
    </Button>
  );
}
