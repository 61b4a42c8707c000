'use client';

import { useLink } from '@/lib/link.ts';

const LOOKS = {
  open: ['live', 'bg-good', 'Connected to the daemon'],
  connecting: ['connecting', 'bg-muted', 'Connecting to the daemon'],
  lost: ['not live', 'bg-bad', 'The daemon does not answer'],
  'signed-out': ['signed out', 'bg-bad', 'Not signed in'],
} as const;

/** Whether what is shown is live. */
export function LiveMark() {
  const [word, color, means] = LOOKS[useLink().phase];
  return (
    <span className="flex items-center gap-1.5 text-xs text-muted" title={means}>
      {word}
      <span aria-hidden="true" className={`size-2 rounded-full ${color}`} />
    </span>
  );
}
