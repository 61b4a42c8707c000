import { z } from 'zod';

const said = { probe: z.string(), error: z.string(), log: z.string() };

/**
 * What the probe process says of one request: figures; or what the kernel refused that the bypass is made of; or why the probe could not
 * be made. `error` is the name of an errno, `log` what libbpf and the verifier said.
 */
export const answerSchema = z.union([
  z.object({ probe: z.string(), facts: z.record(z.string(), z.unknown()) }),
  z.object({ ...said, refused: z.string() }),
  z.object({ ...said, trouble: z.string() }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** Makes the probes that are asked for, one after the other, and ends early when the signal aborts. */
export type Ask = (requests: readonly string[], signal: AbortSignal) => AsyncIterable<Answer>;
