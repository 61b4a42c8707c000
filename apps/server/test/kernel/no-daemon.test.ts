import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE, Traffic, until } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { Netns } from './support/netns.ts';
import { recordsOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { BORROWER, holdUp, untilAllRead } from './support/stall.ts';

/** Longer than it takes the programs in the kernel to see that nobody is there; milliseconds. */
const ABSENT = 2500;
/** The same, where it may have been kept from its processor for some seconds. */
const GONE = 6500;
/** Small messages, 2.4 s of them, by when the daemon must have been gone for a second. In an emulator a connection takes seconds to join. */
const TURNS = 1200 * Math.min(PATIENCE, 3);
const KEY = Buffer.alloc(4);
const inCgroup = ({ cgroup }: Scene) => ({ cgroup: cgroup.path });

/** On the bypass, and nobody there any more. */
async function untilAlone({ daemon }: Scene, stall: Traffic<'stall'>): Promise<void> {
  await daemon.untilBypassing(await stall.port());
  await daemon.stop('SIGKILL');
  await sleep(ABSENT);
}

test('a daemon says all the time that it is there', async () => {
  await using scene = await acceleratedScene('there');
  const { daemon } = scene;
  using attended = BpfMap.openPinned(join(daemon.pinDir, 'map_attended'));
  const said = () => attended.lookup(KEY)?.readBigUInt64LE() ?? 0n;
  const first = said();
  await until('it has said so once more', () => said() > first);
  await daemon.stop('SIGKILL');
  const last = said();
  await sleep(ABSENT);
  expect(said()).toBe(last);
});

/**
 * The kernel tells a reader once that bytes wait, when they come. The rest is care: of one that stopped where redirected bytes end and TCP's begin, or that was told
 * by FIONREAD that nothing is there. Its large messages come after the small ones.
 */
test.for([
  { reader: 'stops at a short read, in small sends', short: true, large: 70_000, chunk: 1000 },
  { reader: 'stops at a short read, in large sends', short: true, large: 1_500_000 },
  { reader: 'believes FIONREAD', large: 1_500_000 },
])('without a daemon a reader gets what comes above the cap that $reader', async ({ reader: _, ...how }) => {
  await using scene = await acceleratedScene('alone', { queueCap: 65_536 });
  const { daemon } = scene;
  await using asker = new Traffic(
    'asker',
    { ...how, turns: TURNS, 'lag-ms': 200, rounds: 2 },
    inCgroup(scene),
  );
  await daemon.untilBypassing(await asker.port());
  await daemon.stop('SIGKILL');
  const result = await asker.result();
  expect(result).toMatchObject({ wrong: 0, answered: result.messages, received: result.sent, error: '' });
});

test('with a daemon a sender is lent no keepalive', async () => {
  await using scene = await acceleratedScene('there');
  await using stall = new Traffic('stall', BORROWER, inCgroup(scene));
  await scene.daemon.untilBypassing(await stall.port());
  expect(await holdUp(stall)).toEqual({ linearTimeouts: 1, keepIdle: 0 });
  await untilAllRead(stall);
  const result = await stall.result();
  expect(result).toMatchObject({ received: result.sent, wrong: 0, errors: 0 });
});

test.for([
  { what: 'is lent a keepalive, and gives it back', lent: 1, keepIdle: 0, keepInterval: 0, keepProbes: 0 },
  { what: 'that has one keeps that', lent: 300, keepIdle: 300, keepInterval: 20, keepProbes: 5 },
])('without a daemon a sender $what', async ({ what: _, lent, ...kept }) => {
  await using scene = await acceleratedScene('alone');
  await using stall = new Traffic(
    'stall',
    { ...BORROWER, 'until-given-back': 'keepalive', 'keep-idle': kept.keepIdle },
    inCgroup(scene),
  );
  await untilAlone(scene, stall);
  expect(await holdUp(stall)).toEqual({ linearTimeouts: 1, keepIdle: lent });
  await untilAllRead(stall);
  const result = await stall.result();
  expect(result).toMatchObject({ received: result.sent, wrong: 0, errors: 0, ...kept });
});

test('without a daemon new connections are not watched, and take the bypass once there is one', async () => {
  await using scene = await acceleratedScene('alone');
  const { daemon, cgroup } = scene;
  await daemon.stop('SIGKILL');
  await sleep(GONE);
  await using exchange = new Traffic('exchange', { 'pause-ms': 1, seconds: 600 }, { cgroup: cgroup.path });
  const port = await exchange.port();
  await until('it has a record', () => recordsOf(daemon, port).length === 1);
  await sleep(ABSENT);
  expect(recordsOf(daemon, port)).toMatchObject([{ armed: 0, turns: 0 }]);

  await daemon.start();
  await daemon.untilBypassing(port);
  exchange.stop();
  expect(await exchange.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

/** Numbers that the kernel takes from a sysctl, and from no program. */
test('without a daemon a sender is lent nothing that it could not be given back', async () => {
  await using scene = await acceleratedScene('alone');
  await using netns = await Netns.create();
  await netns.sysctl('net.ipv4.tcp_keepalive_time', 43_200);
  await using stall = new Traffic('stall', BORROWER, { ...inCgroup(scene), netns: netns.name });
  await untilAlone(scene, stall);
  expect(await holdUp(stall)).toEqual({ linearTimeouts: 1, keepIdle: 0 });
  stall.stop();
});

/** Its reader stands still, but the kernel has taken everything: nothing is under way that TCP would try again for. Who has lost its network would be given up by its probes, and is not to be. */
test('without a daemon a sender gives its keepalive back after two probes that nobody answers', async () => {
  await using scene = await acceleratedScene('alone', { queueCap: 65_536 });
  await using netns = await Netns.create();
  await using stall = new Traffic(
    'stall',
    { 'warm-ms': 0, hold: true, limit: 90_000 },
    { ...inCgroup(scene), netns: netns.name },
  );
  const timers = async () =>
    netns.run('ss', '-tonH', 'state', 'established', `dport = :${await stall.port()}`);
  await untilAlone(scene, stall);
  expect(await holdUp(stall)).toMatchObject({ keepIdle: 1 });
  await sleep(ABSENT);
  expect(await timers()).toContain('keepalive');

  await netns.nftables('table inet cut { chain input { type filter hook input priority 0; policy drop; }; }');
  // The kernel has set the timer once more, by the interval that it has back, and finds then that nobody wants a probe.
  await until('it has given it back, at the third', async () =>
    /keepalive,1min\d*sec,3\)/.test(await timers()),
  );
  stall.stop();
});
