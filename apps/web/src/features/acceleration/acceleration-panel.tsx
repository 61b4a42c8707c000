'use client';

import type { StatisticsPoint, Status } from '@sidestep/shared';
import { ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { connectionsHref } from '@/features/connections/filter.ts';
import { Roads } from '@/features/statistics/roads.tsx';
import { FailureNotice } from '@/ui/failure-notice.tsx';
import { Figure } from '@/ui/figure.tsx';
import { Notice } from '@/ui/notice.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { BigSwitch } from './big-switch.tsx';
import { FirstTime } from './first-time.tsx';
import { HeldConnections } from './held-connections.tsx';
import { StateDetails, StateTitle } from './state-words.tsx';
import { isWatching, useAcceleration } from './use-acceleration.ts';

/** The switch, the state and why, and the two roads with what they carry now. */
export function AccelerationPanel({ now }: { now: StatisticsPoint | null }) {
  const acceleration = useAcceleration();
  const { status, state } = acceleration;
  const watching = isWatching(state);
  return (
    <section
      aria-label="Acceleration"
      className="grid rounded-md border bg-surface lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]"
    >
      <div className="flex min-w-0 flex-col gap-4 p-4 sm:p-6">
        <div className="flex items-center gap-4">
          <BigSwitch
            on={acceleration.on}
            pending={acceleration.pending}
            disabled={acceleration.disabled}
            onChange={acceleration.turn}
            describedBy="acceleration-state"
          />
          <div id="acceleration-state" className="min-w-0" aria-live="polite">
            <StateTitle state={state} pending={acceleration.pending} />
            {status ? <StateDetails status={status} state={state} /> : <Skeleton className="mt-1 h-4 w-56" />}
          </div>
        </div>
        {acceleration.asking && (
          <FirstTime
            disabled={acceleration.unheard}
            onTurnOn={acceleration.turnOn}
            onCancel={acceleration.cancel}
          />
        )}
        {status && (
          <HeldConnections status={status} unheard={acceleration.unheard} onReset={acceleration.reset} />
        )}
        {acceleration.failure && <FailureNotice failure={acceleration.failure} />}
        {status?.inspectOnly && <InspectOnly why={status.inspectOnly} />}
        {status?.reason && !status.failure && state !== 'draining' && (
          <p className="text-muted">{status.reason}</p>
        )}
        {status && status.untracked > 0 && <TableFull untracked={status.untracked} />}
        {status && <Share status={status} />}
      </div>
      <div className="border-t p-4 sm:p-6 lg:border-t-0 lg:border-l">
        {/* Nothing is counted while it is off: that is not the same as zero. */}
        <Roads point={watching ? now : null} open={watching} />
      </div>
    </section>
  );
}

function InspectOnly({ why }: { why: string }) {
  return (
    <Notice tone="warn">
      <p>
        {why} Your programs go on over TCP as they always did.{' '}
        <Link
          href="/check-up"
          className="font-medium whitespace-nowrap text-accent underline underline-offset-4"
        >
          See the check-up
        </Link>
      </p>
    </Notice>
  );
}

function TableFull({ untracked }: { untracked: number }) {
  return (
    <Notice tone="warn">
      <p>
        <Figure value={untracked} of="connections" className="font-medium" />{' '}
        {untracked === 1 ? 'connection found' : 'connections found'} the table full and{' '}
        {untracked === 1 ? 'uses' : 'use'} TCP. The daemon’s option{' '}
        <span className="font-mono text-xs whitespace-nowrap">--max-connections</span> makes the table larger.
      </p>
    </Notice>
  );
}

/** How many connections are helped, and the way to those that are not. */
function Share({ status }: { status: Status }) {
  const { open, bypassing } = status.connections;
  const others = open - bypassing;
  if (!isWatching(status.state)) {
    return <p className="mt-auto text-muted">Every connection takes the stack, and nothing is watched.</p>;
  }
  if (open === 0) return <p className="mt-auto text-muted">No local connections are open.</p>;
  return (
    <div className="mt-auto flex flex-col gap-2">
      <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <span>
          <Figure value={bypassing} of="connections" className="text-base font-semibold" /> of{' '}
          <Figure value={open} of="connections" className="text-base font-semibold" /> local connections take
          the bypass
        </span>
        {others > 0 && (
          <Link
            href={connectionsHref({ path: 'stack' })}
            className="ml-auto inline-flex items-center text-accent underline-offset-4 hover:underline"
          >
            <span>
              why not <Figure value={others} of="connections" />?
            </span>
            <ChevronRight className="size-4" aria-hidden="true" />
          </Link>
        )}
      </p>
      <div aria-hidden="true" className="flex h-2 gap-0.5">
        <span className="rounded-full bg-accent" style={{ width: `${(100 * bypassing) / open}%` }} />
        <span className="flex-1 rounded-full bg-stack opacity-50" />
      </div>
    </div>
  );
}
