'use client';

import type { Status } from '@sidestep/shared';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { client } from '@/lib/client.ts';
import { keepSubscribed } from '@/lib/keep-subscribed.ts';

const StatusContext = createContext<Status | null>(null);

/** Follows the status once for the whole page. */
export function StatusProvider({ children }: { children: ReactNode }) {
  const [status, setStatus] = useState<Status | null>(null);
  useEffect(
    () =>
      keepSubscribed((ending) =>
        client().acceleration.watch.subscribe(undefined, { ...ending, onData: setStatus }),
      ),
    [],
  );
  return <StatusContext value={status}>{children}</StatusContext>;
}

/** The last status that the daemon sent; null until the first one. */
export function useStatus(): Status | null {
  return useContext(StatusContext);
}
