import fc from 'fast-check';
import { appRouter } from '../../../src/router.ts';

export type Method = 'query' | 'mutation' | 'subscription';

/** Every procedure of the daemon and how it is called. */
export const procedures: ReadonlyMap<string, Method> = new Map(
  Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: Method } }>).map(
    ([path, { _def }]) => [path, _def.type],
  ),
);

/** Names that the procedures' inputs have, so that more than the outermost check is reached. */
const FIELDS = [
  ...['allowBlockingReaders', 'queueCap', 'id', 'text', 'process', 'port', 'path', 'reason', 'includeClosed'],
  ...[
    'sort',
    'descending',
    'offset',
    'limit',
    'kinds',
    'connection',
    'lastEventId',
    'before',
    'range',
    'on',
    'since',
  ],
  ...['__proto__', 'constructor', 'toString', ''],
];

/** Values that some field takes, and their neighbours that none does. */
const VALUES = fc.oneof(
  fc.constantFrom<unknown>(
    ...['bypass', 'stack', 'age', 'byteRate', '5m', '7d', 'closed', 'streaming', 'warming up'],
    ...['', '0', '-1', '99999999999999999999', '9'.repeat(20), 'x'.repeat(64), 'x'.repeat(201)],
    ...[0, 1, -1, 0.5, 200, 1000, 1001, 5000, 65_535, 65_536, 67_108_864, 67_108_865, 2 ** 53, 1e308],
    ...[true, false, null, [], {}, ['closed'], ['lost', 'closed'], ['nothing'], [[[]]]],
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 250 }),
);

/** What a caller may send as input: anything that JSON can say, much of it close to what is wanted. */
export const inputs: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), VALUES, { maxKeys: 6 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: VALUES },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

export const paths = fc.constantFrom(...procedures.keys());
