import type { TraceLine } from '@sidestep/shared';
import { cn } from '@/lib/class-names.ts';
import { formatClock, formatMoment } from '@/lib/time.ts';
import { cutAtHits } from './find.ts';

/** One raw line, with what was searched for marked. */
export function TraceLineRow({
  line,
  wanted,
  current,
  flush,
}: {
  line: TraceLine;
  wanted: string;
  current: boolean;
  /** Without the blanks that the kernel puts in front to align the names: on a phone they are half of what is seen. */
  flush: boolean;
}) {
  const at = Date.parse(line.at);
  return (
    <div
      className={cn(
        'flex h-full items-center gap-4 px-4 font-mono text-xs sm:px-6',
        current && 'bg-accent-wash',
      )}
    >
      <time dateTime={line.at} title={formatMoment(at)} className="tabular shrink-0 text-muted">
        {formatClock(at)}
      </time>
      <span className="whitespace-pre" title={line.text}>
        {cutAtHits(flush ? line.text.trimStart() : line.text, wanted).map((piece, index) =>
          index % 2 === 1 ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one line keep their places
            <mark key={index} className="rounded-sm bg-accent text-on-accent">
              {piece}
            </mark>
          ) : (
            piece
          ),
        )}
      </span>
    </div>
  );
}
