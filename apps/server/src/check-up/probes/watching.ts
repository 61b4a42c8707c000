import { z } from 'zod';
import { type Probe, probe, REFUSES } from '../probe.ts';

const count = z.int().min(0);

const blind = {
  means:
    'Sidestep would not learn which programs ask FIONREAD and which splice, and they could wait for ever.',
  does: `${REFUSES} See that tracefs is mounted: sudo mount -t tracefs tracefs /sys/kernel/tracing`,
};

const tracepoints = probe({
  id: 'tracepoints',
  title: 'System calls that matter are seen (ioctl, splice)',
  essential: true,
  request: 'tracepoints',
  facts: z.object({ ioctl: count, splice: count }),
  judge: ({ ioctl, splice }) =>
    ioctl === 1 && splice === 1
      ? {
          outcome: 'fine',
          seen: 'One ioctl and one splice of a scratch process were each seen once.',
          means: 'Programs that cannot take the bypass are recognised by what they do.',
          does: 'Watches these two calls while acceleration is on.',
        }
      : {
          outcome: 'refused',
          seen: `Of one ioctl and one splice, ${ioctl} and ${splice} were seen.`,
          ...blind,
        },
  otherwise: { outcome: 'refused', ...blind },
});

const unheard = { means: 'What happens in the kernel would not be heard of.', does: REFUSES };

const ring = probe({
  id: 'ring-buffer',
  title: 'Events reach the daemon (ring buffer)',
  essential: true,
  request: 'ring',
  facts: z.object({ sent: count, received: count }),
  judge: ({ sent, received }) =>
    received === sent
      ? {
          outcome: 'fine',
          seen: `${received} of ${sent} records arrived.`,
          means: 'The page shows what happens as it happens.',
          does: 'Takes events from the kernel as long as acceleration is on, and counts those that find no room.',
        }
      : { outcome: 'refused', seen: `${received} of ${sent} records arrived.`, ...unheard },
  otherwise: { outcome: 'refused', ...unheard },
});

const noTrace = {
  means: 'The Trace page and ./sidestep trace have nothing to show. Connections are not affected.',
  does: 'Accelerates without trace lines. Mount tracefs to have them: sudo mount -t tracefs tracefs /sys/kernel/tracing',
};

const trace = probe({
  id: 'trace-instance',
  title: 'Trace lines come through a tracefs instance of their own',
  essential: false,
  request: 'trace',
  facts: z.object({ line: z.boolean() }),
  judge: ({ line }) =>
    line
      ? {
          outcome: 'fine',
          seen: 'A line that a program printed came out of a scratch instance, which was removed again.',
          means: 'Trace lines can be followed without taking them from other readers.',
          does: 'Makes an instance while tracing is on.',
        }
      : { outcome: 'worked round', seen: 'A line that a program printed never came out.', ...noTrace },
  otherwise: { outcome: 'worked round', ...noTrace },
});

export const watching: readonly Probe[] = [tracepoints, ring, trace];
