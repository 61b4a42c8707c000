import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SettingsStore } from '../../src/settings/store.ts';
import { Database, memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { temporaryFolder } from '../support/folder.ts';

const DEFAULTS = { allowBlockingReaders: false, queueCap: 16_777_216, keepOnStack: [] };

test('defaults hold until somebody changes them', async () => {
  expect(await new SettingsStore(new Facts(memoryDatabase()), () => {}).get()).toEqual(DEFAULTS);
});

test('a change is applied, answered with, and kept', async () => {
  const facts = new Facts(memoryDatabase());
  const applied: unknown[] = [];
  const settings = new SettingsStore(facts, () => applied.push(settings.current));
  expect(await settings.update({ queueCap: 65_536 })).toEqual({ ...DEFAULTS, queueCap: 65_536 });
  await settings.update({ allowBlockingReaders: true });
  const keepOnStack = [{ first: 6000, last: 6010 }];
  const changed = { allowBlockingReaders: true, queueCap: 65_536, keepOnStack };
  expect(await settings.update({ keepOnStack })).toEqual(changed);
  expect(applied).toHaveLength(3);
  expect(await new SettingsStore(facts, () => {}).get()).toEqual(changed);
  expect(await settings.update({ keepOnStack: [] })).toEqual({ ...changed, keepOnStack: [] });
});

test('ports that somebody changed since they were seen are not replaced, unless it was not said what was seen', async () => {
  const settings = new SettingsStore(new Facts(memoryDatabase()), () => {});
  const [postgres, redis] = [5432, 6379].map((port) => ({ first: port, last: port }));
  if (!postgres || !redis) throw new Error('Two ports are two.');
  await settings.update({ keepOnStack: [postgres] });
  const stale = settings.update({ keepOnStack: [redis], keepOnStackSeen: [], queueCap: 65_536 });
  await expect(stale).rejects.toThrow(/changed them meanwhile: now 5432\. Look what is there now/);
  expect(await settings.get()).toEqual({ ...DEFAULTS, keepOnStack: [postgres] });
  const both = [postgres, redis];
  expect(await settings.update({ keepOnStack: both, keepOnStackSeen: [postgres] })).toEqual({
    ...DEFAULTS,
    keepOnStack: both,
  });
  expect(await settings.update({ keepOnStack: [] })).toEqual(DEFAULTS);
});

test('what the data plane refuses is not kept', async () => {
  const facts = new Facts(memoryDatabase());
  const settings = new SettingsStore(facts, () => {
    throw new Error('no');
  });
  await expect(settings.update({ queueCap: 65_536 })).rejects.toThrow('no');
  expect(await settings.get()).toEqual(DEFAULTS);
  expect(await new SettingsStore(facts, () => {}).get()).toEqual(DEFAULTS);
});

test('what cannot be saved is not applied', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  const database = new Database(path);
  rmSync(path);
  mkdirSync(path);
  const applied: unknown[] = [];
  const settings = new SettingsStore(new Facts(database), () => applied.push(settings.current));
  await expect(settings.update({ queueCap: 65_536 })).rejects.toThrow(
    /^The settings stay as they were, for they could not be saved: .+ then try again\.$/,
  );
  expect(await settings.get()).toEqual(DEFAULTS);
  expect(applied).toEqual([]);
  database.close();
});

test('settings that an earlier version has kept hold, and what it did not know has its default', async () => {
  const facts = new Facts(memoryDatabase());
  facts.set('settings', { allowBlockingReaders: true, queueCap: 65_536 });
  expect(await new SettingsStore(facts, () => {}).get()).toEqual({
    allowBlockingReaders: true,
    queueCap: 65_536,
    keepOnStack: [],
  });
});

test('of settings that another version has kept what can be read holds, and no port comes off the stack unawares', async () => {
  const facts = new Facts(memoryDatabase());
  const tooMany = Array.from({ length: 17 }, (_, at) => ({ first: at + 1, last: at + 1 }));
  facts.set('settings', { allowBlockingReaders: true, queueCap: 1, keepOnStack: tooMany });
  const log: string[] = [];
  const settings = new SettingsStore(
    facts,
    () => {},
    (line) => log.push(line),
  );
  expect(await settings.get()).toEqual({
    ...DEFAULTS,
    allowBlockingReaders: true,
    keepOnStack: [{ first: 1, last: 65_535 }],
  });
  expect(log).toEqual([expect.stringContaining('./sidestep settings')]);
});

test('settings that make no sense any more fall back to the defaults', async () => {
  const facts = new Facts(memoryDatabase());
  facts.set('settings', { queueCap: 'large' });
  expect(await new SettingsStore(facts, () => {}).get()).toEqual(DEFAULTS);
});
