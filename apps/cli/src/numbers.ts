const UNITS = ['', 'k', 'M', 'G', 'T', 'P'];

/** At most three significant digits with an SI prefix: 12, 1.24 k, 41.2 M. */
export function short(value: number): string {
  let rest = value;
  let unit = 0;
  // 999.5 would be rounded to four digits.
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit++;
  }
  const text = unit === 0 && Number.isInteger(rest) ? String(rest) : String(Number(rest.toPrecision(3)));
  return UNITS[unit] ? `${text} ${UNITS[unit]}` : text;
}

export function bytes(value: number): string {
  const text = short(value);
  return text.includes(' ') ? `${text}B` : `${text} B`;
}

/** A time span in its largest unit: 3 s, 2 min, 5 h, 4 d. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
