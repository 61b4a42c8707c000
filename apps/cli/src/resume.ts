import { note } from './output.ts';

/** A batch as the daemon sends it to whoever follows. */
interface Batch {
  readonly missed: number;
}

/**
 * Says how many `things` are missing in a stream that goes on after number `last`. From 0 on nothing is missing at first: what the
 * daemon no longer held was never asked for.
 */
export function missing(things: string, last: number): (batch: Batch) => void {
  let isExpected = last === 0;
  return ({ missed }) => {
    if (missed > 0 && !isExpected)
      note(`${missed} ${things} are missing here: they came faster than they could be sent.`);
    isExpected = false;
  };
}
