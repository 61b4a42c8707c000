'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { cn } from '@/lib/class-names.ts';
import { ROOMS } from './rooms.ts';

/** The way between rooms: a rail at the left, a bar at the bottom on phones. */
export function Rail() {
  const pathname = usePathname();
  return (
    <nav
      aria-label="Rooms"
      className="order-last flex shrink-0 border-t bg-surface sm:order-first sm:w-14 sm:flex-col sm:gap-0.5 sm:border-t-0 sm:border-r sm:p-2 lg:w-44"
    >
      {ROOMS.map(({ href, words, icon: Icon, key, inMenu }) => {
        const here = href === '/' ? pathname === '/' : pathname.startsWith(href);
        return (
          <Link
            key={href}
            href={href}
            title={`${words} (g ${key})`}
            aria-current={here ? 'page' : undefined}
            className={cn(
              'flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-1 text-muted hover:text-ink',
              'sm:h-8 sm:flex-none sm:flex-row sm:gap-2.5 sm:rounded-md sm:px-2.5 sm:hover:bg-hover lg:justify-start',
              inMenu && 'hidden sm:flex',
              here &&
                'text-accent hover:text-accent sm:bg-accent-wash sm:font-medium sm:hover:bg-accent-wash',
            )}
          >
            <Icon className="size-5 shrink-0 sm:size-4" aria-hidden="true" />
            <span className="max-w-full truncate text-xs sm:sr-only lg:not-sr-only lg:text-sm">{words}</span>
          </Link>
        );
      })}
    </nav>
  );
}
