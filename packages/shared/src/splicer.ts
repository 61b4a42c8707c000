import { z } from 'zod';

/**
 * A program that moves data out of TCP sockets with `splice()`, or could, as far as is known. Connections of every process that runs the same
 * executable file stay on the stack.
 */
export const splicerSchema = z.object({
  /** The path of the executable; only the name of a process where the path could not be read. */
  program: z.string(),
  /** It was seen to; or its executable calls for the function, and nobody knows whether it will; or nobody knows even that, for its file cannot be read. */
  why: z.enum(['splices', 'could splice', 'unreadable']),
  /** Whether it is kept in the state folder. One without a path, or whose file cannot be read, is known until acceleration is switched off. */
  remembered: z.boolean(),
  /** ISO 8601, UTC. */
  learnedAt: z.string(),
});
export type Splicer = z.infer<typeof splicerSchema>;

export const splicerReleaseSchema = z.object({ program: z.string().min(1).max(4096) });
