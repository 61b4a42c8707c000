import { join } from 'node:path';
import { BpfMap, BtfLayouts } from '@sidestep/libbpf';
import { MOST_PORT_RANGES, type PortRange } from '@sidestep/shared';
import type { TestDaemon } from './test-daemon.ts';

const KEY = Buffer.alloc(4);

/** Has every connection look at the rules again, as the daemon does, which need not run; `ranges` are those of the ports from now on. */
export function writeRules({ pinDir }: TestDaemon, ranges: readonly PortRange[] = []): void {
  using config = BpfMap.openPinned(join(pinDir, 'map_config'));
  using attention = BpfMap.openPinned(join(pinDir, 'map_attention'));
  const layouts = BtfLayouts.fromMap(config);
  const before = config.lookup(KEY) ?? undefined;
  const { rules } = layouts.decoder<{ rules: number }>('ss_config')(before ?? Buffer.alloc(0));
  const kept = Array.from({ length: MOST_PORT_RANGES }, (_, index) => ranges[index] ?? { first: 0, last: 0 });
  config.update(
    KEY,
    layouts.encoder('ss_config')({ kept, kept_count: ranges.length, rules: rules + 1 }, before),
  );
  attention.update(KEY, Buffer.from([1, 0, 0, 0]));
}
