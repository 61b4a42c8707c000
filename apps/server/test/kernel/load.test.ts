import { expect, test } from 'vitest';
import { differencesIn } from '../load/ledger.ts';
import { load } from '../load/run.ts';

const CROWD = 2000;

test('under load every event is received or counted as lost, also while the daemon is stopped, and the page is answered', async () => {
  const { phases, account, failures } = await load({ crowd: CROWD, seconds: 1 }, () => {});
  expect(failures).toEqual([]);
  expect(differencesIn(account)).toEqual([]);
  expect(account.kernel.lost).toBeGreaterThan(0);
  expect(account.numbered).toBeGreaterThan(0);
  // Not in every phase: a daemon that is stopped answers nobody.
  const answered = phases.at(-1)?.page.answers.find(({ question }) => question === 'all');
  expect(answered?.asked).toBeGreaterThan(0);
});
