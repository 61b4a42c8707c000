import { describe, expect, test } from 'vitest';
import { Access } from '../../src/sign-in/access.ts';
import { joinHalves, splitSecret } from '../../src/sign-in/halves.ts';
import { hashOf, newSecret } from '../../src/sign-in/secrets.ts';
import { Throttle } from '../../src/sign-in/throttle.ts';
import { memoryDatabase } from '../../src/state/database.ts';

const DAY_MS = 86_400_000;

function signingIn() {
  const clock = { ms: 0, set: 0 };
  const token = newSecret();
  const database = memoryDatabase();
  const access = new Access({ database, token, now: () => clock.ms + clock.set, steady: () => clock.ms });
  return { clock, token, database, access };
}

test('a secret has 256 bits', () => {
  expect(Buffer.from(newSecret(), 'base64url')).toHaveLength(32);
  expect(newSecret()).not.toBe(newSecret());
});

describe('one-time codes', () => {
  test('work once', () => {
    const { access } = signingIn();
    const code = access.newCode();
    expect(access.exchange(code, 'a').outcome).toBe('signed in');
    expect(access.exchange(code, 'a').outcome).toBe('wrong');
  });

  test('are dead after a day', () => {
    const { access, clock } = signingIn();
    const [early, late] = [access.newCode(), access.newCode()];
    clock.ms = DAY_MS - 1;
    expect(access.exchange(early, 'a').outcome).toBe('signed in');
    clock.ms = DAY_MS;
    expect(access.exchange(late, 'a').outcome).toBe('wrong');
  });

  test.each([1000 * DAY_MS, -1000 * DAY_MS])('live as long when the clock is set by %i ms', (step) => {
    const { access, clock } = signingIn();
    const [early, late] = [access.newCode(), access.newCode()];
    clock.set = step;
    expect(access.exchange(early, 'a').outcome).toBe('signed in');
    clock.ms = DAY_MS;
    expect(access.exchange(late, 'a').outcome).toBe('wrong');
  });

  test('do not pile up: the oldest makes room', () => {
    const { access } = signingIn();
    const codes = Array.from({ length: 101 }, () => access.newCode());
    expect(access.exchange(codes[0] ?? '', 'a').outcome).toBe('wrong');
    expect(access.exchange(codes[1] ?? '', 'a').outcome).toBe('signed in');
  });
});

describe('sessions', () => {
  const open = (access: Access, code: string) => {
    const exchange = access.exchange(code, 'a');
    return exchange.outcome === 'signed in' ? exchange.session : '';
  };

  test('the token opens one as often as needed', () => {
    const { access, token } = signingIn();
    expect(access.holdsSession(open(access, token))).toBe(true);
    expect(access.holdsSession(open(access, token))).toBe(true);
  });

  test('last thirty days', () => {
    const { access, token, clock } = signingIn();
    const session = open(access, token);
    clock.ms = 30 * DAY_MS - 1;
    expect(access.holdsSession(session)).toBe(true);
    clock.ms = 30 * DAY_MS;
    expect(access.holdsSession(session)).toBe(false);
  });

  test('that were made while the clock was years ahead are not good for years', () => {
    const { access, token, clock } = signingIn();
    clock.set = 1000 * DAY_MS;
    const session = open(access, token);
    clock.set = 999 * DAY_MS + 1;
    expect(access.holdsSession(session)).toBe(true);
    clock.set = 0;
    expect(access.holdsSession(session)).toBe(false);
  });

  test('outlive the daemon', () => {
    const { access, token, database } = signingIn();
    const session = open(access, token);
    expect(new Access({ database, token, now: () => 1, steady: () => 1 }).holdsSession(session)).toBe(true);
  });

  test('from before there were halves open nothing any more', () => {
    const { access, database } = signingIn();
    const secret = newSecret();
    database.change('INSERT INTO sessions VALUES (?, ?)').run(hashOf(secret), 30 * DAY_MS);
    expect(access.holdsSession(joinHalves({ cookie: secret, key: '' }))).toBe(false);
    expect(access.holdsSession(joinHalves({ cookie: '', key: secret }))).toBe(false);
    const parts = { cookie: secret.slice(0, 20), key: secret.slice(20) };
    expect(access.holdsSession(joinHalves(parts))).toBe(false);
  });

  test('have two halves of 256 bits, which only fit each other', () => {
    const { access, token } = signingIn();
    const [one, other] = [splitSecret(open(access, token)), splitSecret(open(access, token))];
    for (const half of [one.cookie, one.key]) expect(Buffer.from(half, 'base64url')).toHaveLength(32);
    expect(access.holdsSession(joinHalves(one))).toBe(true);
    expect(access.holdsSession(joinHalves({ cookie: one.cookie, key: other.key }))).toBe(false);
    expect(access.holdsSession(joinHalves({ cookie: one.key, key: one.cookie }))).toBe(false);
  });

  test('end when somebody signs out', () => {
    const { access, token } = signingIn();
    const session = open(access, token);
    access.signOut(session);
    expect(access.holdsSession(session)).toBe(false);
  });

  test('are not in the database as they are', () => {
    const { access, token, database } = signingIn();
    const session = open(access, token);
    const kept = JSON.stringify(database.prepare('SELECT hex(hash) AS hash FROM sessions').all());
    for (const secret of [session, ...Object.values(splitSecret(session))]) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(Buffer.from(secret).toString('hex').toUpperCase());
      expect(kept).not.toContain(Buffer.from(secret, 'base64url').toString('hex').toUpperCase());
    }
  });

  test('those that have ended are swept out', () => {
    const { access, token, database, clock } = signingIn();
    open(access, token);
    clock.ms = 31 * DAY_MS;
    open(access, token);
    expect(database.prepare('SELECT count(*) AS n FROM sessions').get()?.n).toBe(1);
  });
});

