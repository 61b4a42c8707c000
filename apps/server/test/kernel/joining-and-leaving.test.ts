import { Traffic, type TrafficOptions } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const SECONDS = 3;
/** Whether a redirect finds a moment at which its reader has read everything is a matter of chance, where both ends send as fast as they can. */
const MOST_RUNS = 20;

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
    const hasBypassed = async () => {
      const { events } = await scene.daemon.api.events.list.query({ kinds: ['bypassed'], limit: 1 });
      return events.length > 0;
    };
    for (let run = 1; run === 1 || !(await hasBypassed()); run++) {
      expect(run, 'runs in which nobody came to the bypass').toBeLessThanOrEqual(MOST_RUNS);
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
    }
  },
);
