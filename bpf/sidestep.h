/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the kernel side and user space: configuration, records, events. Nothing else is shared.
 * User space reads these layouts from the compiled object's BTF, so a field may be moved or added here alone.
 */
#pragma once

/*
 * To be raised when a number changes its meaning but not its place. Programs replace each other on the same maps only if this and all
 * layouts agree.
 */
enum ss_records {
	SS_RECORDS = 2,
};

/* Why a connection takes the stack. The words for the codes stand in packages/shared/src/reason.ts. */
enum ss_reason {
	SS_REASON_NONE = 0,
	SS_REASON_WARMING_UP = 1,
	SS_REASON_NOT_PAIRED = 2,
	SS_REASON_BLOCKING_READER = 3,
	SS_REASON_STREAMING = 4,
	SS_REASON_QUEUE_FULL = 5,
	SS_REASON_SWITCHED_OFF = 6,
	SS_REASON_LOW_WATER_MARK = 7,
	SS_REASON_ZERO_COPY_SENDER = 8,
	SS_REASON_SPECIAL_SOCKET = 9,
	SS_REASON_BYTES_ON_STACK = 10,
	SS_REASON_TABLE_FULL = 11,
	SS_REASON_REFUSED_BY_KERNEL = 12,
	SS_REASON_CLOSING = 13,
	SS_REASON_SPLICING_READER = 14,
	SS_REASON_ASKING_READER = 15,
	SS_REASON_KEPT_BY_RULE = 16,
	SS_REASON_CHEAPER_ON_TCP = 17,
	SS_REASON_SHORT_OF_MEMORY = 18,
	SS_REASON_FIXED_BUFFER = 19,
	SS_REASON_NETWORK_REFRESH = 20,
	SS_REASON_UNREADABLE_PROGRAM = 21,
};

/* Where a connection stands. README.md draws the machine. Every change is one compare-and-swap. */
enum ss_state {
	SS_STATE_STACK = 0,	/* both ends are plain TCP sockets */
	SS_STATE_JOINING = 1,	/* one end is enrolled, nothing is redirected, a data segment aborts it */
	SS_STATE_BYPASS = 2,	/* both ends are enrolled, every message is redirected */
	SS_STATE_LEAVING = 3,	/* still redirecting, until a moment is found in which both queues are empty */
	SS_STATE_GATE = 4,	/* one program is looking whether this is that moment */
	SS_STATE_PARTED = 5,	/* it was: nothing is redirected any more, both ends may be deleted */
	SS_STATE_DELETING = 6,	/* one program is deleting them */
};

enum ss_event_kind {
	SS_EVENT_LISTENING = 1,
	SS_EVENT_ESTABLISHED = 2,
	SS_EVENT_PAIRED = 3,
	SS_EVENT_BYPASSED = 4,
	SS_EVENT_LEFT = 5,
	SS_EVENT_CLOSED = 6,
};

/* Index of an end, of the direction that this end sends in, and of its bit in a mask. */
enum ss_side {
	SS_CLIENT = 0,
	SS_SERVER = 1,
};

enum ss_spill {
	SS_SPILL_NONE = 0,
	SS_SPILL_WATCHED = 1,	/* redirected bytes may still wait before those of TCP */
	SS_SPILL_SETTLED = 2,	/* none do, and the reader has seen or was told that there is more */
	SS_SPILL_STATES = 4,	/* a spill's number counts in steps of this */
};

enum ss_trial {
	SS_TRIAL_NONE = 0,
	SS_TRIAL_MEASURED = 1,	/* what it gets there is held against what it had on the stack */
	SS_TRIAL_GLANCE = 2,	/* it is to show there whether its writes are large */
};

/* A rule: servers with these ports stay on the stack. */
struct ss_ports {
	__u16 first;
	__u16 last;
};

#define SS_MOST_RULES 16

