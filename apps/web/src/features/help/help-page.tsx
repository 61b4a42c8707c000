import { checkOutcomeSchema, EVENT_KINDS, REASONS } from '@sidestep/shared';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { OUTCOME_MEANS, OutcomeMark } from '@/features/check-up/outcome-mark.tsx';
import { reasonAnchor } from '@/features/connections/filter.ts';
import { KIND_MEANS, KindGlyph } from '@/features/events/event-words.tsx';
import { PageHeader } from '@/ui/page-header.tsx';
import { PathMark } from '@/ui/path-glyph.tsx';

const CHAPTERS = {
  packets: 'What happens to your packets',
  unseen: 'What other tools will not see',
  'check-up': 'What the check-up is for',
  reasons: 'Why a connection is on the stack',
  filter: 'Finding connections',
  events: 'What the events say',
  'left-out': 'What is not shown',
} as const;

/** What the words of the page mean. */
export function HelpPage() {
  return (
    <div className="overflow-y-auto scroll-smooth">
      <PageHeader title="Help" />
      <div className="flex gap-12 px-4 pb-16 sm:px-6">
        <div className="flex min-w-0 max-w-3xl flex-col gap-8">
          <Packets />
          <Unseen />
          <CheckUps />
          <Reasons />
          <Finding />
          <Kinds />
          <Missing />
        </div>
        <OnThisPage />
      </div>
    </div>
  );
}

