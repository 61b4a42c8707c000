const THIN_SPACE = '\u2009';
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Scales to the SI prefix that leaves one to three digits before the point: `1234567` is `['1.23', 'M']`. */
function scale(value: number): [digits: string, prefix: string] {
  let size = Math.abs(value);
  let step = 0;
  // 999.5 and more would round up to four digits.
  while (size >= 999.5 && step < PREFIXES.length - 1) {
    size /= 1000;
    step += 1;
  }
  const sign = value < 0 ? '−' : '';
  return [sign + String(Number(size.toPrecision(3))), PREFIXES[step] ?? ''];
}

/** At most three significant digits with an SI prefix: `1.24 M`, `38 k`, `36`; below a hundred one decimal at most: `0.4`. */
export function formatCount(value: number): string {
  const [digits, prefix] = scale(Math.abs(value) < 100 ? Math.round(value * 10) / 10 : value);
  return prefix ? digits + THIN_SPACE + prefix : digits;
}

/** At most three significant digits, decimal units: `1.2 GB`, `44 kB`, `0 B`. */
export function formatBytes(value: number): string {
  const [digits, prefix] = scale(value);
  return `${digits}${THIN_SPACE}${prefix}B`;
}

/** Every digit, in groups of three: what stands behind a rounded number on hover. */
export function formatExact(value: number): string {
  const rounded = Number.isInteger(value) ? String(value) : value.toFixed(1);
  const [whole = '0', fraction] = rounded.replace('-', '−').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 event`, `2 events`; the number with every digit. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatExact(count)} ${count === 1 ? one : many}`;
}

/** A round number at or above `value` to end an axis with: 1, 2 or 5 times a power of ten, at least 1. */
export function niceCeiling(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => value <= candidate * power) ?? 10;
  return factor * power;
}
