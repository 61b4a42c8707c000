import { formatAgo, formatMoment, formatSpan } from '@/lib/time.ts';

/** How long ago, with the exact moment on hover. `bare` leaves the “ago” out. */
export function Ago({ at, now, bare = false }: { at: number; now: number; bare?: boolean }) {
  if (now === 0) return null;
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={formatMoment(at)}
      className="tabular whitespace-nowrap"
    >
      {bare ? formatSpan(now - at) : formatAgo(at, now)}
    </time>
  );
}