function OnThisPage() {
  return (
    <nav aria-label="On this page" className="sticky top-4 hidden shrink-0 self-start lg:block">
      <ul className="flex flex-col gap-2 border-l pl-4">
        {Object.entries(CHAPTERS).map(([id, title]) => (
          <li key={id}>
            <a href={`#${id}`} className="text-muted hover:text-ink">
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Chapter({ id, children }: { id: keyof typeof CHAPTERS; children: ReactNode }) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className="flex scroll-mt-4 flex-col gap-3">
      <h2 id={`${id}-title`} className="text-base font-semibold">
        {CHAPTERS[id]}
      </h2>
      {children}
    </section>
  );
}

function Packets() {
  return (
    <Chapter id="packets">
      <p>
        When two programs on this host talk over TCP, every message goes down through the sender’s TCP/IP
        stack, across the loopback or a virtual device, and up through the receiver’s. Nothing on that way
        adds anything: both ends are in the same memory.
      </p>
      <p className="flex flex-wrap items-center gap-x-2">
        <PathMark path="bypass" /> A program in the kernel puts the message straight into the receiver’s
        queue.
      </p>
      <p className="flex flex-wrap items-center gap-x-2">
        <PathMark path="stack" /> The message goes by TCP, as it does without Sidestep.
      </p>
      <p>
        The connection itself stays an ordinary TCP connection: it is opened and closed by TCP, and its ends
        see the same addresses. A connection starts on the stack, joins the bypass once it has proven that
        this is safe and worth it, and leaves for good reasons, listed below. It is wholly on one road at a
        time; no byte is lost, sent twice or out of order when it changes. When in doubt, it is the stack.
      </p>
      <p>Connections to other hosts are never touched.</p>
    </Chapter>
  );
}

function Unseen() {
  return (
    <Chapter id="unseen">
      <p>Data on the bypass never becomes a packet. While a connection takes it,</p>
      <ul className="list-disc space-y-1 pl-5">
        <li>tcpdump and Wireshark see the connection open and close, and nothing in between;</li>
        <li>
          netfilter (iptables, nftables) cannot count, change or drop its data; conntrack sees it every four
          minutes, or, where both ends are in one network namespace, may take it for idle;
        </li>
        <li>the byte counters of ss, ip and /proc/net/dev stand still.</li>
      </ul>
      <p>
        Sidestep’s own counters take their place. Turn acceleration off and everything is seen again at once.
      </p>
    </Chapter>
  );
}

function CheckUps() {
  return (
    <Chapter id="check-up">
      <p>
        Kernels differ, and a version number says little. At every start, and whenever you ask for it,
        Sidestep tries out on sockets of its own what the bypass depends on. It touches no other program.{' '}
        <Link href="/check-up" className="text-accent underline underline-offset-4">
          See what it found
        </Link>
      </p>
      <dl className="divide-y rounded-md border bg-surface">
        {checkOutcomeSchema.options.map((outcome) => (
          <div key={outcome} className="flex items-center gap-3 px-4 py-2">
            <dt className="w-32 shrink-0 font-medium sm:w-36">
              <OutcomeMark outcome={outcome} />
            </dt>
            <dd className="text-muted">{OUTCOME_MEANS[outcome]}</dd>
          </div>
        ))}
      </dl>
      <p>
        Where something essential is refused or unknown, acceleration cannot be turned on: the page and the
        command line only show what there is, and every connection takes the stack. Once you have put right
        what was wrong, run the check-up again; nothing has to be restarted.
      </p>
    </Chapter>
  );
}

function Reasons() {
  return (
    <Chapter id="reasons">
      <p>The same words stand in the table, the events, the command line and the API.</p>
      <dl className="divide-y rounded-md border bg-surface">
        {REASONS.map(({ words, means, lasting }) => (
          <div key={words} id={reasonAnchor(words)} className="scroll-mt-4 px-4 py-3 target:bg-accent-wash">
            <dt className="flex items-baseline justify-between gap-4 font-medium">
              <a href={`#${reasonAnchor(words)}`} className="underline-offset-4 hover:underline">
                {words}
              </a>
              <span className="shrink-0 text-xs font-normal text-muted">
                {lasting ? 'for the life of the connection' : 'can pass'}
              </span>
            </dt>
            <dd className="text-muted">{means}</dd>
          </div>
        ))}
      </dl>
    </Chapter>
  );
}

function Kinds() {
  return (
    <Chapter id="events">
      <dl className="divide-y rounded-md border bg-surface">
        {EVENT_KINDS.map((kind) => (
          <div key={kind} className="flex items-center gap-3 px-4 py-2">
            <dt className="flex w-32 shrink-0 items-center gap-3 font-medium">
              <KindGlyph kind={kind} />
              {kind}
            </dt>
            <dd className="text-muted">{KIND_MEANS[kind]}</dd>
          </div>
        ))}
      </dl>
    </Chapter>
  );
}

const TERMS: [term: string, means: string][] = [
  ['process:redis', 'A part of the program’s name at either end, or the whole number of its process.'],
  ['port:6379', 'The port of either end.'],
  ['path:stack', 'The road: bypass or stack. One direction on the bypass is enough for bypass.'],
  ['reason:"blocking reader"', 'Why a direction is on the stack, in the words above.'],
  [
    '10.0.0.7:80',
    'Anything else: a part of a name, a process number or an address, with or without its port.',
  ],
];

function Finding() {
  return (
    <Chapter id="filter">
      <p>
        The filter takes several of these at once; all of them have to hold. Capital letters do not matter.
      </p>
      <dl className="divide-y rounded-md border bg-surface">
        {TERMS.map(([term, means]) => (
          <div key={term} className="flex flex-col gap-x-3 px-4 py-2 sm:flex-row sm:items-baseline">
            <dt className="w-52 shrink-0 font-mono text-xs leading-5 font-medium">{term}</dt>
            <dd className="text-muted">{means}</dd>
          </div>
        ))}
      </dl>
    </Chapter>
  );
}

function Missing() {
  return (
    <Chapter id="left-out">
      <p>
        <span className="font-medium">Left out.</span> When more than 100 connections begin in a tenth of a
        second, following each of them would cost more than it is worth: most of them are over at once. They
        are counted, and use TCP. One that sends again after a rest, or eight times in a row, is found, shown,
        and may take the bypass; what it carried before is in no total.
      </p>
      <p>
        <span className="font-medium">Lost.</span> The kernel had more to report than the daemon could read in
        time. Again only the report is missing; the connections went on.
      </p>
    </Chapter>
  );
}
