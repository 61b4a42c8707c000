'use client';

import Link from 'next/link';
import { useStatus } from '@/features/acceleration/status.tsx';
import { AccountMenu } from '@/features/session/account-menu.tsx';
import { LiveMark } from '@/features/session/live-mark.tsx';
import { useSession } from '@/lib/link.ts';
import { Logo } from '@/ui/logo.tsx';
import { PathGlyph } from '@/ui/path-glyph.tsx';
import { ThemeButton } from './theme-button.tsx';

/** Which host this is, whether acceleration is on, and whether what is shown is live. */
export function TopBar({ onShortcuts }: { onShortcuts: () => void }) {
  const status = useStatus();
  const session = useSession();
  const host = status?.host.name ?? session?.host;
  return (
    <header className="flex h-12 shrink-0 items-center gap-3 border-b bg-surface px-4">
      <Link
        href="/"
        className="flex items-center gap-2 text-base font-semibold"
        aria-label="Sidestep, overview"
      >
        <Logo />
        <span className="hidden sm:inline">Sidestep</span>
      </Link>
      {host && (
        <p className="flex min-w-0 gap-3 text-muted">
          <span className="truncate">
            <span className="hidden sm:inline">host </span>
            <span className="font-medium text-ink">{host}</span>
          </span>
          {status && <span className="hidden truncate md:inline">Linux {status.host.kernel}</span>}
        </p>
      )}
      <div className="ml-auto flex items-center gap-1">
        {status && (
          <span className="mr-3 hidden items-center gap-2 text-xs text-muted sm:flex">
            <PathGlyph path={status.state === 'on' ? 'bypass' : 'stack'} />
            {status.inspectOnly ? 'inspect only' : status.state}
          </span>
        )}
        <LiveMark />
        <span className="w-2" />
        <ThemeButton />
        <AccountMenu onShortcuts={onShortcuts} />
      </div>
    </header>
  );
}
