'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { StatusProvider, useStatus } from '@/features/acceleration/status.tsx';
import { LostBanner } from '@/features/session/lost-banner.tsx';
import { SignedOut } from '@/features/session/signed-out.tsx';
import { UpgradedBanner } from '@/features/session/upgraded-banner.tsx';
import { cn } from '@/lib/class-names.ts';
import { tryNow, useLink } from '@/lib/link.ts';
import { Rail } from './rail.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { useAppliedTheme } from './theme.ts';
import { TopBar } from './top-bar.tsx';

/** What stands around every room, and what all of them share. */
export function Shell({ children }: { children: ReactNode }) {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          // The daemon is on this host or at the end of a tunnel: what the browser thinks of the network says nothing.
          queries: { networkMode: 'always', retry: 2, retryDelay: 500, refetchOnWindowFocus: false },
          mutations: { networkMode: 'always' },
        },
      }),
  );
  const link = useLink();
  useAppliedTheme();

  useEffect(() => {
    // What was missed while the daemon was away.
    if (link.phase === 'open') void queries.invalidateQueries();
  }, [link.phase, queries]);

  useEffect(() => {
    // Somebody may have signed in, or started the daemon, in another tab or terminal.
    addEventListener('focus', tryNow);
    return () => removeEventListener('focus', tryNow);
  }, []);

  return (
    <QueryClientProvider client={queries}>
      <StatusProvider>
        {link.phase === 'signed-out' ? <SignedOut /> : <Frame>{children}</Frame>}
      </StatusProvider>
    </QueryClientProvider>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const [shortcuts, setShortcuts] = useState(false);
  const status = useStatus();
  const lost = useLink().phase === 'lost';
  return (
    <div className="flex h-dvh flex-col">
      <TopBar onShortcuts={() => setShortcuts(true)} />
      <LostBanner hasData={status !== null} />
      <UpgradedBanner version={status?.version} />
      <div className="flex min-h-0 flex-1 flex-col sm:flex-row">
        <Rail />
        <main className={cn('relative flex min-h-0 min-w-0 flex-1 flex-col', lost && 'stale')}>
          {children}
        </main>
      </div>
      <Shortcuts open={shortcuts} onOpenChange={setShortcuts} />
    </div>
  );
}
