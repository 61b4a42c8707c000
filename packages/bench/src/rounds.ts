/**
 * Measures each variant once a round, one after the other, so that whatever else changes on the machine hits all alike. The order
 * turns by one each round, so that none is always first. Returns each variant's measurements, by round.
 */
export async function interleave<Name extends string, T>(
  variants: Readonly<Record<Name, () => Promise<T>>>,
  rounds: number,
  onRound: (round: number) => void = () => {},
): Promise<Record<Name, T[]>> {
  const names = Object.keys(variants) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, T[]>;
  for (let round = 0; round < rounds; round++) {
    onRound(round);
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as Name;
      measured[name].push(await variants[name]());
    }
  }
  return measured;
}
