import { type Direction, type End, REASONS } from '@sidestep/shared';
import Link from 'next/link';
import { Figure } from '@/ui/figure.tsx';
import { PathGlyph, PathMark } from '@/ui/path-glyph.tsx';
import { addressOf } from './end-name.tsx';
import { reasonAnchor } from './filter.ts';

/** One end: the program and where it sits. */
export function EndCard({ name, end }: { name: string; end: End }) {
  return (
    <section aria-label={name} className="min-w-0 bg-surface px-4 py-3">
      <h3 className="text-xs text-muted">{name}</h3>
      <p className="truncate font-medium">{end.comm || 'unknown'}</p>
      <p className="tabular font-mono text-xs break-all">{addressOf(end)}</p>
      <div className="tabular mt-1 text-xs text-muted">
        {end.pid > 0 && <p>pid {end.pid}</p>}
        <p>
          netns {end.netns} · cgroup {end.cgroup}
        </p>
      </div>
    </section>
  );
}

/** One direction: its road now, why, and what it carried by each. */
export function DirectionCard({ title, direction }: { title: string; direction: Direction }) {
  const { reason } = direction;
  return (
    <section aria-label={title} className="border-b px-4 py-3">
      <div className="flex items-center justify-between">
        <h3 className="text-xs text-muted">{title}</h3>
        <span className="tabular text-xs text-muted">
          <Figure value={direction.rate.messages} of="messages per second" suffix=" msg/s" /> ·{' '}
          <Figure value={direction.rate.bytes} of="bytes per second" bytes suffix="/s" />
        </span>
      </div>
      <p className="flex items-center gap-2">
        <PathMark path={direction.path} className="font-medium" />
        {reason && (
          <Link
            href={`/help#${reasonAnchor(reason)}`}
            className="text-accent underline-offset-4 hover:underline"
          >
            {reason}
          </Link>
        )}
      </p>
      {reason && <p className="text-xs text-muted">{REASONS.find(({ words }) => words === reason)?.means}</p>}
      <dl className="tabular mt-2 text-xs">
        {(['bypass', 'stack'] as const).map((path) => (
          <div key={path} className="flex items-center">
            <dt className="flex flex-1 items-center gap-2 text-muted">
              <PathGlyph path={path} />
              by the {path}
            </dt>
            <dd className="w-24 text-right">
              <Figure value={direction.messages[path]} of={`messages by the ${path}`} suffix=" msg" />
            </dd>
            <dd className="w-24 text-right">
              <Figure value={direction.bytes[path]} of={`bytes by the ${path}`} bytes />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
