import type { ReactNode } from 'react';

/** The line at the top of a page: its name, and what can be done with all of it. */
export function PageHeader({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3 sm:px-6">
      <h1 className="mr-auto text-base font-semibold">{title}</h1>
      <div className="flex min-w-0 flex-wrap items-center justify-end gap-x-3 gap-y-2">{children}</div>
    </div>
  );
}
