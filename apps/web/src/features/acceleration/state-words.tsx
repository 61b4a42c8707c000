import { type EnablingStep, enablingStepSchema, type Status } from '@sidestep/shared';
import { Check } from 'lucide-react';
import { cn } from '@/lib/class-names.ts';
import { formatMinute, formatMoment } from '@/lib/time.ts';
import { Figure } from '@/ui/figure.tsx';
import type { SwitchState } from './use-acceleration.ts';

const TITLES: Record<SwitchState, string> = {
  unknown: 'Acceleration',
  off: 'Off',
  enabling: 'Turning on',
  on: 'On',
  draining: 'Turning off',
  failed: 'Failed',
  unavailable: 'Not available on this host',
  'inspect only': 'Not possible on this kernel',
};

export function StateTitle({ state, pending }: { state: SwitchState; pending: boolean }) {
  const title =
    pending && (state === 'off' || state === 'failed' || state === 'unavailable')
      ? TITLES.enabling
      : pending && state === 'on'
        ? TITLES.draining
        : TITLES[state];
  return <p className="text-xl font-semibold">{title}</p>;
}

/** The line under the title: since when, where, and what is lost; or how far a change has come. */
export function StateDetails({ status, state }: { status: Status; state: SwitchState }) {
  if (state === 'enabling') return <Steps step={status.step} />;
  // Why it says itself, and there is nothing else to tell.
  if (state === 'inspect only') return null;
  if (state === 'draining') return <Draining count={status.held?.connections ?? 0} />;
  const since = Date.parse(status.since);
  return (
    <div className="text-muted">
      {(state === 'on' || state === 'off') && (
        <p>
          <span title={formatMoment(since)}>
            {state} since {sinceWords(since)}
          </span>
          {state === 'on' && (
            <>
              {' · '}
              <Figure
                value={status.events.lost}
                of="events lost since it was turned on"
                suffix=" lost"
                className={cn(status.events.lost > 0 && 'text-warn')}
              />
            </>
          )}
        </p>
      )}
      <p className="truncate" title={`Programs in the cgroup ${status.cgroup} are covered.`}>
        cgroup <span className="font-mono text-xs text-ink">{status.cgroup}</span>
      </p>
    </div>
  );
}

function sinceWords(since: number): string {
  const sameDay = new Date(since).toDateString() === new Date().toDateString();
  return sameDay ? formatMinute(since) : formatMoment(since).slice(0, 16);
}

/** Until the check-up is through nothing is loaded. */
const STEPS = ['checking', ...enablingStepSchema.options] as const;

function Steps({ step }: { step: EnablingStep | null }) {
  const current = STEPS.indexOf(step ?? 'checking');
  return (
    <ol className="flex flex-wrap items-center gap-x-3 text-muted" aria-label="Steps">
      {STEPS.map((name, index) => (
        <li
          key={name}
          aria-current={index === current ? 'step' : undefined}
          className={cn('flex items-center gap-1', index === current && 'font-medium text-accent')}
        >
          {index < current && <Check className="size-3.5 text-good" aria-hidden="true" />}
          {name}
        </li>
      ))}
    </ol>
  );
}

function Draining({ count }: { count: number }) {
  if (count === 0) return <p className="text-muted">No new data takes the bypass.</p>;
  return (
    <p className="text-muted">
      <Figure value={count} of="connections" className="font-medium text-ink" />{' '}
      {count === 1 ? 'connection still empties its queues' : 'connections still empty their queues'}. Nothing
      is lost.
    </p>
  );
}
