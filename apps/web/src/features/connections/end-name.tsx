import type { End } from '@sidestep/shared';

/** An address and its port as they are written, in two parts: brackets around IPv6. */
function partsOf({ address, port }: Pick<End, 'address' | 'port'>): [address: string, port: string] {
  return address.includes(':') ? [`[${address}]`, `:${port}`] : [address, `:${port}`];
}

export function addressOf(end: Pick<End, 'address' | 'port'>): string {
  return partsOf(end).join('');
}

/** A program at one end: its name, its pid, its address. Where room is short the address gives way, then the pid, then the name; the port never. */
export function EndName({ end }: { end: End }) {
  const [address, port] = partsOf(end);
  return (
    <span
      className="flex min-w-0 items-baseline gap-2"
      title={`${end.comm || 'unknown'} ${end.pid} ${addressOf(end)}`}
    >
      <span className="flex min-w-0 items-baseline gap-2">
        <span className="truncate font-medium">{end.comm || 'unknown'}</span>
        {end.pid > 0 && <span className="tabular flex-1 truncate text-xs text-muted">{end.pid}</span>}
      </span>
      <span className="tabular flex-1 truncate text-right font-mono text-xs text-muted">{address}</span>
      <span className="tabular -ml-2 shrink-0 font-mono text-xs text-muted">{port}</span>
    </span>
  );
}
