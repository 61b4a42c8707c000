import type { CheckUpState, Failure } from '@sidestep/shared';
import { useEffect, useState } from 'react';
import { client } from '@/lib/client.ts';
import { failureOf } from '@/lib/failure.ts';
import { keepSubscribed } from '@/lib/keep-subscribed.ts';
import { useWish } from '@/lib/use-wish.ts';

interface UseCheckUp {
  /** Null until the daemon has told. */
  readonly state: CheckUpState | null;
  /** It is being run, for us or for somebody else. */
  readonly running: boolean;
  /** Nobody would hear the wish to run it. */
  readonly unheard: boolean;
  readonly run: () => void;
  /** Why it could not be read or run. */
  readonly failure: Failure | null;
}

/** The last check-up, followed live, and how to run another. */
export function useCheckUp(): UseCheckUp {
  const [state, setState] = useState<CheckUpState | null>(null);
  const [trouble, setTrouble] = useState<Error | null>(null);
  const run = useWish(() => client().checkUp.run.mutate());
  const { unheard } = run;
  useEffect(
    () =>
      keepSubscribed(
        (ending) =>
          client().checkUp.watch.subscribe(undefined, {
            ...ending,
            onData(next) {
              setState(next);
              setTrouble(null);
            },
          }),
        setTrouble,
      ),
    [],
  );
  return {
    state,
    running: run.isPending || (state?.running ?? false),
    unheard,
    run: () => run.mutate(),
    failure: unheard ? null : failureOf(run.error ?? trouble),
  };
}
