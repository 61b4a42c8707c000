import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acquaint } from './support/acquaint.ts';
import { Netns } from './support/netns.ts';
import { acceleratedScene } from './support/scene.ts';

const CONNECTIONS = 2000;

/** Several turns with rests, so that connections live long enough to join the bypass. */
const LONG = { turns: 8, 'pause-ms': 12, threads: 128 };

/**
 * Where blocking readers are allowed, connections join as soon as they are established: that is when a byte that TCP carries
 * already, as in both of the first kinds, must keep them out. `bypass`: whether these connections come to the bypass at all.
 */
const KINDS = [
  { kind: 'TCP_DEFER_ACCEPT', options: { 'defer-accept': true, ...LONG }, bypass: true },
  { kind: 'TCP_DEFER_ACCEPT', options: { 'defer-accept': true, ...LONG, blocking: true }, bypass: false },
  { kind: 'TCP_DEFER_ACCEPT, one turn', options: { 'defer-accept': true }, bypass: false },
  { kind: 'TCP_DEFER_ACCEPT, one turn', options: { 'defer-accept': true, blocking: true }, bypass: false },
  { kind: 'TCP Fast Open', options: { fastopen: true, ...LONG }, bypass: false },
  { kind: 'TCP Fast Open', options: { fastopen: true, ...LONG, blocking: true }, bypass: false },
  { kind: 'TCP Fast Open, one turn', options: { fastopen: true }, bypass: false },
  { kind: 'TCP Fast Open, one turn', options: { fastopen: true, blocking: true }, bypass: false },
  { kind: 'both of them', options: { 'defer-accept': true, fastopen: true, ...LONG }, bypass: false },
  { kind: 'a server that speaks first', options: { banner: true, ...LONG }, bypass: true },
  { kind: 'a server that speaks first', options: { banner: true, ...LONG, blocking: true }, bypass: true },
  { kind: 'a client that half-closes', options: { 'half-close': true, ...LONG }, bypass: true },
].map((kind) => ({ ...kind, readers: 'blocking' in kind.options ? 'blocking' : 'non-blocking' }));

test.for(KINDS)('every byte of $kind arrives in order ($readers)', async ({ options, bypass }) => {
  await using scene = await acceleratedScene('shorts', { allowBlockingReaders: 'blocking' in options });
  await using netns = await Netns.create();
  await netns.sysctl('net.ipv4.tcp_fastopen', 3);
  if (bypass)
    await acquaint(scene, 'shorts', { connections: CONNECTIONS, banner: true, ...LONG, threads: 1 });
  const bypassed = async () => (await scene.daemon.api.acceleration.status.query()).messages.bypass;
  const before = await bypassed();
  await using traffic = new Traffic(
    'shorts',
    { ...options, connections: CONNECTIONS, pieces: 4, request: '1-3000', answer: '1-3000' },
    { cgroup: scene.cgroup.path, netns: netns.name },
  );
  const result = await traffic.result();
  expect(result).toMatchObject({ done: CONNECTIONS, served: CONNECTIONS, wrong: 0, errors: 0 });

  // The first ones only fetch the cookie that the others show.
  if ('fastopen' in options) expect(result.synData).toBeGreaterThan(CONNECTIONS * 0.9);
  if (bypass)
    await until('as many messages as connections have taken the bypass', async () => {
      return (await bypassed()) - before > CONNECTIONS;
    });
});
