import type { ReactNode } from 'react';

/** What the kernel said, as it said it: long lines and many of them scroll in their own frame. */
export function KernelWords({ children }: { children: ReactNode }) {
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
      tabIndex={0}
      className="mt-2 max-h-60 overflow-auto rounded-sm bg-page p-3 font-mono text-xs"
    >
      {children}
    </pre>
  );
}
