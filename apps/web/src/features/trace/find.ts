/** A text cut where `wanted` occurs, case-insensitively: the odd pieces are the hits. */
export function cutAtHits(text: string, wanted: string): string[] {
  if (wanted === '') return [text];
  const pieces: string[] = [];
  const low = text.toLowerCase();
  const needle = wanted.toLowerCase();
  let from = 0;
  for (let hit = low.indexOf(needle); hit >= 0; hit = low.indexOf(needle, from)) {
    pieces.push(text.slice(from, hit), text.slice(hit, hit + needle.length));
    from = hit + needle.length;
  }
  pieces.push(text.slice(from));
  return pieces;
}

/** The next hit in `hits` (newest first) after `current`, round and round; null when there is none. */
export function nextHit(hits: readonly number[], current: number | null, step: 1 | -1): number | null {
  if (hits.length === 0) return null;
  const at = current === null ? -1 : hits.indexOf(current);
  if (at < 0) return hits[0] ?? null;
  return hits[(at + step + hits.length) % hits.length] ?? null;
}
