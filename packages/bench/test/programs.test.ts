import { expect, test } from 'vitest';
import { readReport as readPgbench } from '../src/programs/pgbench.ts';
import { readCsv } from '../src/programs/redis-benchmark.ts';
import { readReport as readWrk } from '../src/programs/wrk.ts';

test('redis-benchmark says its figures as CSV', () => {
  const output = [
    '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"',
    '"GET","96153.84","0.262","0.080","0.255","0.391","0.495","1.511"',
  ].join('\n');
  expect(readCsv(output)).toEqual({
    value: 96153.84,
    details: { 'p50 in µs': 255, 'p95 in µs': 391, 'p99 in µs': 495 },
  });
});

test('pgbench says transactions a second and their mean latency', () => {
  const output = 'latency average = 0.507 ms\ntps = 15773.276711 (without initial connection time)';
  expect(readPgbench(output)).toEqual({ value: 15773.276711, details: { 'mean latency in ms': 0.507 } });
});

const WRK = `  Latency Distribution
     50%  412.00us
     75%  500.00us
     90%    0.90ms
     99%    1.25ms
  25000 requests in 1.00s, 3.00MB read
Requests/sec:  25000.12
`;

test('wrk says requests a second and percentiles in units that change', () => {
  expect(readWrk(WRK)).toEqual({ value: 25000.12, details: { 'p50 in µs': 412, 'p99 in µs': 1250 } });
});

test('requests that failed are no speed', () => {
  expect(() => readWrk(`${WRK}  Non-2xx or 3xx responses: 7\n`)).toThrow('Non-2xx');
  expect(() => readWrk(`  Socket errors: connect 0, read 3, write 0, timeout 0\n${WRK}`)).toThrow('read 3');
  expect(() => readPgbench('pgbench: error: connection failed')).toThrow('No figure');
});
