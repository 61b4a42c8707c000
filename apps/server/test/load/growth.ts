/** What was seen of one thing, and when, in seconds. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** How much of it there was in the first part, and by how much the straight line through all the rest grows. */
export interface Growth {
  readonly first: number;
  readonly grown: number;
}

/** Of the first fifth and what follows it. Least squares, because memory goes up and down. */
export function growthOf(samples: readonly Sample[]): Growth {
  const part = Math.ceil(samples.length / 5);
  const [first, rest] = [samples.slice(0, part), samples.slice(part)];
  const [at, value] = [meanOf(rest.map((one) => one.at)), meanOf(rest.map((one) => one.value))];
  const spread = rest.reduce((sum, one) => sum + (one.at - at) ** 2, 0);
  const slope = rest.reduce((sum, one) => sum + (one.at - at) * (one.value - value), 0) / (spread || 1);
  const seconds = (rest.at(-1)?.at ?? 0) - (rest[0]?.at ?? 0);
  return { first: meanOf(first.map((one) => one.value)), grown: slope * seconds };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
}
