/** When something began, and what this process had worked by then. */
export interface Beginning {
  /** Of `performance.now()`, milliseconds. */
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
}

export function beginning(): Beginning {
  return { at: performance.now(), cpu: process.cpuUsage() };
}

/**
 * Until when to rest, of `performance.now()`, from what began then and ends now, so that it takes at most that share of a processor. What it waited, for a socket's lock or its own turn,
 * nobody has to pay for; what other threads of this process have done meanwhile counts as its own.
 */
export function restAfter({ cpu }: Beginning, share: number): number {
  const { user, system } = process.cpuUsage(cpu);
  return performance.now() + (user + system) / 1000 / share;
}
