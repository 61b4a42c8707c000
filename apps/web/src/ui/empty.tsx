import type { ReactNode } from 'react';

/** What stands where there is nothing yet: a sentence, and what would bring something. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="appear mx-auto flex max-w-md flex-col items-center gap-1 px-6 py-12 text-center text-balance">
      <p className="font-medium">{title}</p>
      {children && <div className="text-muted">{children}</div>}
    </div>
  );
}

/** A command to copy. */
export function Command({ children }: { children: string }) {
  return <code className="rounded-sm bg-sunken px-1.5 py-0.5 font-mono text-xs text-ink">{children}</code>;
}
