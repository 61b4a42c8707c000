import { REASONS } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { type ConnectionFilter, connectionsHref, parseFilter, printFilter, reasonAnchor } from './filter.ts';

test.each<[string, ConnectionFilter]>([
  ['', {}],
  ['   ', {}],
  ['redis', { text: 'redis' }],
  ['process:redis path:stack', { process: 'redis', path: 'stack' }],
  ['reason:"blocking reader" port:6379', { reason: 'blocking reader', port: 6379 }],
  ['reason:streaming', { reason: 'streaming' }],
  ['PATH:Bypass', { path: 'bypass' }],
  ['process:"my program" 10.0.0.1', { process: 'my program', text: '10.0.0.1' }],
  ['127.0.0.1:6379', { text: '127.0.0.1:6379' }],
  ['[::1]:80', { text: '[::1]:80' }],
  ['two words', { text: 'two words' }],
  ['"two  words"', { text: 'two  words' }],
  ['port:1 port:2', { port: 2 }],
  ['reason:"blocking reader', { reason: 'blocking reader' }],
  ['unknown:"a b"', { text: 'unknown:a b' }],
  ['path: redis', { text: 'redis' }],
])('%s', (input, filter) => {
  expect(parseFilter(input)).toEqual({ filter, problem: null });
});

test.each([
  ['path:sideways', 'bypass or stack'],
  ['port:http', 'a number from 0 to 65535'],
  ['port:65536', 'a number from 0 to 65535'],
  ['reason:bored', 'blocking reader'],
  [`process:${'x'.repeat(65)}`, '64 characters'],
  ['x'.repeat(201), '200 characters'],
])('%s is explained', (input, words) => {
  const { filter, problem } = parseFilter(input);
  expect(problem).toContain(words);
  expect(filter).toEqual({});
});

test('a term that cannot be read does not take the others away', () => {
  expect(parseFilter('path:x port:80 foo').filter).toEqual({ port: 80, text: 'foo' });
});

test.each(REASONS.map((reason) => reason.words))('%s survives print and parse', (reason) => {
  const filter: ConnectionFilter = { reason, path: 'stack', port: 80, process: 'a b', text: 'free text' };
  expect(parseFilter(printFilter(filter))).toEqual({ filter, problem: null });
  expect(reasonAnchor(reason)).toMatch(/^[a-z-]+$/);
});

test('the address carries the filter', () => {
  const href = connectionsHref({ reason: 'blocking reader' });
  expect(new URL(href, 'http://host').searchParams.get('q')).toBe('reason:"blocking reader"');
});
