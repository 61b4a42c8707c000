import { attachCareless, Textbook, Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { endsWell, exchange } from './support/exchange.ts';
import { recordsOf } from './support/records.ts';
import { acceleratedScene } from './support/scene.ts';

test('connections leave although another program has put their sockets into a map of its own since they joined', async () => {
  await using scene = await acceleratedScene('shared', { allowBlockingReaders: true });
  const { cgroup, daemon } = scene;
  // Attached later, it comes second: the sockets are enrolled by then.
  using _other = Textbook.attach(cgroup.path, { verdict: false });
  await using traffic = exchange(scene, { connections: 4, 'pause-ms': 1, seconds: 60 });
  await daemon.untilBypassing(await traffic.port(), 4);
  await daemon.disable();
  await endsWell(traffic);
});

test('connections whose callbacks another program has switched off are found again, and leave no record behind', async () => {
  await using scene = await acceleratedScene('careless');
  const { cgroup, daemon } = scene;
  using _careless = attachCareless(cgroup.path);
  await using traffic = new Traffic(
    'exchange',
    { connections: 4, 'pause-ms': 1, seconds: 60 },
    { cgroup: cgroup.path },
  );
  const port = await traffic.port();
  await daemon.untilBypassing(port, 4);
  await endsWell(traffic);
  expect(recordsOf(daemon, port)).toEqual([]);
});
