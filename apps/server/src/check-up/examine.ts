import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { wordsOf } from '../log.ts';
import type { Answer, Ask } from './answer.ts';
import type { Examine } from './check-up.ts';
import type { Probe } from './probe.ts';

/** For all probes together, which takes a second or two where nobody else wants the host. Each has its own limit in the probe process. */
const TIMEOUT_MS = 180_000;
/** What the probe process gets to end, and what it made to be removed. */
const GRACE_MS = 1000;

/** Makes all probes. What is not answered in time, or not at all, becomes `unknown`. */
export function examineWith(probes: readonly Probe[], ask: Ask, timeoutMs = TIMEOUT_MS): Examine {
  return async (stopping) => {
    const answers = new Map<string, Answer>();
    const requests = [...new Set(probes.map(({ request }) => request))];
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]);
    let log = '';
    const asking = (async () => {
      for await (const answer of ask(requests, signal)) answers.set(answer.probe, answer);
    })().catch((error) => {
      log = wordsOf(error);
    });
    // Even a process that cannot be ended must not keep anybody waiting.
    await Promise.race([asking, aborted(signal).then(() => sleep(GRACE_MS, undefined, { ref: false }))]);
    const error = signal.aborted ? 'ETIMEDOUT' : 'ENODATA';
    return probes.map(({ request, judge }) =>
      judge(answers.get(request) ?? { probe: request, trouble: 'get an answer', error, log }),
    );
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
