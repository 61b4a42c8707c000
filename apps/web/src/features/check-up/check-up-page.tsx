'use client';

import type { CheckUp } from '@sidestep/shared';
import { LoaderCircle, RotateCw } from 'lucide-react';
import { useNow } from '@/lib/now.ts';
import { formatDuration } from '@/lib/time.ts';
import { Ago } from '@/ui/ago.tsx';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/empty.tsx';
import { FailureNotice } from '@/ui/failure-notice.tsx';
import { PageHeader } from '@/ui/page-header.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { CheckLine } from './check-line.tsx';
import { OutcomeIcon, OutcomeMark } from './outcome-mark.tsx';
import { useCheckUp } from './use-check-up.ts';
import { inOrder, tallyOf, verdictOf } from './verdict.ts';

/** What this kernel can do, tried out on sockets of our own, and what Sidestep makes of it. */
export function CheckUpPage() {
  const { state, running, unheard, run, failure } = useCheckUp();
  const last = state?.last ?? null;
  return (
    <div className="overflow-y-auto">
      <PageHeader title="Check-up">
        {last && <WhenAndWhere last={last} />}
        <Button
          onClick={run}
          disabled={state === null || running || unheard}
          aria-busy={running}
          className="min-w-28"
        >
          {running ? <LoaderCircle className="turning" /> : <RotateCw />}
          {running ? 'Running' : last ? 'Run again' : 'Run'}
        </Button>
      </PageHeader>
      <div className="flex max-w-[1600px] flex-col gap-4 px-4 pb-8 sm:px-6">
        {failure && <FailureNotice failure={failure} />}
        {state === null && !failure && <LoadingLines />}
        {state !== null && last === null && <NoneYet running={running} />}
        {last && (
          <>
            <Headline last={last} />
            {last.checks.length > 0 && (
              <ul aria-label="What was tested" className="divide-y rounded-md border bg-surface">
                {inOrder(last.checks).map((check) => (
                  <CheckLine key={check.id} check={check} />
                ))}
              </ul>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function WhenAndWhere({ last: { at, took, kernel } }: { last: CheckUp }) {
  const now = useNow();
  return (
    <p className="text-muted">
      <Ago at={Date.parse(at)} now={now} /> on Linux {kernel}, took{' '}
      <span className="tabular whitespace-nowrap">{formatDuration(took / 1000)}</span>
    </p>
  );
}

function Headline({ last: { checks } }: { last: CheckUp }) {
  const { outcome, words, because } = verdictOf(checks);
  return (
    <section
      aria-label="Result"
      aria-live="polite"
      className="flex gap-4 rounded-md border bg-surface p-4 sm:p-6"
    >
      <OutcomeIcon outcome={outcome} className="mt-0.5 size-7" />
      <div className="flex min-w-0 flex-col gap-2">
        <h2 className="text-xl font-semibold">{words}</h2>
        {because.map((reason) => (
          <p key={reason} className="max-w-3xl">
            {reason}
          </p>
        ))}
        <p className="mt-1 flex flex-wrap gap-x-5 gap-y-1">
          {tallyOf(checks).map((one) => (
            <OutcomeMark key={one.outcome} {...one} />
          ))}
        </p>
      </div>
    </section>
  );
}

function NoneYet({ running }: { running: boolean }) {
  return running ? (
    <Empty title="The first check-up is under way">
      Sidestep tries out on sockets of its own what this kernel does. It takes a few seconds.
    </Empty>
  ) : (
    <Empty title="No check-up yet">
      It tries out on sockets of its own what this kernel does, and touches no other program.
    </Empty>
  );
}

function LoadingLines() {
  return (
    <>
      <span className="sr-only">Loading</span>
      <div className="flex gap-4 rounded-md border bg-surface p-4 sm:p-6">
        <Skeleton className="size-8" />
        <div className="flex flex-1 flex-col gap-3">
          <Skeleton className="h-8 max-w-96" />
          <Skeleton className="h-4 max-w-64" />
        </div>
      </div>
      <div className="divide-y rounded-md border bg-surface">
        {Array.from({ length: 8 }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike and never move
          <div key={index} className="flex h-10 items-center gap-8 px-4">
            <Skeleton className="h-3 w-20" />
            <Skeleton className="h-3 flex-4" />
            <Skeleton className="hidden h-3 flex-5 sm:block" />
          </div>
        ))}
      </div>
    </>
  );
}