/* Read from the map on every message: a change takes effect on live connections at once. */
struct ss_config {
	__u64 cgroup;		/* id in the v2 tree: sockets below it are covered */
#ifdef SS_TEST_OTHER_LAYOUT
	__u64 test_field;
#endif
	__u32 queue_cap;	/* bytes that may wait in one receiver's queue, a kilobyte more for each message, before TCP takes over */
	__u32 stream_after;	/* messages in one direction without an answer that make a stream */
	__u32 settle_turns;	/* changes of direction that a connection must show before it may join */
	__u8 kill;		/* nothing joins, everything leaves */
	__u8 allow_blocking;	/* readers may block: connections join at establishment */
	__u8 printk;
	__u8 pad;
	__u32 rules;		/* a number that is another, below 2^30 and never 0, after each change of what follows */
	__u32 kept_count;
	struct ss_ports kept[SS_MOST_RULES];
};

/* An executable file, as the kernel knows it: its super block's device and its inode. All zero: not known. */
struct ss_executable {
	__u64 device;
	__u64 inode;
	__u64 version;		/* from its inode's generation and when it was last written, for the number of a file that is gone is given to another one */
};

/* Two programs and the port that one serves the other: whose connections cost less on TCP. */
struct ss_pair {
	struct ss_executable client;
	struct ss_executable server;
	__u64 netns;		/* cookie of the server's */
	__u32 port;		/* the server's, host order */
	__u32 pad;
};

/* What streams between such two were measured to get: race.bpf.h. */
struct ss_race {
	__u64 last;		/* the connection that was measured last */
	__u64 last_at;		/* CLOCK_MONOTONIC, ns: when that was */
	__u64 shared_at;	/* CLOCK_MONOTONIC, ns: when it was another one than just before */
	__u64 began;		/* CLOCK_MONOTONIC, ns: when the first of them was measured on the bypass, since the last race */
	__u64 lap_began;	/* CLOCK_MONOTONIC, ns: when the two sums were last begun */
	__u64 bypass;		/* sum of what they got on the bypass, bytes a millisecond */
	__u64 stack;		/* and of what the same ones had on the stack */
	__u64 cost;		/* ns of all that TCP would have carried: how much less it has been on the bypass lately */
	__u64 lost_at;		/* CLOCK_MONOTONIC, ns: when TCP was last seen to be faster for all */
	__u64 coming_until;	/* CLOCK_MONOTONIC, ns: until when one that was measured may still be on its way to the bypass */
	__u32 count;		/* measurements in these sums */
	__u32 pad;
	__u64 won_at;		/* CLOCK_MONOTONIC, ns: when the two were last held against each other, and the bypass was good enough; 0: not since it began */
};

/* The process that was last seen to splice, so that user space finds the path of its executable. */
struct ss_splicer {
	__u32 pid;
	char comm[16];
};

/* Whether the daemon has looked at an executable: examine.bpf.h. */
enum ss_examined {
	SS_UNEXAMINED = 0,
	SS_EXAMINED = 1,
	SS_OUT_OF_REACH = 2,	/* this process of it had ended, or executed another one by then */
	SS_COULD_SPLICE = 3,	/* so that it stays known where `splicers` had no room for it */
	SS_UNREADABLE = 4,	/* the daemon makes it SS_UNEXAMINED again when it is to be tried once more */
};

struct ss_program {
	__u32 pid;		/* a process of it, by which user space finds the file */
	__u32 examined;		/* enum ss_examined */
};

struct ss_end {
	__u64 cookie;		/* the socket's; 0: not seen. Here for user space, which may be of an earlier version */
#ifdef SS_TEST_OTHER_LAYOUT
	__u64 test_field;
#endif
	__u64 netns;		/* network namespace cookie */
	__u64 cgroup;		/* id in the v2 tree */
	__u8 address[16];	/* IPv4 as v4-mapped */
	char comm[16];
	struct ss_executable executable;
	__u32 pid;		/* thread group id; 0: not known yet */
	__u16 port;		/* host order */
	__u16 pad;
};

/* In the same word as the ends that are closed: whether the server has taken the record, or its client was gone before. */
#define SS_BOTH_ENDS 3
#define SS_PAIRED 4

/* A measurement of how fast a stream goes, under way. */
struct ss_pace {
	__u32 messages;
	__u32 bytes;		/* since it began */
	__u64 began;		/* CLOCK_MONOTONIC, ns; 0: not yet */
	__u64 seen;		/* the last look at the clock */
	__u64 worked;		/* ns for which the sending thread had run, or waited for a processor, when it began; 0: not known */
};

