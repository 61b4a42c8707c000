/**
 * Until when to rest, of `performance.now()`, from what ends now and began when this process had worked as much as `before` (`process.cpuUsage()`), so that it takes at most that share of a processor. What it
 * waited, for a socket's lock or its own turn, nobody has to pay for; what other threads of this process have done meanwhile counts as its own.
 */
export function restAfter(before: NodeJS.CpuUsage, share: number): number {
  const { user, system } = process.cpuUsage(before);
  return performance.now() + (user + system) / 1000 / share;
}
