import type { PortRange } from '@sidestep/shared';

/** What was wanted where `seen` was there, brought into what is there now: what was added is added, what was taken out goes. */
export function mergePorts(
  seen: readonly PortRange[],
  wanted: readonly PortRange[],
  now: readonly PortRange[],
): PortRange[] {
  const has = (ranges: readonly PortRange[], range: PortRange) =>
    ranges.some((other) => other.first === range.first && other.last === range.last);
  const left = now.filter((range) => !has(seen, range) || has(wanted, range));
  return [...left, ...wanted.filter((range) => !has(seen, range) && !has(left, range))];
}
