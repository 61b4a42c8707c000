import type { Path, StatisticsPoint } from '@sidestep/shared';
import { cn } from '@/lib/class-names.ts';
import { Figure } from '@/ui/figure.tsx';

/** The two roads between programs, each as thick as its share of the messages, with what it carries this second. */
export function Roads({ point, open }: { point: StatisticsPoint | null; open: boolean }) {
  const bypass = point?.messages.bypass ?? 0;
  const stack = point?.messages.stack ?? 0;
  const share = bypass + stack > 0 ? bypass / (bypass + stack) : 0;
  return (
    <section className="relative h-44" aria-label="What each road carries now">
      <svg
        className="absolute inset-x-0 top-0 h-44 w-full px-[5px]"
        viewBox="0 0 100 176"
        preserveAspectRatio="none"
        fill="none"
        aria-hidden="true"
        strokeLinecap="round"
      >
        <path
          d="M0 80H4C14 80 10 158 22 158H78C90 158 86 80 96 80H100"
          className="stroke-stack"
          strokeWidth={stack > 0 ? 1.5 + 5 * (1 - share) : 1.5}
          vectorEffect="non-scaling-stroke"
        />
        <path
          d="M0 80H100"
          className={open ? 'stroke-accent' : 'stroke-line-strong'}
          strokeWidth={bypass > 0 ? 2 + 5 * share : 2}
          strokeDasharray={open ? undefined : '2 8'}
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <End className="left-0" />
      <End className="right-0" />
      <Load path="bypass" point={point} className="top-0 h-[72px] justify-end" big />
      <Load path="stack" point={point} className="top-[92px] h-[60px] justify-end" />
    </section>
  );
}

function End({ className }: { className: string }) {
  return (
    <span aria-hidden="true" className={cn('absolute top-[74px] size-3 rounded-full bg-ink', className)} />
  );
}

function Load(props: { path: Path; point: StatisticsPoint | null; className: string; big?: boolean }) {
  const { path, point, className, big = false } = props;
  return (
    <div className={cn('absolute inset-x-0 flex flex-col items-center text-center', className)}>
      {point ? (
        <p
          className={cn(
            'font-semibold',
            big ? 'text-4xl' : 'text-xl',
            path === 'bypass' ? 'text-accent' : 'text-ink',
          )}
        >
          <Figure value={point.messages[path]} of="messages per second" />
          <span className="ml-1.5 text-sm font-medium text-muted">msg/s</span>
        </p>
      ) : (
        <p className="text-muted">not counted</p>
      )}
      <p className="text-muted">
        {path === 'bypass' ? 'bypass' : 'TCP/IP stack'}
        {point && (
          <>
            {' · '}
            <Figure value={point.bytes[path]} of="bytes per second" bytes suffix="/s" />
          </>
        )}
      </p>
    </div>
  );
}
