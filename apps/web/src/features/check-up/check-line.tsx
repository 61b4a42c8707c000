import { type Check, preventsAll } from '@sidestep/shared';
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { KernelWords } from '@/ui/kernel-words.tsx';
import { OutcomeMark } from './outcome-mark.tsx';

/** One line of the check-up: what was tested and seen; unfolded also what it means and what is done about it. */
export function CheckLine({ check }: { check: Check }) {
  const { id, title, outcome, essential, seen, means, does, log } = check;
  return (
    <li id={id} className="scroll-mt-4 target:bg-accent-wash">
      <details className="group" open={preventsAll(check)}>
        <summary className="grid list-none grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 gap-y-1 px-4 py-2.5 hover:bg-hover focus-visible:outline-offset-[-2px] sm:grid-cols-[8rem_minmax(0,4fr)_minmax(0,5fr)_auto] [&::-webkit-details-marker]:hidden">
          <OutcomeMark outcome={outcome} />
          <ChevronRight
            aria-hidden="true"
            className="mt-0.5 size-4 text-muted transition-transform group-open:rotate-90 sm:order-last"
          />
          <span className="col-span-2 font-medium sm:col-span-1">{title}</span>
          <span className="col-span-2 text-muted sm:col-span-1">{seen}</span>
        </summary>
        <dl className="flex flex-col gap-2 px-4 pt-1 pb-4 sm:pl-40">
          <Told name="What it means">
            <p className="max-w-prose">
              {means}
              {essential && ' It is essential: without it nothing can be accelerated.'}
            </p>
          </Told>
          <Told name="What Sidestep does">
            <p className="max-w-prose">{does}</p>
          </Told>
          {log !== null && (
            <Told name="The kernel’s own words">
              <KernelWords>{log}</KernelWords>
            </Told>
          )}
        </dl>
      </details>
    </li>
  );
}

function Told({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
