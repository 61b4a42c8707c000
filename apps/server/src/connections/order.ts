/**
 * Sorts `order[from]` to `order[to - 1]` as if all of it were sorted, and leaves the rest in no order: time grows with the length of the
 * whole, not with its logarithm too.
 */
export function sortPart(
  order: Uint32Array,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  partition(order, from, 0, order.length, compare);
  partition(order, to, from, order.length, compare);
  order.subarray(from, to).sort(compare);
}

/** Puts the smallest of `order[start]` to `order[end - 1]` in front of `at`, by Hoare's quickselect. */
function partition(
  order: Uint32Array,
  at: number,
  start: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  let [left, right] = [start, end - 1];
  while (left < right && at > left && at <= right) {
    const pivot = middleOf(order, left, right, compare);
    let [low, high] = [left, right];
    while (low <= high) {
      while (compare(order[low] as number, pivot) < 0) low++;
      while (compare(order[high] as number, pivot) > 0) high--;
      if (low > high) break;
      const swapped = order[low] as number;
      order[low++] = order[high] as number;
      order[high--] = swapped;
    }
    if (at <= high) right = high;
    else if (at > low) left = low;
    else return;
  }
}

function middleOf(
  order: Uint32Array,
  left: number,
  right: number,
  compare: (a: number, b: number) => number,
): number {
  const ends = [left, (left + right) >>> 1, right].map((index) => order[index] as number);
  return ends.sort(compare)[1] as number;
}
