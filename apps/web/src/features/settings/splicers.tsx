import type { Splicer } from '@sidestep/shared';
import { useNow } from '@/lib/now.ts';
import { Ago } from '@/ui/ago.tsx';
import { Button } from '@/ui/button.tsx';
import { FailureNotice } from '@/ui/failure-notice.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { useSplicers } from './use-splicers.ts';

const WORDS = {
  splices: 'was seen to splice · learned',
  'could splice': 'could splice, not seen to yet · learned',
  unreadable: 'its file cannot be read, so nobody knows; tried again every minute · since',
} as const;

/** Programs that stay on the stack because they splice, each with the way to release it. */
export function Splicers() {
  const { splicers, release, unheard, failure } = useSplicers();
  return (
    <div className="flex flex-col gap-3 px-4 py-3">
      <p className="text-xs text-muted">
        These programs move data out of TCP sockets with splice(), which never sees what takes the bypass, or
        are built so that they could, or their files cannot be read. Connections of every process that runs
        the same file stay on the stack; for an interpreter such as python3 or node these are all its scripts.
        Release a program if you know that it will not splice: it may take the bypass then, until it is seen
        to.
      </p>
      {failure && <FailureNotice failure={failure} />}
      {splicers === null && <Skeleton className="h-8" />}
      {splicers?.length === 0 && <p className="text-muted">No program is known to splice.</p>}
      {splicers !== null && splicers.length > 0 && (
        <ul aria-label="Programs that splice" className="flex flex-col gap-2">
          {splicers.map((splicer) => (
            <Row
              key={splicer.program}
              splicer={splicer}
              disabled={unheard}
              onRelease={() => release(splicer.program)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

interface RowProps {
  splicer: Splicer;
  disabled: boolean;
  onRelease: () => void;
}

function Row({ splicer, disabled, onRelease }: RowProps) {
  const { program, why, learnedAt, remembered } = splicer;
  const now = useNow();
  return (
    <li className="flex items-center justify-between gap-4">
      <div className="min-w-0">
        <p className="font-mono text-xs leading-5 break-all">{program}</p>
        <p className="text-xs text-muted">
          {WORDS[why]} <Ago at={Date.parse(learnedAt)} now={now} />
          {why === 'splices' &&
            !remembered &&
            ' · its path is not known, so only until acceleration is turned off'}
        </p>
      </div>
      <Button aria-label={`Release ${program}`} disabled={disabled} onClick={onRelease}>
        Release
      </Button>
    </li>
  );
}
