import { z } from 'zod';
import { type Probe, probe, REFUSES } from '../probe.ts';

const count = z.int().min(0);
const both = <T extends z.ZodType>(each: T) => z.tuple([each, each]);

/** Of one connection, the client's figure first. `enrolled` and `lowat` are 0 or a negative errno. */
const facts = z.object({
  listen: z.boolean(),
  connect: z.boolean(),
  syn: z.boolean(),
  established: both(count),
  transmitted: both(count),
  roundTrips: both(count),
  closed: both(count),
  enrolled: both(z.int()),
  lowat: both(z.int()),
  client: both(count),
  server: both(count),
});
type Calls = z.infer<typeof facts>;

function missed({ listen, connect, syn, established, transmitted, roundTrips, closed }: Calls): string[] {
  const one = (pair: readonly number[]) => pair.every((times) => times === 1);
  const some = (pair: readonly number[]) => pair.every((times) => times > 0);
  const seen: [string, boolean][] = [
    ['listen', listen],
    ['connect', connect],
    ['the client’s SYN', syn],
    ['the establishment of both ends', one(established)],
    ['the segments of both ends', some(transmitted)],
    ['the round trips of both ends', some(roundTrips)],
    ['the close of both ends', one(closed)],
  ];
  return seen.filter(([, was]) => !was).map(([what]) => what);
}

const calls = probe({
  id: 'connection-calls',
  title: 'Programs are called when a connection begins, sends and ends',
  essential: true,
  request: 'calls',
  facts,
  judge: (seen) => {
    const missing = missed(seen);
    const [client, server] = seen.transmitted;
    return missing.length === 0
      ? {
          outcome: 'fine',
          seen: `One connection in a scratch cgroup: listen, connect, SYN, both establishments, ${client} and ${server} segments, both closes.`,
          means: 'No local connection is missed, and none is judged too late.',
          does: 'Follows each local connection from its first packet to its last.',
        }
      : {
          outcome: 'refused',
          seen: `The program in the scratch cgroup was not called as it should be for ${missing.join(', ')}.`,
          means: 'Connections would be missed, or not leave the bypass in time.',
          does: REFUSES,
        };
  },
  otherwise: { outcome: 'refused', means: 'Connections would not be seen at all.', does: REFUSES },
});

const pairing = probe({
  id: 'pairing',
  title: 'Both ends of a connection recognise each other',
  essential: true,
  request: 'calls',
  facts,
  judge: ({ client, server }) =>
    client[0] === server[1] && client[1] === server[0] && client[0] !== 0
      ? {
          outcome: 'fine',
          seen: 'Both ends saw the same two random sequence numbers, swapped.',
          means:
            'Bytes never reach a socket that they were not sent to, across namespaces and address translation.',
          does: 'Puts two sockets on the bypass only after that proof.',
        }
      : {
          outcome: 'refused',
          seen: `The client saw ${client.join(' and ')}, the server ${server.join(' and ')}.`,
          means: 'Which two sockets belong together cannot be proven.',
          does: REFUSES,
        },
  otherwise: {
    outcome: 'refused',
    means: 'Which two sockets belong together cannot be proven.',
    does: REFUSES,
  },
});

const enrolment = probe({
  id: 'early-enrolment',
  title: 'Sockets can be put on the bypass as they are established',
  essential: false,
  request: 'calls',
  facts,
  judge: ({ enrolled }) =>
    enrolled.every((error) => error === 0)
      ? {
          outcome: 'fine',
          seen: 'Both ends were put into the map of sockets at their establishment.',
          means: 'With blocking readers allowed, connections take the bypass from the first byte.',
          does: 'Puts them there when the setting asks for it.',
        }
      : {
          outcome: 'on TCP',
          seen: `The map of sockets answered ${enrolled.join(' and ')}.`,
          means: 'Programs that block in recv cannot be accelerated, even where the setting allows it.',
          does: 'Leaves their connections on TCP.',
        },
  otherwise: {
    outcome: 'on TCP',
    means: 'Programs that block in recv cannot be accelerated, even where the setting allows it.',
    does: 'Leaves their connections on TCP.',
  },
});

const stemming = {
  means: 'A stream whose reader has fallen behind may take long to come back to the bypass.',
  does: 'Lets TCP carry such a stream as long as it needs.',
};

const lowat = probe({
  id: 'notsent-low-water-mark',
  title: 'A stream on TCP can be kept from filling its buffers',
  essential: false,
  request: 'calls',
  facts,
  judge: ({ lowat: answers }) =>
    answers.every((error) => error === 0)
      ? {
          outcome: 'fine',
          seen: 'A program set TCP_NOTSENT_LOWAT at both ends while they sent.',
          means: 'A reader that has fallen behind can catch up, and its stream takes the bypass again.',
          does: 'Sets the mark while a stream waits for its reader, and gives it back.',
        }
      : {
          outcome: 'on TCP',
          seen: `TCP_NOTSENT_LOWAT was answered with ${answers.join(' and ')}.`,
          ...stemming,
        },
  otherwise: { outcome: 'on TCP', ...stemming },
});