/* What a measurement has to know of its pauses. The last one is what the measurement before it came to. */
#define SS_PAUSED 1
#define SS_HELD_UP 2		/* a message found its path full: the pause is not the program's own */
#define SS_TAKES_TURNS 4	/* its program, or its reader, serves others meanwhile */

/* What is to be done to a socket whose connection has left: take back what it was lent while TCP carried it although it was enrolled (lend.bpf.h), or wake its reader. */
#define SS_LENT_LOWAT 1		/* TCP_NOTSENT_LOWAT */
#define SS_LENT_LINEAR 2	/* TCP_THIN_LINEAR_TIMEOUTS */
#define SS_WAKE 4
#define SS_LENT_KEEPALIVE 8	/* SO_KEEPALIVE and its three numbers: remind.bpf.h, refresh.bpf.h */
#define SS_LENT (SS_LENT_LOWAT | SS_LENT_LINEAR | SS_LENT_KEEPALIVE)

/* The numbers that a sender had before it was lent a keepalive. That was off. */
struct ss_keepalive {
	__u16 idle;		/* s of silence before it */
	__u16 interval;		/* s between probes */
	__u16 probes;		/* that may be lost */
};

/* Of a processor's cache. Where a line begins matters for speed alone. */
#define SS_LINE __attribute__((aligned(64)))

/*
 * What went from one end to the other. Messages: sends on the bypass, data segments on the stack. In the first line what each message needs: hardly
 * anybody but the sender writes to it, and the other end looks into it now and then.
 */
struct ss_direction {
	__u64 bypass_messages;
	__u64 bypass_bytes;
	__u32 mean;		/* bytes of a message, the last ones weighing most; 0: none yet */
	__u8 ordered;		/* since joining, the peer was seen to have read every byte that TCP carried */
	__u8 overflowed;	/* a message went by TCP above the cap: no more redirects before leaving */
	__u8 crossings;		/* of late it sent while bytes from the other end waited for it, so much more often than not: two-way.bpf.h */
	__u32 sent;		/* messages on which the verdict thought, whichever path they took */
	__u32 streak;		/* messages since the other end was last seen to send; 0: with this one it was seen */
	__u32 answered;		/* what the other end had sent then */
	__u32 room;		/* bytes that the reader's queue has room for at least */
	__u32 ordered_at;	/* the sender's write_seq since then: TCP has been given nothing */
	__u32 lent;		/* mask of what the sender's socket has from us: SS_LENT */
	struct ss_pace pace;
	__u64 stack_messages;	/* as of the last visit by the iterator, final once the sender closed; what TCP had carried before we were switched on is left out */
	__u64 stack_bytes;
	__u64 waits_since;	/* CLOCK_MONOTONIC, ns: since when TCP carries it although it is enrolled; 0: it does not */
	__u64 waited_bytes;	/* that TCP has carried since then */
	__u32 passed;		/* messages since joining that went by TCP because earlier ones were still unread there */
	__u32 lowat_before;
	__u32 stack_rate;	/* bytes a millisecond, as measured while streaming on the stack; 0: not yet */
	__u32 bypass_rate;	/* the same since joining */
	__u32 tried_rate;	/* the same when it was first held against that of the stack; 0: not yet */
	__u32 spill;		/* the reader's queue was full, or the sender overtaken: TCP carries this direction until the reader has caught up. An ss_spill, and above it the spill's number */
	__u32 spilled_at;	/* the reader's copied_seq as it was last looked at meanwhile */
	__u8 windows;		/* for how long its rate was measured on this path in a row, in windows of 16 ms, as far as that matters */
	__u8 vain_waits;	/* how often in a row the reader did not catch up while the sender looked */
	__u8 refrained;		/* counts when it was not tried, because of that */
	__u8 pauses;		/* mask of SS_PAUSED, SS_HELD_UP, SS_TAKES_TURNS */
	__u32 told_in;		/* low half of the session of sidestep_tend in which the daemon was last told to do something to the sender's socket */
	__u8 told;		/* mask of that, until it is done: SS_LENT, SS_WAKE */
	__u8 corks;		/* its sender says that more is to come: corking.bpf.h */
	__u8 beyond;		/* messages that were redirected though the queue was full, to follow another thread's: under-way.bpf.h */
	__u8 fell_short;	/* its connection left because it got less, by more than one part in so many, than it had had on the stack; 0: it did not, or it was seen what it gets there now */
	struct ss_keepalive keepalive;
	__u8 passing;		/* a message was to go by TCP out of the sender's own socket, when the sender's write_seq was `passing_at`: verdict.bpf.c */
	__u32 passing_at;
	__u16 lingering;	/* messages that were redirected although its connection is to leave */
	__u64 carried_at;	/* CLOCK_MONOTONIC, ns: when TCP last carried bytes that its reader may not have heard of; 0: it has, or has read them */
	__u64 carried_last;	/* the same, whatever it has heard since */
	__u64 messages_before;	/* that TCP had carried when it was found open */
	__u64 bytes_before;
} SS_LINE;

