import { Traffic, type TrafficOptions } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const SECONDS = 3;

/** Connections that look like conversations at one moment and like streams at the next. */
const RESTLESS: { what: string; options: TrafficOptions }[] = [
  { what: 'as fast as they can', options: {} },
  { what: 'in small messages', options: { send: '1-300' } },
  { what: 'in poll', options: { wait: 'poll' } },
  { what: 'with Nagle', options: { nodelay: false } },
  { what: 'at a pace', options: { rate: 60_000_000 } },
];

test.for(RESTLESS)(
  'connections that join and leave all the time lose no byte, $what',
  async ({ options }) => {
    await using scene = await acceleratedScene('restless', { queueCap: 262_144 });
    await using traffic = new Traffic(
      'stream',
      {
        connections: 6,
        direction: 'both',
        send: '1-40000',
        receive: '1-60000',
        nodelay: true,
        seconds: SECONDS,
        ...options,
      },
      { cgroup: scene.cgroup.path },
    );
    const result = await traffic.result();
    expect(result).toMatchObject({ finished: true, wrong: 0, errors: 0, received: result.sent });

    const { events } = await scene.daemon.api.events.list.query({ kinds: ['bypassed', 'left'], limit: 1000 });
    expect(events.some(({ kind }) => kind === 'bypassed')).toBe(true);
  },
);
