import { join } from 'node:path';
import { BtfLayouts } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { Totals } from '../../src/dataplane/totals.ts';

const layouts = BtfLayouts.fromObject(join(import.meta.dirname, '../../../../bpf/build/sidestep.o'));
const encode = layouts.encoder('ss_totals');

test('the totals are those of all processors, as the programs lay them out', () => {
  const processor = (n: bigint) =>
    encode({
      bypass_messages: n,
      bypass_bytes: 10n * n,
      events_sent: 100n * n,
      events_lost: 2n * n,
      left_out: 1000n * n,
      untracked: 3n * n,
    });
  const map = { lookupPerCpu: () => [processor(1n), processor(2n)] };
  const looker = { busy: false, slow: false, took: 0, look: () => ({ stack_messages: 4n, stack_bytes: 5n }) };
  const totals = new Totals(
    map as unknown as ConstructorParameters<typeof Totals>[0],
    looker as unknown as ConstructorParameters<typeof Totals>[1],
    layouts,
  );
  expect(totals.read()).toEqual({
    bytes: { bypass: 30, stack: 5 },
    messages: { bypass: 3, stack: 4 },
    events: { sent: 300, lost: 6 },
    leftOut: 3000,
    untracked: 9,
  });
});
