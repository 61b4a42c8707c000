import { join } from 'node:path';
import { BtfLayouts } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/dataplane/clock.ts';
import { KernelConnections } from '../../src/dataplane/kernel-connections.ts';

const AT_ONCE = 2048;
const CROWD = 5 * AT_ONCE;

const layouts = BtfLayouts.fromObject(join(import.meta.dirname, '../../../../bpf/build/sidestep.o'));
const encode = layouts.encoder('ss_connection');

/** What the kernel's table holds where the connections of these slots are open and `CROWD` slots have been used. */
function recordsOf(isOpen: (slot: number) => boolean): Buffer {
  return Buffer.concat(
    Array.from({ length: CROWD }, (_, slot) => encode({ id: isOpen(slot) ? slot + 1 : 0, opened: 7 })),
  );
}

function look(table: KernelConnections, isOpen: (slot: number) => boolean): void {
  const records = recordsOf(isOpen);
  const size = records.length / CROWD;
  for (let first = 0; first < CROWD; first += AT_ONCE)
    table.take(records.subarray(first * size, (first + AT_ONCE) * size), first, AT_ONCE);
  table.end();
}

const rowsOf = (table: KernelConnections) =>
  Array.from({ length: table.rows }, (_, row) => row).filter((row) => table.has(row));

test('the table is as long as the last open connection needs, and forgets a crowd that has gone', () => {
  const table = new KernelConnections(layouts, systemClock);
  look(table, () => true);
  expect(rowsOf(table)).toHaveLength(CROWD);
  look(table, (slot) => slot === 0 || slot === 3000);
  expect(rowsOf(table)).toEqual([0, 3000]);
  expect(table.rows).toBe(3001);
  expect(table.connection(3000)).toMatchObject({ id: '3001', client: { pid: 0 } });
  look(table, () => false);
  expect(table.rows).toBe(0);
  // Whoever has the rows of an earlier look finds nothing in them.
  expect([0, 3000, CROWD - 1].some((row) => table.has(row))).toBe(false);
  look(table, () => true);
  expect(rowsOf(table)).toHaveLength(CROWD);
  expect(table.connection(CROWD - 1)).toMatchObject({ id: String(CROWD), client: { pid: 0 } });
});