/* Where the count of a client socket's earlier connections begins in an id. */
#define SS_LIVES_SHIFT 40

/*
 * In the first line what each message needs of both ends, and what hardly any message writes: where each end has a processor, a line that both
 * write to is fetched from the other one each time, which takes 70 ns. What an end counts is in its direction.
 */
struct ss_connection {
	__u64 id;		/* the client's socket cookie; with a count in the upper bits if that socket has connected before */
	__u64 sock[2];		/* kernel addresses of the two struct tcp_sock, only ever probe-read */
	__u64 cookie[2];	/* the sockets', as in their ends: their keys in the SOCKHASH */
	enum ss_state state;
	__u32 ruled;		/* config.rules as it was last held against them, and in the two lowest bits whether and how they keep it on the stack: rule.bpf.h */
	enum ss_reason reason;	/* why not on the bypass, or why leaving it */
	__u32 closed;		/* mask of ends that have reached TCP_CLOSE, and SS_PAIRED */
	__u8 exact[2];		/* an end's pid, comm and executable are those of whoever uses the socket, not of whoever listens */
	__u8 announced;		/* the first redirect since joining was reported */
	__u8 late;		/* it is the iterator that lets it join, not the establishment */
	__u8 strict;		/* no byte may reach an enrolled end by TCP: one of the programs asks FIONREAD */
	__u8 trial;		/* a stream that tries the bypass, or is to: see ss_trial */
	__u8 patience;		/* doublings of stream_after: its streams were so short that leaving did not pay */
	__u8 dozing;		/* a stream that TCP carries, or what is kept there: no hook is to cost it anything */
	struct ss_direction direction[2];
	__u64 file[2];		/* kernel addresses of the sockets' struct file, 0 as long as one was not accepted */
	__u64 opened;		/* CLOCK_MONOTONIC, ns */
	__u64 joined_at;	/* CLOCK_MONOTONIC, ns: when it last joined */
	__u64 joined_with;	/* messages on the bypass then */
	__u64 arm_since;	/* CLOCK_MONOTONIC, ns: when `arm` was set */
	__u64 errand_since;	/* CLOCK_MONOTONIC, ns: since when sidestep_arm is asked to wake one of its ends, or to take back what it was lent; 0: it is not */
	__u64 next_trial;	/* CLOCK_MONOTONIC, ns: from when on a stream may try the bypass again */
	__u32 turns;		/* changes of direction seen on the stack */
	__u32 due;		/* the number of turns at which joining is tried next */
	__u32 last_sender;
	__u32 armed;		/* mask of ends whose transmit hook is on */
	__u32 to_wake;		/* mask of ends that left with bytes from TCP unread: they must be signalled again */
	__u32 to_take_back;	/* mask of ends that must give back what they were lent */
	__u8 enrolled;		/* mask of ends in the SOCKHASH */
	__u8 given_up;		/* not watched any more, and so never to join */
	__u8 vain_looks;	/* how often in a row something was in its way when it was due */
	__u8 trials;		/* how often a stream tried the bypass */
	__u8 short_stays;	/* how often in a row it left again soon */
	__u8 arm;		/* the iterator is to switch it on at both */
	__u8 examined[2];	/* what this end executes */
	__u8 awaits_look;	/* it would have joined, but for that */
	__u8 won;		/* since it joined it was found to be no slower than on TCP, or to go as its program does */
	__u8 users_missed;	/* a trial was put off because nobody knew who uses it: known.bpf.h */
	__u8 calls[2];		/* in a row, of another user than the end's socket, by `caller` */
	__u32 caller[2];	/* thread group id */
	__u64 called_at[2];	/* CLOCK_MONOTONIC, ns: when the last one was counted */
	__u64 users_awaited;	/* CLOCK_MONOTONIC, ns: since when it would join, but for that; 0: it would not */
	__u32 refreshed_at;	/* CLOCK_MONOTONIC, s: when it was last seen to that whoever is between its ends knows that it is in use */
	__u32 to_refresh;	/* mask of ends of which a segment is to pass for that */
	struct ss_end end[2];
};

