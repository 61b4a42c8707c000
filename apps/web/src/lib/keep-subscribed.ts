interface Ending {
  onError: (error: unknown) => void;
  onComplete: () => void;
}

const AGAIN_AFTER = 1000;

/**
 * Starts a subscription and starts it again when the daemon ends or refuses it (a lost connection is the client's own
 * business). `onTrouble` hears why. Returns what stops it.
 */
export function keepSubscribed(
  start: (ending: Ending) => { unsubscribe: () => void },
  onTrouble?: (error: Error) => void,
): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: { unsubscribe: () => void } | null = null;
  const again = () => {
    current = null;
    if (!stopped) timer = setTimeout(run, AGAIN_AFTER);
  };
  const run = () => {
    current = start({
      onError(error) {
        onTrouble?.(error instanceof Error ? error : new Error(String(error)));
        again();
      },
      onComplete: again,
    });
  };
  run();
  return () => {
    stopped = true;
    clearTimeout(timer);
    current?.unsubscribe();
  };
}
