'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import { Command, Empty } from '@/ui/empty.tsx';
import { useStatus } from './status.tsx';

/** Stands where connections or events would be: none yet, or none to be seen because acceleration is off. */
export function NothingWatched({ title, children }: { title: string; children?: ReactNode }) {
  const status = useStatus();
  const state = status?.state;
  if (status?.inspectOnly) {
    return (
      <Empty title="Nothing can be accelerated on this kernel">
        Connections and events are seen while acceleration is on.{' '}
        <Link href="/check-up" className="text-accent underline underline-offset-4">
          See the check-up
        </Link>
      </Empty>
    );
  }
  if (state === 'off' || state === 'failed') {
    return (
      <Empty title="Acceleration is off">
        Connections and events are seen while it is on.{' '}
        <Link href="/" className="text-accent underline underline-offset-4">
          Turn it on
        </Link>
      </Empty>
    );
  }
  return (
    <Empty title={title}>
      {children || (
        <>
          Try <Command>redis-benchmark -q</Command> or any two programs on this host.
        </>
      )}
    </Empty>
  );
}
