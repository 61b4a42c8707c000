import { z } from 'zod';

/**
 * What a probe of the check-up came to. `fine`: the kernel does what the bypass needs. `worked round`: it does not, and Sidestep gets by
 * without a loss. `on TCP`: some programs stay on TCP because of it. `refused`: nothing can be accelerated on this kernel. `unknown`: the
 * probe itself could not be made; what it would have shown is assumed to be bad.
 */
export const checkOutcomeSchema = z.enum(['fine', 'worked round', 'on TCP', 'refused', 'unknown']);
export type CheckOutcome = z.infer<typeof checkOutcomeSchema>;

/** One line of the check-up: a functional probe on scratch sockets, never a version number. */
export const checkSchema = z.object({
  /** Stable and short, in kebab case: `redirect-order`. */
  id: z.string(),
  /** What was tested: `Redirected messages keep their order`. */
  title: z.string(),
  outcome: checkOutcomeSchema,
  /** Whether nothing can be accelerated without it. */
  essential: z.boolean(),
  /** What was seen, with its figures. */
  seen: z.string(),
  /** What it means for whoever runs programs here. */
  means: z.string(),
  /** What Sidestep does about it, or what the user can do. */
  does: z.string(),
  /** Errno, verifier log and the like, to fold away; null when there is nothing more. */
  log: z.string().nullable(),
});
export type Check = z.infer<typeof checkSchema>;

/** Whether nothing can be accelerated because of this one. */
export function preventsAll({ essential, outcome }: Check): boolean {
  return essential && (outcome === 'refused' || outcome === 'unknown');
}

/** A whole check-up of this host. */
export const checkUpSchema = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Milliseconds that it took. */
  took: z.number(),
  /** Of the running kernel, `uname -r`. */
  kernel: z.string(),
  checks: z.array(checkSchema),
});
export type CheckUp = z.infer<typeof checkUpSchema>;

/** What the page of the check-up shows: `last` is null until the first one is through. */
export const checkUpStateSchema = z.object({ running: z.boolean(), last: checkUpSchema.nullable() });
export type CheckUpState = z.infer<typeof checkUpStateSchema>;
