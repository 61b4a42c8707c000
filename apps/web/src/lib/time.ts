const STEPS = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [172_800_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
] as const;

/** How long, in one unit: `3 s`, `14 min`, `2 h`, `12 d`. Under a second is `0 s`. */
export function formatSpan(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  const [, unit, word] = STEPS.find(([below]) => span < below) ?? STEPS[3];
  return `${Math.floor(span / unit)}\u2009${word}`;
}

/** `2 h ago`; under a second is `just now`. */
export function formatAgo(at: number, now: number): string {
  return now - at < 1000 ? 'just now' : `${formatSpan(now - at)} ago`;
}

/** Unix milliseconds with the microseconds that `Date.parse` drops. */
export function momentOf(iso: string): number {
  const micros = /\.\d{3}(\d{1,3})/.exec(iso)?.[1] ?? '';
  return Date.parse(iso) + Number(`0.${micros.padEnd(1, '0')}`);
}

/** A measured duration: `40 µs`, `12 ms`, `1.2 s`, then as `formatSpan`. */
export function formatDuration(seconds: number): string {
  // The unit is chosen after rounding: what is nearly a second is one, not a thousand milliseconds.
  const micros = Math.max(1, Math.round(seconds * 1e6));
  if (seconds > 0 && micros < 1000) return `${micros}\u2009µs`;
  const millis = Number((seconds * 1000).toPrecision(2));
  if (millis < 1000) return `${millis}\u2009ms`;
  if (seconds < 10) return `${Number(Math.max(1, seconds).toPrecision(2))}\u2009s`;
  return formatSpan(seconds * 1000);
}

const pad = (value: number, width: number) => String(value).padStart(width, '0');

/** The local time of day to the second: `14:02:11`. */
export function formatClock(at: number): string {
  const date = new Date(at);
  return `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}`;
}

/** The local time of day to the minute: `14:02`. */
export function formatMinute(at: number): string {
  return formatClock(at).slice(0, 5);
}

/** The local day and time to the millisecond: `2026-11-20 14:02:11.084`. */
export function formatMoment(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`;
  return `${day} ${formatClock(at)}.${pad(date.getMilliseconds(), 3)}`;
}
