import { heldWords, type Status } from '@sidestep/shared';
import { useEffect, useState } from 'react';
import { formatBytes, plural } from '@/lib/number.ts';
import { Button } from '@/ui/button.tsx';
import { Notice } from '@/ui/notice.tsx';
import { ResetDialog } from './reset-dialog.tsx';

const MOST_NAMED = 5;
/** Most connections leave within milliseconds: nobody needs to read about these. */
const SHOWN_AFTER_MS = 1000;

interface HeldConnectionsProps {
  status: Status;
  /** Nobody would hear the wish to reset them. */
  unheard: boolean;
  onReset: () => void;
}

/** While turning off takes long: who has not read what, and the way to end it. */
export function HeldConnections({ status, unheard, onReset }: HeldConnectionsProps) {
  const [asked, setAsked] = useState<number | null>(null);
  const { held } = status;
  const late = useLate(status.state === 'draining');
  if (!late || held === null || held.connections === 0) return null;
  return (
    <Notice tone="warn">
      <p className="font-medium">Turning off waits for programs that have not read what waits for them.</p>
      <HeldList held={held} />
      <Button look="danger" className="mt-2" disabled={unheard} onClick={() => setAsked(held.connections)}>
        Reset {plural(held.connections, 'connection')}…
      </Button>
      <ResetDialog
        // The number that somebody types stays, although there may be fewer by then.
        count={asked}
        disabled={unheard}
        onCancel={() => setAsked(null)}
        onReset={() => {
          setAsked(null);
          onReset();
        }}
      >
        <HeldList held={held} />
      </ResetDialog>
    </Notice>
  );
}

/** Whether it has been so for a while, as this page has seen it: its clock may be another one than the host's. */
function useLate(draining: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!draining) return;
    const timer = setTimeout(() => setLate(true), SHOWN_AFTER_MS);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [draining]);
  return draining && late;
}

/** A number and its unit stay on one line. */
const formatAsOneWord = (bytes: number) => formatBytes(bytes).replace('\u2009', '\u202f');

function HeldList({ held }: { held: NonNullable<Status['held']> }) {
  const named = held.most.slice(0, MOST_NAMED);
  const more = held.connections - named.length;
  return (
    <ul className="mt-2 space-y-1.5 text-muted" aria-label="Connections that still have to leave the bypass">
      {named.map((connection) => (
        <li key={connection.id} className="break-words">
          {heldWords(connection, formatAsOneWord)}
        </li>
      ))}
      {more > 0 && <li>and {more} more</li>}
    </ul>
  );
}