const namespaces = probe({
  id: 'netns-cookie',
  title: 'Network namespaces can be told apart',
  essential: true,
  request: 'namespaces',
  facts: z.object({ seen: both(count), told: both(count) }),
  judge: ({ seen, told }) =>
    seen[0] !== seen[1] && seen[0] === told[0] && seen[1] === told[1]
      ? {
          outcome: 'fine',
          seen: `Two scratch namespaces have the cookies ${seen.join(' and ')}, as their sockets say themselves.`,
          means: 'Equal addresses in two containers are not confused.',
          does: 'Shows which namespace each end is in, and tells open connections apart by it.',
        }
      : {
          outcome: 'refused',
          seen: `Two scratch namespaces had the cookies ${seen.join(' and ')}; their sockets say ${told.join(' and ')}.`,
          means: 'Equal addresses in two containers could be confused.',
          does: REFUSES,
        },
  otherwise: {
    outcome: 'refused',
    means: 'Equal addresses in two containers could be confused.',
    does: REFUSES,
  },
});

const late = probe({
  id: 'late-enrolment',
  title: 'Open connections can join and leave, in every namespace',
  essential: true,
  request: 'late',
  facts: z.object({
    visited: count,
    enrolled: count,
    redirected: z.boolean(),
    released: count,
    plain: z.boolean(),
  }),
  judge: ({ visited, enrolled, redirected, released, plain }) =>
    enrolled === 2 && redirected && released === 2 && plain
      ? {
          outcome: 'fine',
          seen: 'An iterator put both ends into the map from another network namespace, a message was redirected, and both were taken out again.',
          means: 'A connection starts on TCP, joins once it has shown what it is, and can always go back.',
          does: 'Lets connections join late and leave in a quiet moment.',
        }
      : {
          outcome: 'refused',
          seen: `Of 2 ends ${visited} were visited, ${enrolled} enrolled and ${released} released; the message was ${redirected ? '' : 'not '}redirected, and TCP went on ${plain ? '' : 'not '}afterwards.`,
          means: 'Connections could not take the bypass, or not leave it.',
          does: REFUSES,
        },
  otherwise: {
    outcome: 'refused',
    means: 'Connections could not take the bypass, or not leave it.',
    does: REFUSES,
  },
});

const openOnes = {
  means:
    'Connections that are open when you switch on stay on TCP, and so does a stream that TCP once carried faster.',
  does: 'Reaches new connections only. Restart a program whose connections should take the bypass; Linux 6.12 reaches them.',
};

const open = probe({
  id: 'open-connections',
  title: 'Connections that are open already can be reached',
  essential: false,
  request: 'open',
  facts: z.object({ visited: count, set: count, error: z.int(), called: count }),
  judge: ({ visited, set, error, called }) =>
    set === 2 && called > 0
      ? {
          outcome: 'fine',
          seen: `A connection that was older than the program was found, and the program called for ${called} of its segments.`,
          means: 'Switching on helps programs that run already.',
          does: 'Looks for open connections when you switch on.',
        }
      : {
          outcome: 'on TCP',
          seen: `Of 2 ends ${visited} were visited; having the program called was answered with ${error}, and it was called ${called} times.`,
          ...openOnes,
        },
  otherwise: { outcome: 'on TCP', ...openOnes },
});

const borrowing = {
  means: 'Bytes that TCP brought are told to their reader again through a copy of its descriptor.',
  does: 'Borrows the descriptor for a moment. A program that closes it in that moment is told of the end a moment later.',
};

const errands = probe({
  id: 'errands',
  title: 'Sockets can be signalled from within the kernel',
  essential: false,
  request: 'errand',
  facts: z.object({
    visited: count,
    done: count,
    error: z.int(),
    signalled: z.boolean(),
    lowat: count,
  }),
  judge: ({ visited, done, error, signalled, lowat: mark }) =>
    done === 2 && signalled && mark === 1
      ? {
          outcome: 'fine',
          seen: 'An iterator had a socket tell its reader a second time that bytes wait, and set TCP_NOTSENT_LOWAT.',
          means:
            'A reader that may have been told too little hears of it, without anybody touching its descriptors.',
          does: 'Runs such an iterator after a connection has left the bypass.',
        }
      : {
          outcome: 'worked round',
          seen: `Of 2 ends ${visited} were visited and ${done} given options (${error}); the reader was ${signalled ? '' : 'not '}signalled again.`,
          ...borrowing,
        },
  otherwise: { outcome: 'worked round', ...borrowing },
});

const patience = {
  means: 'A program that never reads keeps its connection on the bypass as long as it runs.',
  does: 'Names it while you switch off; disable --now cannot reset its connections. End the program.',
};

const reset = probe({
  id: 'reset',
  title: 'A connection of any program can be reset',
  essential: false,
  request: 'reset',
  facts: z.object({ error: count, reset: z.boolean() }),
  judge: ({ error, reset: was }) =>
    was
      ? {
          outcome: 'fine',
          seen: 'Another user’s scratch connection was reset, and its other end was told so.',
          means: 'Switching off need not wait for a program that never reads.',
          does: 'Resets such connections when you ask for it, with disable --now.',
        }
      : {
          outcome: 'worked round',
          seen:
            error === 0
              ? 'The other end of another user’s scratch connection was not told of its reset.'
              : `Another user’s scratch connection could not be reset: error ${error}.`,
          ...patience,
        },
  otherwise: { outcome: 'worked round', ...patience },
});

export const connections: readonly Probe[] = [
  calls,
  pairing,
  namespaces,
  late,
  open,
  enrolment,
  lowat,
  errands,
  reset,
];
