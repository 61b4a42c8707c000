import type { Path } from '@sidestep/shared';
import { eventNote, KIND_MEANS } from '@/features/events/event-words.tsx';
import { cn } from '@/lib/class-names.ts';
import { formatClock, formatDuration, formatMoment } from '@/lib/time.ts';
import type { Moment } from './history.ts';

const HEIGHT = 40;
const MIDDLE = HEIGHT / 2;
/** Where each road runs: the bypass straight down, the stack to the side. */
const X: Record<Path, number> = { bypass: 6, stack: 22 };

/** A connection's life from top to bottom: straight and coloured on the bypass, set aside and grey on the stack. */
export function LifeLine({ life }: { life: readonly Moment[] }) {
  return (
    <ol>
      {life.map(({ event, before, after, elapsed }) => {
        const at = Date.parse(event.at);
        const note = eventNote(event);
        return (
          <li key={event.seq} className="flex items-center gap-3" style={{ height: HEIGHT }}>
            <Stretch before={before} after={after} />
            <span className="min-w-0 flex-1" title={KIND_MEANS[event.kind]}>
              <span className="font-medium">{event.kind}</span>
              {note && <span className="ml-2 text-muted">{note}</span>}
            </span>
            <span className="tabular shrink-0 text-right text-xs text-muted">
              <time dateTime={event.at} title={formatMoment(at)} className="font-mono">
                {formatClock(at)}
              </time>
              {elapsed !== null && <span className="block">+{formatDuration(elapsed / 1000)}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** The piece of road that belongs to one moment: how one came, the moment itself, how one goes on. */
function Stretch({ before, after }: { before: Path | null; after: Path | null }) {
  const here = after ?? before ?? 'stack';
  const from = before === null ? null : X[before];
  const x = X[here];
  return (
    <svg width="28" height={HEIGHT} fill="none" strokeWidth="2" aria-hidden="true" className="shrink-0">
      {before !== null && from !== null && (
        <path
          d={from === x ? `M${x} 0V${MIDDLE}` : `M${from} 0C${from} 14 ${x} 6 ${x} ${MIDDLE}`}
          className={before === 'bypass' ? 'stroke-accent' : 'stroke-stack'}
        />
      )}
      {after !== null && (
        <path
          d={`M${x} ${MIDDLE}V${HEIGHT}`}
          className={after === 'bypass' ? 'stroke-accent' : 'stroke-stack'}
        />
      )}
      <circle
        cx={x}
        cy={MIDDLE}
        r="4"
        className={cn('fill-surface', here === 'bypass' ? 'stroke-accent' : 'stroke-stack')}
      />
    </svg>
  );
}
