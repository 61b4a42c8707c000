import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cgroupRoot, Process, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('../../../../packages/bench/src/main.ts', import.meta.url));

const measuredSchema = z.array(
  z.object({
    value: z.number().positive(),
    trouble: z.null(),
    details: z.record(z.string(), z.number()),
  }),
);
const resultsSchema = z.object({
  verdicts: z.array(z.object({ words: z.string(), reached: z.boolean() })),
  results: z.array(
    z.object({
      name: z.string(),
      points: z.array(z.object({ measured: z.record(z.string(), measuredSchema) })),
    }),
  ),
});

test('the benchmark measures every variant, counts what took the bypass, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-benchmark-'));
  await using folderGone = new AsyncDisposableStack();
  folderGone.defer(() => rmSync(folder, { recursive: true }));

  const what = ['--cell', 'request-response', '--cell', 'streams', '--cell', 'redis', '--quick'];
  const where = ['--sizes', '64', '--connections', '1', '--cpus', 'same', '--nodelay', '--out', folder];
  await using benchmark = new Process([process.execPath, MAIN, ...what, ...where]);
  expect(await benchmark.result()).toContain('| Request/response: 1.5 × plain TCP |');

  const { results, verdicts } = resultsSchema.parse(
    JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')),
  );
  expect(results.map(({ name }) => name)).toEqual(['request-response', 'streams', 'redis']);
  for (const { measured } of results.slice(0, 2).flatMap(({ points }) => points))
    expect(Object.keys(measured).sort()).toEqual(['Sidestep', 'TCP', 'UNIX', 'textbook']);
  const bypassed = results[0]?.points[0]?.measured.Sidestep?.[0]?.details['bypassed in %'];
  expect(bypassed).toBeGreaterThan(0);
  expect(verdicts.length).toBeGreaterThan(0);

  const markdown = readFileSync(join(folder, 'results.md'), 'utf8');
  const charts = readdirSync(join(folder, 'charts'));
  expect(charts.length).toBeGreaterThan(0);
  for (const chart of charts) expect(markdown).toContain(`(charts/${chart})`);
  expect(readdirSync(cgroupRoot()).filter((name) => name.includes(`-${benchmark.pid}-`))).toEqual([]);
});

test('a benchmark that is interrupted ends, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-benchmark-'));
  await using folderGone = new AsyncDisposableStack();
  folderGone.defer(() => rmSync(folder, { recursive: true }));

  await using benchmark = new Process([
    process.execPath,
    MAIN,
    '--cell',
    'request-response',
    '--out',
    folder,
  ]);
  await until('it has measured something', () => benchmark.errors.trimEnd().endsWith('textbook'));
  // Towards the end of the next one, Sidestep's: whoever it will ask what took the bypass is gone by then.
  await sleep(300);
  benchmark.kill('SIGINT');
  expect(await benchmark.status()).toBe(1);
  expect(benchmark.errors).toContain('what was set up has been removed');
  expect(readdirSync(cgroupRoot()).filter((name) => name.includes(`-${benchmark.pid}-`))).toEqual([]);
});
