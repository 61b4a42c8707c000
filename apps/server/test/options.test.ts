import { describe, expect, test } from 'vitest';
import { parseOptions, UsageError } from '../src/options.ts';

const parse = (...args: string[]) => parseOptions(args, '/web');

test('without options everything is where it belongs', () => {
  expect(parse()).toEqual({
    stateDir: '/var/lib/sidestep',
    listen: { host: '127.0.0.1', port: 7070 },
    cgroup: null,
    pinDir: '/sys/fs/bpf/sidestep',
    maxConnections: null,
    tls: null,
    web: '/web',
    log: null,
  });
});

test('paths are made absolute', () => {
  expect(parse('--state-dir', 'state', '--cgroup=/a/../b', '--web', '.')).toMatchObject({
    stateDir: `${process.cwd()}/state`,
    cgroup: '/b',
    web: process.cwd(),
  });
});

test('the table of connections can be given a size', () => {
  expect(parse('--max-connections', '1000000')).toMatchObject({ maxConnections: 1_000_000 });
});

test('help is not an error', () => {
  expect(parse('--help')).toBeNull();
  expect(parse('-h')).toBeNull();
});

describe('wrong usage', () => {
  test.each([
    [['--nonsense']],
    [['--listen']],
    [['--listen', '']],
    [['--listen', '7070']],
    [['--listen', 'example.com:7070']],
    [['--state-dir', '--listen']],
    [['--state-dir=']],
    [['--tls-cert', 'a.pem']],
    [['--tls-key', 'a.pem']],
    [['--max-connections', '0']],
    [['--max-connections', '1000001']],
    [['--max-connections', 'many']],
    [['up']],
    [['--help=yes']],
  ])('%j is said in one sentence', (args) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(/^[^\n]+\.$/);
  });
});