describe('wrong codes', () => {
  test('ten are free, then one a second', () => {
    const { access, clock } = signingIn();
    const outcomes = Array.from({ length: 12 }, () => access.exchange('wrong', 'a').outcome);
    expect(outcomes).toEqual([...Array(10).fill('wrong'), 'slowed', 'slowed']);
    expect(access.exchange('wrong', 'a')).toEqual({ outcome: 'slowed', retryAfterSeconds: 1 });
    clock.ms = 1000;
    expect(access.exchange('wrong', 'a').outcome).toBe('wrong');
    expect(access.exchange('wrong', 'a').outcome).toBe('slowed');
  });

  test('slow as long when the clock is set', () => {
    const { access, clock } = signingIn();
    for (let n = 0; n < 11; n++) access.exchange('wrong', 'a');
    clock.set = -DAY_MS;
    expect(access.exchange('wrong', 'a')).toEqual({ outcome: 'slowed', retryAfterSeconds: 1 });
    clock.set = DAY_MS;
    expect(access.exchange('wrong', 'a')).toEqual({ outcome: 'slowed', retryAfterSeconds: 1 });
    clock.ms = 1000;
    expect(access.exchange('wrong', 'a').outcome).toBe('wrong');
  });

  test('keep no right one out: of the same source or of a crowd', () => {
    const { access, token } = signingIn();
    for (let n = 0; n < 100; n++) access.exchange('wrong', 'a');
    for (let n = 0; n < 100; n++) access.exchange('wrong', `source ${n}`);
    expect(access.exchange('wrong', 'a').outcome).toBe('slowed');
    expect(access.exchange(access.newCode(), 'a').outcome).toBe('signed in');
    expect(access.exchange(token, 'a').outcome).toBe('signed in');
  });

  test('of one source do not slow another', () => {
    const { access } = signingIn();
    for (let n = 0; n < 50; n++) access.exchange('wrong', 'a');
    expect(access.exchange('wrong', 'b').outcome).toBe('wrong');
  });

  test('of many sources slow all of them', () => {
    const { access } = signingIn();
    for (let n = 0; n < 100; n++) access.exchange('wrong', `source ${n}`);
    expect(access.exchange('wrong', 'fresh').outcome).toBe('slowed');
  });

  test('a crowd of sources takes no more memory', () => {
    const clock = { ms: 0 };
    const throttle = new Throttle(() => clock.ms);
    for (let n = 0; n < 30_000; n++) throttle.wrong(`source ${n % 15_000}`);
    clock.ms = 7_200_000;
    expect(throttle.wait('source 1')).toBe(0);
  });
});
