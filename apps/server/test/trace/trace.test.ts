import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { TraceRecorder } from '../../src/trace/recorder.ts';
import { take } from '../support/collect.ts';
import { temporaryFolder } from '../support/folder.ts';
import { until } from '../support/until.ts';

const ROOT = '/sys/kernel/tracing';
const instance = (key: string) => `${ROOT}/instances/sidestep-${key}`;

/** A recorder on the real tracefs; `say` writes into its instance as `bpf_printk` would. */
function recording({ root = ROOT, database = memoryDatabase(), apply = () => {} } = {}) {
  const key = randomBytes(8).toString('hex');
  const log: string[] = [];
  const trace = new TraceRecorder({
    root,
    key,
    facts: new Facts(database),
    now: () => 0,
    log: (line) => log.push(line),
    apply,
  });
  const say = (text: string) => writeFileSync(`${instance(key)}/trace_marker`, text);
  const lines = async () => (await trace.list(5000)).lines;
  /** Deaf to the programs of tests that run at the same time: whatever prints is heard in all instances. */
  const switchOn = async () => {
    const status = await trace.switch(true);
    writeFileSync(`${instance(key)}/events/bpf_trace/bpf_trace_printk/enable`, '0');
    return status;
  };
  return { trace, key, say, switchOn, lines, log, [Symbol.dispose]: () => trace[Symbol.dispose]() };
}

test('lines come while trace is on, and the instance goes with it', async () => {
  using recorder = recording();
  const { trace, key, say, switchOn, lines } = recorder;
  expect(await trace.status()).toEqual({ on: false, available: true, why: null });
  expect(existsSync(instance(key))).toBe(false);
  expect(await switchOn()).toMatchObject({ on: true });
  say('first');
  say('second');
  await until(async () => (await lines()).length === 2);
  expect(await lines()).toEqual([
    { seq: 1, at: '1970-01-01T00:00:00.000Z', text: expect.stringContaining('first') },
    { seq: 2, at: '1970-01-01T00:00:00.000Z', text: expect.stringContaining('second') },
  ]);
  expect(await trace.switch(false)).toMatchObject({ on: false });
  expect(existsSync(instance(key))).toBe(false);
});

test('what was written just before switching off is not lost', async () => {
  using recorder = recording();
  await recorder.switchOn();
  recorder.say('last words');
  await recorder.trace.switch(false);
  expect((await recorder.lines()).at(-1)?.text).toContain('last words');
});

test('switching twice is switching once', async () => {
  let applied = 0;
  using recorder = recording({
    apply: () => {
      applied++;
    },
  });
  await recorder.trace.switch(true);
  await recorder.trace.switch(true);
  await recorder.trace.switch(false);
  await recorder.trace.switch(false);
  expect(applied).toBe(2);
});

test('the data plane is told, and when it refuses nothing is left behind', async () => {
  const told: boolean[] = [];
  let refuses = false;
  using recorder = recording({
    apply: () => {
      told.push(recorder.trace.isOn);
      if (refuses) throw new Error('refused');
    },
  });
  await recorder.trace.switch(true);
  await recorder.trace.switch(false);
  expect(told).toEqual([true, false]);
  refuses = true;
  await expect(recorder.trace.switch(true)).rejects.toThrow('refused');
  expect(recorder.trace.isOn).toBe(false);
  expect(existsSync(instance(recorder.key))).toBe(false);
});

test('it goes off although somebody reads its instance, and on again; the instance goes when nobody does', async () => {
  const told: boolean[] = [];
  using recorder = recording({ apply: () => told.push(recorder.trace.isOn) });
  const { trace, key, say, switchOn, lines } = recorder;
  await switchOn();
  const reader = openSync(`${instance(key)}/trace`, 'r');
  try {
    expect(await trace.switch(false)).toMatchObject({ on: false });
    expect(existsSync(instance(key))).toBe(true);
    expect(await switchOn()).toMatchObject({ on: true });
    say('again');
    await until(async () => (await lines()).some(({ text }) => text.includes('again')));
    await trace.switch(false);
    expect(told).toEqual([true, false, true, false]);
  } finally {
    closeSync(reader);
  }
  using _starting = recording();
  expect(existsSync(instance(key))).toBe(false);
});

test('reading never waits, with nothing to read', async () => {
  using recorder = recording();
  await recorder.switchOn();
  const start = performance.now();
  await sleep(350);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(await recorder.lines()).toEqual([]);
  expect(recorder.log).toEqual([]);
});

test('a follower resumes where it stopped, and numbers outlive the daemon', async () => {
  const database = memoryDatabase();
  {
    using recorder = recording({ database });
    await recorder.switchOn();
    for (const word of ['a', 'b', 'c']) recorder.say(word);
    await until(async () => (await recorder.lines()).length === 3);
    const [first] = await take((signal) => recorder.trace.follow(1, signal), 1);
    expect(first?.last).toBe(3);
    expect(first?.batch.lines.map(({ seq }) => seq)).toEqual([2, 3]);
  }
  using recorder = recording({ database });
  await recorder.switchOn();
  recorder.say('d');
  await until(async () => (await recorder.lines()).length === 1);
  const [first] = await take((signal) => recorder.trace.follow(2, signal), 1);
  expect(first).toMatchObject({ last: 4, batch: { missed: 1, lines: [{ seq: 4 }] } });
});

test('instances of dead daemons are removed, those in use and those of others are not', async () => {
  using living = recording();
  await living.trace.switch(true);
  const dead = instance(`dead-${randomBytes(4).toString('hex')}`);
  const other = `${ROOT}/instances/other-${randomBytes(4).toString('hex')}`;
  mkdirSync(dead);
  mkdirSync(other);
  try {
    using _starting = recording();
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(instance(living.key))).toBe(true);
    expect(existsSync(other)).toBe(true);
  } finally {
    rmdirSync(other);
  }
});

test('where there is no tracefs, it says what to do', async () => {
  using folder = temporaryFolder();
  using recorder = recording({ root: folder.path });
  const status = await recorder.trace.status();
  expect(status).toMatchObject({ on: false, available: false });
  expect(status.why).toContain('mount -t tracefs');
  await expect(recorder.trace.switch(true)).rejects.toThrow('mount -t tracefs');
  expect(readdirSync(folder.path)).toEqual([]);
});
