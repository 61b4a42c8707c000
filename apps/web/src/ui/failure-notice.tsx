import type { Failure } from '@sidestep/shared';
import { Notice } from '@/ui/notice.tsx';

/** What to do first, then what happened; the kernel's own words folded away. */
export function FailureNotice({ failure }: { failure: Failure }) {
  return (
    <Notice tone="bad" role="alert">
      <p className="font-medium">{failure.remedy}</p>
      <p className="text-muted">{failure.message}</p>
      {failure.log && (
        <details className="mt-1">
          <summary className="w-fit text-xs text-muted underline decoration-dotted underline-offset-4">
            The kernel’s own words
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
          <pre tabIndex={0} className="mt-2 max-h-60 overflow-auto rounded-sm bg-page p-3 font-mono text-xs">
            {failure.log}
          </pre>
        </details>
      )}
    </Notice>
  );
}
