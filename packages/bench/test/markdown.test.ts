import { expect, test } from 'vitest';
import { markdownOf } from '../src/markdown.ts';

const spread = (min: number, median: number, max: number) => ({ min, median, max });

test('a comparison becomes a table with ratios and details', () => {
  const text = markdownOf({
    title: 'Speed',
    method: 'By hand.',
    unit: 'exchanges/s',
    rows: [
      { name: 'TCP', value: spread(900, 1000, 1100), ratio: null, details: { 'p50 in µs': 11.04 } },
      {
        name: 'bypass',
        value: spread(1, 2_000_000, 3_000_000),
        ratio: spread(1.5, 2, 2.5),
        details: { 'p50 in µs': 6 },
      },
    ],
    raw: {},
  });
  expect(text).toBe(
    [
      '## Speed',
      '',
      'By hand.',
      '',
      '|  | exchanges/s, median | min – max | × TCP, median | min – max | p50 in µs |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      '| TCP | 1 000 | 900 – 1 100 |  |  | 11.0 |',
      '| bypass | 2 000 000 | 1.00 – 3 000 000 | 2.00 | 1.50 – 2.50 | 6.00 |',
    ].join('\n'),
  );
});

test('without a comparison there are no empty columns', () => {
  const rows = [{ name: 'alone', value: spread(0.1, 0.1, 0.1), ratio: null, details: {} }];
  const text = markdownOf({ title: 'Idle', method: 'Waiting.', unit: '% of a core', rows, raw: {} });
  expect(text.split('\n')[4]).toBe('|  | % of a core, median | min – max |');
});
