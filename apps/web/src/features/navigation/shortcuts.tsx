'use client';

import { useRouter } from 'next/navigation';
import { useRef } from 'react';
import { useShortcut } from '@/lib/keyboard.ts';
import { Dialog } from '@/ui/dialog.tsx';
import { Key } from '@/ui/key.tsx';
import { ROOMS } from './rooms.ts';

/** How long after `g` its letter counts. */
const CHORD_MS = 1000;

const SHORTCUTS: [keys: string[], words: string][] = [
  [['/'], 'search or filter'],
  [['p'], 'pause or resume'],
  [['↑', '↓'], 'choose a row'],
  [['Enter'], 'open the chosen row'],
  [['Esc'], 'close, or empty the search'],
  [['?'], 'this list'],
];

/** The keys that work everywhere, and the list of all of them. */
export function Shortcuts({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const router = useRouter();
  const went = useRef(Number.NEGATIVE_INFINITY);
  useShortcut((key, event) => {
    if (key === '?') return onOpenChange(true);
    const room = ROOMS.find((one) => one.key === key);
    if (room && event.timeStamp - went.current < CHORD_MS) router.push(room.href);
    went.current = key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
  });
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2">
        {SHORTCUTS.map(([keys, words]) => (
          <Shortcut key={words} keys={keys} words={words} />
        ))}
        {ROOMS.map(({ key, words, href }) => (
          <Shortcut key={href} keys={['g', key]} words={words} />
        ))}
      </dl>
    </Dialog>
  );
}

function Shortcut({ keys, words }: { keys: string[]; words: string }) {
  return (
    <>
      <dt className="flex gap-1">
        {keys.map((key) => (
          <Key key={key}>{key}</Key>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  );
}
