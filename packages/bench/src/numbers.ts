/** Three or more significant digits, thousands apart. */
export function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  const [whole = '', fraction] = value.toFixed(digits).split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return fraction === undefined ? apart : `${apart}.${fraction}`;
}

/** As short as it can be said: for the ticks of an axis. */
export function tick(value: number): string {
  return String(Number(value.toPrecision(3))).replace(/\B(?=(\d{3})+$)/g, value >= 1000 ? ' ' : '');
}
