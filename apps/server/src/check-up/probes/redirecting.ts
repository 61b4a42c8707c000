import { z } from 'zod';
import { type Probe, probe, REFUSES } from '../probe.ts';

const count = z.int().min(0);

const disorder = {
  means: 'Programs would read other bytes than were sent.',
  does: REFUSES,
};

const order = probe({
  id: 'redirect-order',
  title: 'Redirected messages arrive whole and in order',
  essential: true,
  request: 'order',
  facts: z.object({
    messages: count,
    bytes: count,
    missing: count,
    wrong: count,
    overtakes: z.boolean(),
  }),
  judge: ({ messages, bytes, missing, wrong, overtakes }) =>
    missing === 0 && wrong === 0
      ? {
          outcome: 'fine',
          seen: `${messages} redirected messages and those that TCP carried before and after them: ${bytes} bytes, each the right one. ${
            overtakes
              ? 'A message that is redirected while TCP bytes are unread overtakes them.'
              : 'Not even a message that is redirected while TCP bytes are unread overtakes them.'
          }`,
          means: 'Programs read what was sent, in the order in which it was sent.',
          does: 'Redirects in a direction only once every byte that TCP carried has been read.',
        }
      : {
          outcome: 'refused',
          seen: `Of ${bytes} bytes ${missing} were missing and ${wrong} wrong.`,
          ...disorder,
        },
  otherwise: { outcome: 'refused', ...disorder },
});

const unbounded = {
  means: 'Bytes for a slow reader could pile up without bound.',
  does: REFUSES,
};

const accounting = probe({
  id: 'queue-accounting',
  title: 'Unread redirected bytes are counted (sk_rmem_alloc)',
  essential: true,
  request: 'accounting',
  facts: z.object({
    sent: count,
    before: z.int(),
    unread: z.int(),
    after: z.int(),
    queued: z.boolean(),
    emptied: z.boolean(),
  }),
  judge: ({ sent, before, unread, after, queued, emptied }) => {
    const seen = `With ${sent} bytes unread the socket’s account went from ${before} to ${unread}, and to ${after} once they were read.`;
    return unread - before >= sent && after === before && queued && emptied
      ? {
          outcome: 'fine',
          seen,
          means: 'A slow reader stops its sender, as with TCP.',
          does: 'Hands a stream back to TCP when its reader falls behind.',
        }
      : { outcome: 'refused', seen, ...unbounded };
  },
  otherwise: { outcome: 'refused', ...unbounded },
});

const peeking = {
  means: 'Programs that look at bytes before they take them would be misled.',
  does: REFUSES,
};

const peek = probe({
  id: 'peek',
  title: 'MSG_PEEK shows redirected bytes and leaves them',
  essential: true,
  request: 'peek',
  facts: z.object({ sent: count, peeked: z.int(), same: z.boolean(), kept: z.boolean() }),
  judge: ({ sent, peeked, same, kept }) =>
    peeked === sent && same && kept
      ? {
          outcome: 'fine',
          seen: `${peeked} of ${sent} bytes were shown, and were there afterwards.`,
          means: 'Programs that look before they read work as on TCP.',
          does: 'Nothing more is needed.',
        }
      : {
          outcome: 'refused',
          seen: `${peeked} of ${sent} bytes were shown, ${same ? 'the right' : 'other'} ones, and were ${kept ? '' : 'not '}there afterwards.`,
          ...peeking,
        },
  otherwise: { outcome: 'refused', ...peeking },
});

const STRICT =
  'Connections of programs that were seen to ask take the bypass only when nothing is under way, and leave it when TCP carries a byte. A reader that may have been told too little is woken.';

const fionread = probe({
  id: 'fionread',
  title: 'FIONREAD counts the bytes that wait, whichever path they took',
  essential: false,
  request: 'fionread',
  facts: z.object({ sent: count, plain: z.int(), earlier: z.int(), redirected: z.int(), passed: z.int() }),
  judge: ({ sent, earlier, redirected, passed }) => {
    const seen = `Of ${sent} bytes each, it counted ${redirected} that were redirected, ${passed} that TCP brought to a socket on the bypass, and ${earlier} that TCP had brought before the socket came there.`;
    if (redirected === sent && passed === sent && earlier === sent)
      return {
        outcome: 'fine',
        seen,
        means: 'Programs that ask how much waits for them are told the truth.',
        does: STRICT,
      };
    if (redirected < sent)
      return {
        outcome: 'on TCP',
        seen,
        means: 'On the bypass, a program that believes FIONREAD would never hear of the bytes that wait.',
        does: 'Leaves connections of programs that ask FIONREAD on TCP.',
      };
    return {
      outcome: 'worked round',
      seen,
      means: 'On the bypass, a program that believes FIONREAD would wait for bytes that are there already.',
      does: STRICT,
    };
  },
  otherwise: {
    outcome: 'worked round',
    means: 'What programs are told that ask how much waits for them is not known.',
    does: STRICT,
  },
});

