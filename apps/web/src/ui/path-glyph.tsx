import type { Path } from '@sidestep/shared';
import { cn } from '@/lib/class-names.ts';

const ROADS: Record<Path, string> = {
  bypass: 'M1.5 6h25',
  stack: 'M1.5 3h4c3.5 0 2.5 6.5 6 6.5h5c3.5 0 2.5-6.5 6-6.5h4',
};

/** The road in one glance: a straight line in the accent, or a line that dips, in grey. */
export function PathGlyph({ path, className }: { path: Path; className?: string }) {
  return (
    <svg
      width="28"
      height="12"
      viewBox="0 0 28 12"
      fill="none"
      aria-hidden="true"
      strokeLinecap="round"
      strokeWidth={path === 'bypass' ? 2.5 : 1.75}
      className={cn('shrink-0', path === 'bypass' ? 'stroke-accent' : 'stroke-stack', className)}
    >
      <path d={ROADS[path]} />
    </svg>
  );
}

/** The glyph with its word. */
export function PathMark({ path, className }: { path: Path; className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2 whitespace-nowrap', className)}>
      <PathGlyph path={path} />
      <span className={path === 'bypass' ? 'text-accent' : 'text-muted'}>{path}</span>
    </span>
  );
}
