import { describe, expect, test } from 'vitest';
import { Guard } from '../../src/http/guard.ts';
import { isLoopback, ownNames, parseListen } from '../../src/http/listen.ts';

const guard = new Guard('http', () => ownNames('127.0.0.1', []));

describe('Host', () => {
  test.each([
    '127.0.0.1:7070',
    'localhost:7070',
    'LOCALHOST:7070',
    '[::1]:7070',
    'localhost',
    'localhost:8080',
  ])('%s passes', (host) => {
    expect(() => guard.checkHost(host)).not.toThrow();
  });

  test.each([
    undefined,
    '',
    'evil.example:7070',
    'localhost.evil.example',
    '127.0.0.1.nip.io:7070',
    'localhost:7070@evil.example',
    'localhost, evil.example',
    'localhost:',
    'localhost:port',
    '127.0.0.2:7070',
    '[::1',
    'localhost/',
    '0.0.0.0:7070',
  ])('%s is refused', (host) => {
    expect(() => guard.checkHost(host)).toThrow('Host header');
  });
});

describe('Origin', () => {
  const host = '127.0.0.1:7070';
  test('the page’s own passes', () => {
    expect(() => guard.checkOrigin('http://127.0.0.1:7070', host)).not.toThrow();
    expect(() => guard.checkOrigin('http://localhost:7070', 'LocalHost:7070')).not.toThrow();
  });

  test.each([
    undefined,
    'null',
    'http://evil.example',
    'http://127.0.0.1:3000',
    'http://localhost:7070',
    'https://127.0.0.1:7070',
    'http://127.0.0.1:7070.evil.example',
    'http://127.0.0.1',
  ])('%s is refused', (origin) => {
    expect(() => guard.checkOrigin(origin, host)).toThrow('another site');
  });
});

test.each([
  ['127.0.0.1:7070', { host: '127.0.0.1', port: 7070 }],
  // The other address of that name may be anybody's.
  ['localhost:0', { host: '127.0.0.1', port: 0 }],
  ['[localhost]:0', null],
  ['[::1]:443', { host: '::1', port: 443 }],
  ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
  ['7070', null],
  [':7070', null],
  ['127.0.0.1', null],
  ['127.0.0.1:65536', null],
  ['127.0.0.1:x', null],
  ['example.com:80', null],
  ['::1:80', null],
  ['[127.0.0.1]:80', null],
  ['999.0.0.1:80', null],
])('--listen %s', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test('loopback is what cannot be reached from outside', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true);
  expect(
    ['0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', '127.evil.example', 'localhost'].some(isLoopback),
  ).toBe(false);
});
