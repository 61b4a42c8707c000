/** The first `count` values of a source, which is told to end afterwards. */
export async function take<Value>(
  source: (signal: AbortSignal) => AsyncIterable<Value>,
  count: number,
): Promise<Value[]> {
  const ending = new AbortController();
  const values: Value[] = [];
  for await (const value of source(ending.signal)) {
    values.push(value);
    if (values.length === count) break;
  }
  ending.abort();
  return values;
}
