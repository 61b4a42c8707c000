'use client';

import { LoaderCircle, PlugZap } from 'lucide-react';
import { tryNow, useLink } from '@/lib/link.ts';
import { useNow } from '@/lib/now.ts';
import { formatSpan } from '@/lib/time.ts';
import { Button } from '@/ui/button.tsx';
import { Command } from '@/ui/empty.tsx';

/** Says that the daemon is gone, how old the numbers are, and when it is tried again. */
export function LostBanner({ hasData }: { hasData: boolean }) {
  const link = useLink();
  const now = useNow();
  if (link.phase !== 'lost') return null;
  const wait = link.retryAt === null ? null : Math.max(0, Math.ceil((link.retryAt - now) / 1000));
  return (
    <div className="appear flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b bg-bad-wash px-4 py-2 sm:px-6">
      <PlugZap className="hidden size-4 shrink-0 text-bad sm:block" aria-hidden="true" />
      <p className="min-w-0 flex-1 basis-72">
        <span role="alert">
          <span className="font-medium">The daemon does not answer.</span> Connections that take the bypass
          keep running without it. If it stays away: <Command>sudo ./sidestep up</Command>
        </span>
        {/* Beside the alert: a screen reader would begin it again each second. */}
        {hasData && (
          <span className="tabular">
            {' '}
            What you see is <span className="whitespace-nowrap">{formatSpan(now - link.since)}</span> old.
          </span>
        )}
      </p>
      <span className="tabular flex items-center gap-3 text-muted" aria-live="off">
        {wait === null ? (
          <>
            <LoaderCircle className="turning size-4" aria-hidden="true" /> trying
          </>
        ) : (
          `next try in ${wait}\u2009s`
        )}
        <Button onClick={tryNow} disabled={wait === null}>
          Try now
        </Button>
      </span>
    </div>
  );
}
