import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Cgroup, run, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { attachedTo, heldBy, untilGone } from './support/kernel-objects.ts';
import { acceleratedScene } from './support/scene.ts';

const said = (lines: readonly string[], words: string) => lines.some((line) => line.includes(words));

test('what a daemon left that died while it unpinned is removed, and said to be', async () => {
  await using scene = await acceleratedScene('remains');
  const { daemon, cgroup } = scene;
  const objects = heldBy(daemon.process.pid);
  await daemon.stop('SIGKILL');
  unlinkSync(join(daemon.pinDir, 'link_sockops'));
  await daemon.start();
  await until('it is on again', async () => (await daemon.api.acceleration.status.query()).state === 'on');
  expect(said(daemon.process.lines, 'Removed what an earlier daemon left in the kernel')).toBe(true);
  await untilGone(objects);
  expect(await attachedTo(cgroup.path)).toContain('sidestep');
});

test('pins of which somebody removed one are left as they are, and the missing one is named, until it is back', async () => {
  await using scene = await acceleratedScene('remains');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic(
    'exchange',
    { connections: 4, request: '1-20000', answer: '1-20000', seconds: 600 },
    { cgroup: cgroup.path },
  );
  const port = await traffic.port();
  await daemon.untilBypassing(port, 4);
  await daemon.stop('SIGKILL');
  const [pin, hidden] = [join(daemon.pinDir, 'map_socks'), join(daemon.pinDir, 'hidden')];
  renameSync(pin, hidden);
  const left = readdirSync(daemon.pinDir);
  await daemon.start();
  const status = await daemon.api.acceleration.status.query();
  expect(status).toMatchObject({ state: 'failed' });
  expect(status.failure?.message).toContain(`Somebody has removed map_socks from ${daemon.pinDir}`);
  expect(status.failure?.remedy).toContain(`then remove ${daemon.pinDir}`);
  expect(readdirSync(daemon.pinDir)).toEqual(left);
  expect(await attachedTo(cgroup.path)).toContain('sidestep');
  for (const verb of ['enable', 'disable']) {
    const { status, errors } = await daemon.verb(verb);
    expect([status, errors]).toEqual([1, expect.stringContaining('Somebody has removed map_socks')]);
  }
  expect(readdirSync(daemon.pinDir)).toEqual(left);

  renameSync(hidden, pin);
  expect(await daemon.verb('enable')).toMatchObject({ status: 0, errors: '' });
  expect(said(daemon.process.lines, 'Took over what an earlier daemon left in the kernel')).toBe(true);
  await daemon.untilBypassing(port, 4);
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0, received: result.sent });
});

test('connections outlive their cgroup: that they cover another one is said, and purging takes them out without losing a byte', async () => {
  await using scene = await acceleratedScene('remains');
  const { daemon, cgroup } = scene;
  await using elsewhere = new Cgroup('elsewhere');
  await using traffic = new Traffic(
    'exchange',
    { connections: 4, request: '1-20000', answer: '1-20000', seconds: 600 },
    { cgroup: cgroup.path },
  );
  await daemon.untilBypassing(await traffic.port(), 4);
  const objects = heldBy(daemon.process.pid);
  await daemon.stop('SIGKILL');
  writeFileSync(join(elsewhere.path, 'cgroup.procs'), String(traffic.pid));
  await until('the cgroup can be removed', () => {
    rmdirSync(cgroup.path);
    return true;
  });
  mkdirSync(cgroup.path);
  await daemon.start();
  const { state, failure } = await daemon.api.acceleration.status.query();
  expect(state).toBe('failed');
  expect(failure?.message).toContain('covers another cgroup');
  expect(failure?.remedy).toContain('./sidestep down --purge');
  await daemon.stop();

  const main = join(import.meta.dirname, '../../src/main.ts');
  const said = await run([
    process.execPath,
    main,
    'purge',
    '--state-dir',
    daemon.stateDir,
    '--pin-dir',
    daemon.pinDir,
  ]);
  expect(said).toContain(`programs, maps and links, pinned in ${daemon.pinDir}.`);
  expect(existsSync(daemon.pinDir)).toBe(false);
  expect(existsSync(daemon.stateDir)).toBe(false);
  await untilGone(objects);
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0, received: result.sent });
});
