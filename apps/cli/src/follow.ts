import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, withDaemon } from './daemon.ts';
import { HasStopped, NotRunning } from './failure.ts';
import { note } from './output.ts';
import { Place } from './resume.ts';

/** Between two looks whether the daemon is back. */
const LOOK_MS = 250;

/** A batch as the daemon sends it to whoever follows; `id` is the number of the last thing that it covers. */
interface Frame<Batch> {
  readonly id: string;
  readonly data: Batch;
}

/** The part of a tRPC subscription that a command listens to. */
interface Listener<Data> {
  onData(data: Data): void;
  onError(error: unknown): void;
}

export interface Followed<Batch> {
  /** What the batches are made of, in the singular. */
  readonly thing: string;
  /** Called once for each daemon that is followed. Answers with the number after which to go on: with the first, that of the last thing it has shown. */
  readonly arrive: (daemon: Daemon, last: number | null) => Promise<number>;
  readonly subscribe: (daemon: Daemon, lastEventId: string, listener: Listener<Frame<Batch>>) => unknown;
  readonly show: (batch: Batch) => void;
}

/**
 * Listens until the person has had enough (Ctrl-C), which is a way to end well, however early it comes. A daemon that was there and ends is
 * waited for: the one that comes after it goes on with the same numbers.
 */
export async function follow<Batch extends { readonly missed: number }>(
  stateDir: string,
  followed: Followed<Batch>,
): Promise<void> {
  const interrupted = interruption();
  const place = new Place(followed.thing);
  let [found, over] = [false, false];
  while (!over) {
    try {
      await withDaemon(stateDir, (daemon) => Promise.race([interrupted, listen(daemon, followed, place)]));
      over = true;
    } catch (error) {
      found ||= error instanceof HasStopped;
      if (!found || !(error instanceof HasStopped || error instanceof NotRunning)) throw error;
      if (place.leave())
        note('The daemon has stopped. This goes on when it is back (sudo ./sidestep up); Ctrl-C ends it.');
      over = await Promise.race([interrupted.then(() => true), sleep(LOOK_MS, false)]);
    }
  }
}

/** Never resolves: whoever closes the connection ends the subscription, too. */
async function listen<Batch extends { readonly missed: number }>(
  daemon: Daemon,
  { arrive, subscribe, show }: Followed<Batch>,
  place: Place,
): Promise<void> {
  const last = await arrive(daemon, place.last);
  place.begin(last);
  await new Promise((_, reject) => {
    subscribe(daemon, String(last), {
      onData: ({ id, data }) => {
        place.reach(Number(id), data.missed);
        show(data);
      },
      onError: reject,
    });
  });
}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
