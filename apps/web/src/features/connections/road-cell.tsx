import { type Connection, type Direction, REASONS } from '@sidestep/shared';
import { ArrowLeft, ArrowRight, ArrowRightLeft } from 'lucide-react';
import { cn } from '@/lib/class-names.ts';
import { PathGlyph } from '@/ui/path-glyph.tsx';

const ARROWS = { both: ArrowRightLeft, there: ArrowRight, back: ArrowLeft } as const;
const WORDS = { both: 'both ways', there: 'client to server', back: 'server to client' } as const;

/** The road of each direction and its reason; one line when both are alike. */
export function RoadCell({ connection }: { connection: Connection }) {
  const { clientToServer: there, serverToClient: back } = connection;
  if (there.path === back.path && there.reason === back.reason) return <Lane way="both" direction={there} />;
  return (
    <span className="flex min-w-0 flex-col">
      <Lane way="there" direction={there} tight />
      <Lane way="back" direction={back} tight />
    </span>
  );
}

function Lane(props: { way: keyof typeof ARROWS; direction: Direction; tight?: boolean }) {
  const { way, direction, tight = false } = props;
  const Arrow = ARROWS[way];
  return (
    <span className={cn('flex min-w-0 items-center gap-2', tight && 'text-xs leading-[15px]')}>
      <Arrow className="size-3 shrink-0 text-muted" aria-label={WORDS[way]} />
      <PathGlyph path={direction.path} />
      <span className={cn('shrink-0', direction.path === 'bypass' ? 'text-accent' : 'text-ink')}>
        {direction.path}
      </span>
      {direction.reason && (
        <span
          className="min-w-0 truncate text-muted"
          title={REASONS.find(({ words }) => words === direction.reason)?.means}
        >
          {direction.reason}
        </span>
      )}
    </span>
  );
}