/* A byte too many in front of them moves everything behind. */
_Static_assert(__builtin_offsetof(struct ss_connection, direction) == 64, "what each message needs is in the record's first line");
_Static_assert(__builtin_offsetof(struct ss_direction, pace) <= 64, "what each message counts is in its direction's first line");

struct ss_event {
	__u64 at;		/* CLOCK_MONOTONIC, ns */
	enum ss_event_kind kind;
	enum ss_reason reason;
	struct ss_connection connection; /* with LISTENING only end[SS_SERVER] is filled */
};

/* Per CPU, since loading. */
struct ss_totals {
	__u64 bypass_messages;
	__u64 bypass_bytes;
	__u64 closed_stack_messages;	/* of connections that are closed; the open ones are in the census */
	__u64 closed_stack_bytes;
	__u64 events_sent;		/* delivered or lost */
	__u64 events_lost;		/* no room in the ring */
	__u64 left_out;			/* connections that came in a crowd: they are followed only if they stay */
	__u64 untracked;		/* connections that found the table full */
};

/* Added to by the iterators at each visit; user space takes the difference. What was counted on the stack comes from sidestep_look. */
struct ss_census {
	__u64 unsettled;	/* ends of connections that are to leave, or have left and want something done yet */
	__u64 candidates;	/* ends of connections that were due but could not join at this visit */
	__u64 errands;		/* ends that want something done by sidestep_arm */
	__u64 pressing;		/* of these, ends that wait for it: a reader to be woken, a mark to be given back */
	__u64 stack_messages;
	__u64 stack_bytes;
	__u64 look;		/* the session of sidestep_look that runs or ran last */
	__u64 next_slot;	/* to which it comes next */
	__u64 armed;		/* hooks that iterators have switched on; none where the kernel cannot */
	__u64 not_armed;	/* hooks that they could not switch on */
	__u64 daemon;		/* CLOCK_MONOTONIC, ns: when the process began that runs sidestep_tend, by which it is known */
	__u64 daemon_since;	/* a session, and none before it was that one's */
	__u64 unexamined;	/* how often an executable stood in the way that the daemon has not looked at */
};

/*
 * What sidestep_tend writes out: a reader that may have been told that nothing waits, while something does; or a sender that must give back what it was lent. Daemons of other versions
 * read it, too, and know it by these names.
 */
struct ss_wake {
	__u64 cookie;		/* 0: only a pause, pause.bpf.h */
	__u64 inode;		/* of the socket's file, as in /proc/PID/fd */
	__u32 pid;
	__u32 lent;		/* mask of what is to be taken back; 0: it is to be woken */
	__u32 lowat;		/* TCP_NOTSENT_LOWAT as it was before that */
	struct ss_keepalive keepalive; /* and the numbers of its keepalive */
	__u8 pad[6];
};

/* What sidestep_hold writes out: an end that is still enrolled, and what it has not read. */
struct ss_hold {
	__u64 connection;
	__u64 inode;		/* of the socket's file, as in /proc/PID/fd; 0: it has none any more */
	struct ss_end end;
	__u32 unread;		/* bytes; 0 when nothing redirected waits */
	__u8 side;
	__u8 closed;		/* nothing can come in any more; what is unread can still be read */
	__u8 locked;		/* a call is under way: whoever calls now waits until it ends, which may be never */
	__u8 pad;
};
