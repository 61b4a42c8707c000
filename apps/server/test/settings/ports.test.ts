import { MOST_PORT_RANGES, parsePorts, portRangesSchema, portsInWords } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';

describe('ports in words', () => {
  test.each([
    ['', []],
    ['none', []],
    ['5432', [[5432, 5432]]],
    [
      '5432,6000-6010',
      [
        [5432, 5432],
        [6000, 6010],
      ],
    ],
    [
      ' 1 , 65535 – 65535 ',
      [
        [1, 1],
        [65_535, 65_535],
      ],
    ],
  ] as const)('%j', (text, pairs) => {
    const ranges = pairs.map(([first, last]) => ({ first, last }));
    expect(parsePorts(text)).toEqual({ ranges });
    expect(parsePorts(portsInWords(ranges))).toEqual({ ranges });
  });

  const sixteen = Array.from({ length: MOST_PORT_RANGES }, (_, index) => index + 1).join();

  test.each([
    ['http', 'Write ports and ranges with commas between them: 5432, 6000-6010. "http" is neither.'],
    ['80,', 'Write ports and ranges with commas between them: 5432, 6000-6010. One of them is empty.'],
    ['80,none', 'Write ports and ranges with commas between them: 5432, 6000-6010. "none" is neither.'],
    ['-5', 'Write ports and ranges with commas between them: 5432, 6000-6010. "-5" is neither.'],
    ['6010-6000', 'A range begins with its lower port: write 6000-6010.'],
    ['0', 'Ports go from 1 to 65535.'],
    ['80-65536', 'Ports go from 1 to 65535.'],
    [`${sixteen},17`, 'At most 16 ports or ranges: join neighbours into a range.'],
  ])('%j is refused, with what to write instead', (text, problem) => {
    expect(parsePorts(text)).toEqual({ problem });
  });

  test('as many as there is room for', () => {
    expect(parsePorts(sixteen)).toMatchObject({ ranges: { length: MOST_PORT_RANGES } });
  });

  test('what comes by the API is held to the same', () => {
    for (const range of [
      { first: 2, last: 1 },
      { first: 0, last: 1 },
      { first: 1, last: 65_536 },
      { first: 1.5, last: 2 },
    ])
      expect(portRangesSchema.safeParse([range]).success).toBe(false);
  });
});
