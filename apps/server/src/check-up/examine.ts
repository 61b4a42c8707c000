import type { Check } from '@sidestep/shared';
import { wordsOf } from '../log.ts';
import type { Examine } from './check-up.ts';
import type { Probe } from './probe.ts';

/** Long enough for a host that is busy, and short enough for somebody who waits. */
const TIMEOUT_MS = 5000;
/** A probe waits for the kernel more than it computes. */
const AT_ONCE = 4;

/** Makes all probes, a few at a time; a probe that hangs or cannot be made becomes `unknown`. */
export function examineWith(probes: readonly Probe[], timeoutMs = TIMEOUT_MS): Examine {
  return async (signal) => {
    const checks: Check[] = new Array(probes.length);
    const waiting = probes.entries();
    const work = async () => {
      for (const [index, probe] of waiting) checks[index] = await checkWith(probe, signal, timeoutMs);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return checks;
  };
}

async function checkWith(probe: Probe, stopping: AbortSignal, timeoutMs: number): Promise<Check> {
  const { id, title, essential, unknown } = probe;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([stopping, timeout]);
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(new Error(`it did not end within ${timeoutMs / 1000} s`));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    const finding = await Promise.race([probe.make(signal), given.promise]);
    return { id, title, essential, log: null, ...finding };
  } catch (error) {
    const seen = `The probe could not be made: ${wordsOf(error)}.`;
    return { id, title, essential, outcome: 'unknown', seen, ...unknown, log: null };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
