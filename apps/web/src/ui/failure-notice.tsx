import type { Failure } from '@sidestep/shared';
import { KernelWords } from './kernel-words.tsx';
import { Notice } from './notice.tsx';

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
          <KernelWords>{failure.log}</KernelWords>
        </details>
      )}
    </Notice>
  );
}
