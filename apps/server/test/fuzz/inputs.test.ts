import { settingsSchema } from '@sidestep/shared';
import { TRPCError } from '@trpc/server';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { createNouns } from '../../src/nouns.ts';
import { appRouter } from '../../src/router.ts';
import { memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { failureOf } from '../../src/trpc/failure.ts';
import { FakeDataPlane, FakeKernel } from '../support/fake-data-plane.ts';
import { fuzz } from './support/fuzz.ts';
import { inputs, paths, procedures } from './support/inputs.ts';

const nounsOn = (database = memoryDatabase(), kernel = new FakeKernel()) =>
  createNouns({
    dataPlane: new FakeDataPlane(kernel),
    database,
    log: () => {},
    now: Date.now,
    steady: () => performance.now(),
    cgroup: '/',
    pinDir: '/sys/fs/bpf/none',
    version: '0',
    notices: () => [],
    trace: { root: '/nowhere', key: 'none' },
    examine: async () => [],
  });

const nouns = nounsOn();
afterAll(() => nouns[Symbol.asyncDispose]());

/** As the ws and the socket call it, but for the wire. Every call is one of a caller that has nothing else under way. */
async function call(path: string, input: unknown): Promise<unknown> {
  const ending = new AbortController();
  const caller = appRouter.createCaller(
    {
      services: nouns.services,
      via: 'browser',
      signInLink: () => 'link',
      caller: {
        running: { calls: 0, subscriptions: 0 },
        lastQuery: Promise.resolve(),
        revoked: false,
        bufferedAmount: 0,
      },
    },
    { signal: ending.signal },
  );
  const procedure = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], caller);
  const answer = await (procedure as (input: unknown) => Promise<unknown>)(input);
  if (procedures.get(path) === 'subscription') {
    ending.abort();
    for await (const _frame of answer as AsyncIterable<unknown>);
  }
  return answer;
}

fuzz(
  'an input is answered, or refused with words and a remedy',
  fc.tuple(paths, inputs),
  async ([path, input]) => {
    try {
      await call(path, input);
    } catch (error) {
      expect(error).toBeInstanceOf(TRPCError);
      expect((error as TRPCError).code, String((error as TRPCError).cause)).toMatch(
        path === 'signIn.link'
          ? /^FORBIDDEN$/
          : path === 'trace.switch'
            ? /^(BAD_REQUEST|INTERNAL_SERVER_ERROR)$/
            : /^BAD_REQUEST$/,
      );
      const { message, remedy } = failureOf(error as TRPCError);
      expect(message).toMatch(/\S.*[.]$/s);
      expect(remedy).toMatch(/\S.*$/s);
      expect(message).not.toContain('Something unexpected');
    }
  },
);

fuzz(
  'settings that are taken are kept as they were given, and others change nothing',
  inputs,
  async (input) => {
    const before = await nouns.services.settings.get();
    const after = (await call('settings.update', input).catch(() => null)) as typeof before | null;
    const now = await nouns.services.settings.get();
    if (after === null) {
      expect(now).toEqual(before);
      return;
    }
    settingsSchema.parse(now);
    expect(now).toEqual(after);
    const given = Object.entries(input as object).filter(
      ([name]) => name in before && Object.hasOwn(before, name),
    );
    expect(now).toMatchObject({ ...before, ...Object.fromEntries(given) });
  },
);

const FACTS = ['settings', 'acceleration.wanted', 'events.newest', 'trace.newest'];

fuzz(
  'whatever the database holds, the daemon starts with something sensible',
  fc.tuple(
    fc.constantFrom(...FACTS),
    fc.oneof(
      inputs.map((value) => JSON.stringify(value) ?? ''),
      fc
        .record({ on: fc.boolean(), since: fc.oneof(fc.double(), fc.integer()) })
        .map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary' }),
    ),
  ),
  async ([name, text]) => {
    const database = memoryDatabase();
    new Facts(database);
    database.prepare('INSERT INTO facts VALUES (?, ?)').run(name, text);
    const kernel = new FakeKernel();
    kernel.pinned = true;
    await using started = nounsOn(database, kernel);
    settingsSchema.parse(await started.services.settings.get());
    const events = await started.services.events.list({ limit: 10 });
    expect(events).toEqual({ events: [], received: 0, lost: 0, missed: 0 });
    started.start();
    expect((await started.services.acceleration.status()).state).toMatch(/^(off|draining|on)$/);
  },
  { each: 10 },
);
