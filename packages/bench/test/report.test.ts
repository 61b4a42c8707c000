import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CellResult } from '../src/cell.ts';
import { type Origin, prepareFolder, write } from '../src/report.ts';
import { pointOf } from './points.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidestep-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ORIGIN: Origin = {
  kernel: '6.18.0',
  cpus: 2,
  model: 'Pocket Calculator',
  load: 0.1,
  at: new Date('2026-11-23'),
};
const REDIS: CellResult = {
  name: 'redis',
  title: 'redis-benchmark',
  method: 'By hand.',
  unit: 'requests/s',
  points: [pointOf({ clients: 50, pipeline: 1 }, { TCP: [3, 3, 3], Sidestep: [4, 5, 6.000000001] })],
};
const text = (name: string) => readFileSync(join(folder, name), 'utf8');

test('the report says where the figures come from, what was reached, and shows charts and tables', () => {
  const printed = write([REDIS], ORIGIN, folder);
  expect(text('results.md').trim()).toBe(printed.trim());
  expect(printed).toContain('Linux 6.18.0, 2 CPUs (Pocket Calculator), 2026-11-23');
  expect(printed).toContain('| redis-benchmark with 50 clients: 1.35 × plain TCP | yes | 1 of 1 |');
  expect(printed).toContain('](charts/programs.svg)');
  expect(printed).toContain('## redis-benchmark');
  expect(readdirSync(join(folder, 'charts'))).toEqual(['programs.svg']);
  expect(printed).not.toContain('busy');
});

test('every measurement is kept, without digits that mean nothing', () => {
  write([REDIS], ORIGIN, folder);
  const { origin, verdicts, results } = JSON.parse(text('results.json'));
  expect(origin).toMatchObject({ kernel: '6.18.0', load: 0.1 });
  expect(verdicts[0]).toMatchObject({ reached: true });
  expect(results[0].points[0].measured.Sidestep.map(({ value }: { value: number }) => value)).toEqual([
    4, 5, 6,
  ]);
});

test('charts of an earlier run do not stay', () => {
  prepareFolder(folder);
  writeFileSync(join(folder, 'charts/old.svg'), '');
  write([REDIS], ORIGIN, folder);
  expect(readdirSync(join(folder, 'charts'))).toEqual(['programs.svg']);
});

test('a machine that was busy is named as the reason for doubt', () => {
  expect(write([REDIS], { ...ORIGIN, load: 7.25 }, folder)).toContain(
    '**The machine was busy (load 7.3) when this began',
  );
});

test('a folder that cannot be made is refused before anything is measured', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => prepareFolder(join(folder, 'file'))).toThrow('choose another folder with --out');
});
