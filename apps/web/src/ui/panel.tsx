import type { ReactNode } from 'react';
import { cn } from '@/lib/class-names.ts';

/** A framed part of a page with a heading of its own. `aside` stands at the heading's right. */
export function Panel(props: { title: string; aside?: ReactNode; children: ReactNode; className?: string }) {
  const { title, aside, children, className } = props;
  return (
    <section
      className={cn('flex min-w-0 flex-col rounded-md border bg-surface', className)}
      aria-label={title}
    >
      <header className="flex h-10 shrink-0 items-center justify-between gap-4 px-4">
        <h2 className="truncate font-medium">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