const marks = {
  means: 'Programs that set SO_RCVLOWAT are not accelerated.',
  does: 'Leaves connections with a low-water mark above 1 on TCP.',
};

const lowWater = probe({
  id: 'low-water-mark',
  title: 'SO_RCVLOWAT holds back redirected bytes',
  essential: false,
  request: 'low-water',
  facts: z.object({ mark: count, sent: count, readable: z.boolean() }),
  judge: ({ mark, sent, readable }) => ({
    outcome: readable ? 'on TCP' : 'fine',
    seen: `With a mark of ${mark} and ${sent} bytes waiting, poll called the socket ${readable ? '' : 'not '}readable.`,
    ...marks,
  }),
  otherwise: { outcome: 'on TCP', ...marks },
});

const splicers = {
  means: 'Programs that splice from TCP sockets, such as docker-proxy and HAProxy, are not accelerated.',
  does: 'Learns which programs splice, remembers them over restarts, and leaves their connections on TCP.',
};
const EAGAIN = -11;

const splice = probe({
  id: 'splice',
  title: 'splice sees redirected bytes',
  essential: false,
  request: 'splice',
  facts: z.object({ sent: count, readable: z.boolean(), spliced: z.int() }),
  judge: ({ sent, readable, spliced }) => ({
    outcome: spliced === sent ? 'fine' : 'on TCP',
    seen:
      spliced === EAGAIN && readable
        ? `With ${sent} bytes waiting poll called the socket readable, and splice answered EAGAIN.`
        : `With ${sent} bytes waiting splice answered ${spliced}.`,
    ...splicers,
  }),
  otherwise: { outcome: 'on TCP', ...splicers },
});

const blockers = {
  means: 'Programs that block in recv are not accelerated, unless you allow it.',
  does: 'Leaves connections on TCP whose reader has not set O_NONBLOCK, unless the setting allows blocking readers.',
};
const blockingFacts = z.object({
  idle: z.int(),
  inside: z.int(),
  sleepers: count,
  woken: z.boolean(),
  interrupted: z.boolean(),
});

const blocking = probe({
  id: 'blocking-reads',
  title: 'A blocking read ends with data, and only with data',
  essential: false,
  request: 'blocking',
  facts: blockingFacts,
  judge: ({ woken, interrupted }) => ({
    outcome: woken && !interrupted ? 'fine' : 'on TCP',
    seen: !woken
      ? 'A reader that blocked in recv was not woken by a redirected message.'
      : interrupted
        ? 'A reader that blocked in recv was woken by a redirected message, and got EAGAIN after a signal, where TCP would have gone on.'
        : 'A reader that blocked in recv was woken by a redirected message, and by nothing else.',
    ...blockers,
  }),
  otherwise: { outcome: 'on TCP', ...blockers },
});

const insiders = {
  means:
    'The moment in which a connection can leave the bypass without losing a byte could not be recognised.',
  does: REFUSES,
};

const insideCalls = probe({
  id: 'calls-under-way',
  title: 'Calls that are under way on a socket can be counted',
  essential: true,
  request: 'blocking',
  facts: blockingFacts,
  judge: ({ idle, inside, sleepers }) => {
    const seen = `References to a socket’s state were ${idle} at rest and ${inside} with a reader inside recv, of which ${sleepers} ${sleepers === 1 ? 'was' : 'were'} recognised as asleep.`;
    if (idle !== 1 || inside !== 2) return { outcome: 'refused', seen, ...insiders };
    return sleepers === 1
      ? {
          outcome: 'fine',
          seen,
          means: 'A connection leaves the bypass at a moment in which nobody can lose a byte.',
          does: 'Waits for that moment, and names who keeps it from coming.',
        }
      : {
          outcome: 'worked round',
          seen,
          means:
            'Who sleeps in recv is not told from who is at work there. A connection whose reader sleeps cannot leave the bypass before it wakes; one whose reader fell asleep before its file became non-blocking may join, and hang.',
          does: 'Waits for who sleeps, and says so while you switch off. Where the kernel hides the addresses of its functions (sysctl kernel.kptr_restrict is 2), set it to 1 and switch on again: then it can tell.',
        };
  },
  otherwise: { outcome: 'refused', ...insiders },
});

export const redirecting: readonly Probe[] = [
  order,
  accounting,
  insideCalls,
  peek,
  fionread,
  splice,
  lowWater,
  blocking,
];
