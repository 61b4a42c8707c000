import type { End } from '@sidestep/shared';

/** An address and its port as they are written: brackets around IPv6. */
export function addressOf({ address, port }: Pick<End, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A program at one end: its name, its pid, its address. */
export function EndName({ end }: { end: End }) {
  return (
    <span
      className="flex min-w-0 items-baseline gap-2"
      title={`${end.comm || 'unknown'} ${end.pid} ${addressOf(end)}`}
    >
      <span className="truncate font-medium">{end.comm || 'unknown'}</span>
      {end.pid > 0 && <span className="tabular shrink-0 text-xs text-muted">{end.pid}</span>}
      <span className="tabular ml-auto truncate font-mono text-xs text-muted">{addressOf(end)}</span>
    </span>
  );
}
