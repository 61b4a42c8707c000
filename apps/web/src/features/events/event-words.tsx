import type { Event, EventKind } from '@sidestep/shared';
import {
  Link2,
  type LucideIcon,
  PackageCheck,
  Power,
  PowerOff,
  Radio,
  TriangleAlert,
  Unplug,
  Waypoints,
} from 'lucide-react';
import { formatBytes } from '@/lib/number.ts';
import { formatDuration } from '@/lib/time.ts';
import { PathGlyph } from '@/ui/path-glyph.tsx';

const ICONS: Partial<Record<EventKind, LucideIcon>> = {
  listening: Radio,
  established: Link2,
  paired: Waypoints,
  closed: Unplug,
  enabled: Power,
  disabled: PowerOff,
  upgraded: PackageCheck,
  lost: TriangleAlert,
};

/** What each kind means, for hover and help. */
export const KIND_MEANS: Record<EventKind, string> = {
  listening: 'A program began to accept connections.',
  established: 'A connection between two programs on this host was opened.',
  paired: 'Both ends of a connection were recognised as one.',
  bypassed: 'The first message after joining the bypass went straight across.',
  left: 'A connection went back to the stack.',
  closed: 'A connection ended.',
  enabled: 'Acceleration was turned on.',
  disabled: 'Acceleration was turned off.',
  upgraded: 'The programs of this version took over from those of another.',
  lost: 'The kernel had more events than room for them.',
};

/** The picture of a kind: the two roads where they are meant, a plain icon elsewhere. */
export function KindGlyph({ kind }: { kind: EventKind }) {
  if (kind === 'bypassed') return <PathGlyph path="bypass" />;
  if (kind === 'left') return <PathGlyph path="stack" />;
  const Icon = ICONS[kind];
  return (
    <span className="flex w-7 shrink-0 justify-center" aria-hidden="true">
      {Icon && <Icon className={kind === 'lost' ? 'size-4 text-warn' : 'size-4 text-muted'} />}
    </span>
  );
}

/** What is worth saying beside the ends: the reason, the totals, the number lost. */
export function eventNote(event: Event): string | null {
  if (event.kind === 'closed' && event.bytes) {
    const total = event.bytes.bypass + event.bytes.stack;
    const after = event.duration === null ? '' : ` in ${formatDuration(event.duration)}`;
    return `${formatBytes(total)}${after}`;
  }
  if (event.kind === 'upgraded' && event.count)
    return `${event.count} ${event.count === 1 ? 'connection' : 'connections'} of the old version still to leave`;
  if (event.kind === 'lost') return `${event.count ?? 0} events: the ring was full`;
  return event.reason;
}
