import type { ConnectionView } from '@sidestep/shared';
import { useEffect, useRef, useState } from 'react';
import { client } from '@/lib/client.ts';
import { keepSubscribed } from '@/lib/keep-subscribed.ts';
import { applyFrame, type Page } from './page.ts';

interface UseConnections {
  /** Null until the first snapshot of the first view. */
  readonly page: Page | null;
  /** The view that `page` answers; it trails the wished one by a round trip. */
  readonly view: ConnectionView | null;
}

interface Options {
  /** No row moves. */
  frozen?: boolean;
  /** Nothing changes by itself: the daemon is asked once for each view that somebody wishes, and not again. */
  paused?: boolean;
}

/** Follows one page of connections. `view` must keep its identity as long as it means the same. */
export function useConnections(
  view: ConnectionView,
  { frozen = false, paused = false }: Options = {},
): UseConnections {
  const [state, setState] = useState<UseConnections>({ page: null, view: null });
  const still = useRef(frozen);
  still.current = frozen;
  const answered = useRef(state.view);
  answered.current = state.view;
  useEffect(() => {
    if (paused && answered.current === view) return;
    const stop = keepSubscribed((ending) =>
      client().connections.watch.subscribe(view, {
        ...ending,
        onData(frame) {
          setState((held) => {
            if (frame.type === 'delta' && held.view !== view) return held;
            return { view, page: applyFrame(held.page, frame, view, still.current) };
          });
          if (paused) stop();
        },
      }),
    );
    return stop;
  }, [view, paused]);
  return state;
}
