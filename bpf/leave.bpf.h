/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Out of the map, without losing, reordering or failing a byte.
 *
 * A connection that is to leave goes on redirecting until somebody finds the moment in which nothing redirected is unread at either
 * end and nobody is between a verdict and its enqueue. Whoever looks holds the gate. A sender raises its psock's reference
 * count before it reads the state; the one who looks changes the state before it reads the counts: one of the two sees the other.
 */
#pragma once

#include "choose.bpf.h"
#include "events.bpf.h"
#include "record.bpf.h"
#include "socket.bpf.h"

#define state_of(conn) (*(volatile __u32 *)&(conn)->state)
#define GATE_SPINS 512
/* A stay of so many messages has paid for joining and leaving many times over. */
#define LONG_STAY 512
#define MOST_SHORT_STAYS 10
/* Streams of up to 4096 messages among turns: to leave and to come back would cost more than to wait for their end. */
#define MOST_PATIENCE 7
/* At a time, so that four such streams teach it the most. */
#define PATIENCE_STEP 2

static __always_inline bool change_state(struct ss_connection *conn, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap((__u32 *)&conn->state, from, to) == from;
}

static __always_inline void ask_for_attention(void)
{
	attention = 1;
}

RARE void begin_leaving(struct ss_connection *conn, __u32 reason)
{
	if (state_of(conn) != SS_STATE_BYPASS)
		return;
	/* First: whoever sees that it leaves may have it part at once, and says why. Of two reasons that come together either will do. */
	conn->reason = reason;
	if (change_state(conn, SS_STATE_BYPASS, SS_STATE_LEAVING))
		ask_for_attention();
}

/*
 * Closes the gate for good if this is the moment. `own_calls` is the number of calls in which the caller itself is
 * inside the socket of `side`: 1 from a verdict, 0 from the iterator.
 */
RARE bool try_to_part(struct ss_connection *conn, __u32 side, int own_calls)
{
	struct tcp_sock *me = (void *)conn->sock[side & 1], *peer = (void *)conn->sock[!(side & 1)];
	bool quiet;

	if (!change_state(conn, SS_STATE_LEAVING, SS_STATE_GATE))
		return false;
	/*
	 * First the calls, then the queues: who is past its verdict either still holds its reference, or has put its message into
	 * the queue before giving it up. The other way round a message could slip in between the two looks.
	 */
	quiet = calls_inside(peer) <= 0 && calls_inside(me) <= own_calls;
	full_barrier();
	quiet = quiet && !holds_redirected(me) && !holds_redirected(peer);
	change_state(conn, SS_STATE_GATE, quiet ? SS_STATE_PARTED : SS_STATE_LEAVING);
	return quiet;
}

/* Another program looks at this moment; it takes a fraction of a microsecond unless it is preempted. */
static __always_inline __u32 state_after_gate(struct ss_connection *conn)
{
	__u32 state = state_of(conn);
	int i;

	for (i = 0; i < GATE_SPINS && state == SS_STATE_GATE; i++)
		state = state_of(conn);
	return state;
}

static __always_inline void forget_both(struct ss_connection *conn)
{
	__u64 client = conn->cookie[SS_CLIENT], server = conn->cookie[SS_SERVER];

	bpf_map_delete_elem(&socks, &client);
	bpf_map_delete_elem(&socks, &server);
	conn->enrolled = 0;
}

/*
 * Bytes went by TCP to an enrolled socket. Where FIONREAD is wrong about them, a reader that asks may have stopped believing that there are any;
 * and one that waits for an edge may have stopped at a short read, which came short only because redirected bytes end where TCP's
 * begin. Now that it is a plain socket, somebody must tell them again.
 */
static __always_inline void note_unread(struct ss_connection *conn)
{
	if (queued_bytes((void *)conn->sock[SS_CLIENT]))
		add_to(&conn->to_wake, 1 << SS_CLIENT);
	if (conn->sock[SS_SERVER] && queued_bytes((void *)conn->sock[SS_SERVER]))
		add_to(&conn->to_wake, 1 << SS_SERVER);
	take_from(&conn->to_wake, conn->closed);
	if (conn->to_wake)
		ask_for_attention();
}

/* Who sends nothing more does not give back at a send what it was lent. */
static __always_inline void note_lent(struct ss_connection *conn)
{
	if (conn->direction[SS_CLIENT].lent)
		add_to(&conn->to_take_back, 1 << SS_CLIENT);
	if (conn->direction[SS_SERVER].lent)
		add_to(&conn->to_take_back, 1 << SS_SERVER);
	take_from(&conn->to_take_back, conn->closed);
	if (conn->to_take_back)
		ask_for_attention();
}

static __always_inline __u64 bypassed_messages(struct ss_connection *conn)
{
	return conn->direction[0].bypass_messages + conn->direction[1].bypass_messages;
}

/* It was not the connection's own doing that it left, or could not join. */
static __always_inline bool was_sent_away(__u32 reason)
{
	return reason == SS_REASON_SWITCHED_OFF || reason == SS_REASON_KEPT_BY_RULE || reason == SS_REASON_CHEAPER_ON_TCP ||
	       reason == SS_REASON_SHORT_OF_MEMORY || reason == SS_REASON_NETWORK_REFRESH;
}

/* Who stayed for long need not wait for its next trial; but some of that time it may only have waited to be tried, and have lost then. */
static __always_inline bool was_worth_it(struct ss_connection *conn, __u64 now)
{
	if (now - conn->joined_at < LONG_TRIAL_NS || conn->reason == SS_REASON_FIXED_BUFFER)
		return false;
	return conn->won || !conn->trial || conn->reason != SS_REASON_STREAMING;
}

/*
 * How soon it may come back: each short stay in a row doubles the number of turns that it must show first, or, if it streams, the
 * time that must pass.
 */
static __always_inline void set_distance(struct ss_connection *conn)
{
	__u64 now = bpf_ktime_get_ns();

	if (conn->reason == SS_REASON_SHORT_OF_MEMORY)
		conn->next_trial = next_look_at_obstacle(now);
	if (!was_sent_away(conn->reason)) {
		if (bypassed_messages(conn) - conn->joined_with >= LONG_STAY && conn->reason != SS_REASON_FIXED_BUFFER)
			conn->short_stays = 0;
		else if (conn->reason != SS_REASON_STREAMING && conn->short_stays < MOST_SHORT_STAYS)
			conn->short_stays++;
		if (conn->reason == SS_REASON_STREAMING && !conn->trial)
			conn->patience = conn->patience + PATIENCE_STEP < MOST_PATIENCE ? conn->patience + PATIENCE_STEP : MOST_PATIENCE;
		/* It was measured on neither path: that is to come. */
		if (conn->trial == SS_TRIAL_GLANCE && conn->reason == SS_REASON_STREAMING)
			conn->next_trial = now;
		else
			postpone_trial(conn, now, was_worth_it(conn, now));
	}
	conn->trial = SS_TRIAL_NONE;
	conn->turns = 0;
	conn->due = config.settle_turns << conn->short_stays;
	measure_afresh(&conn->direction[0]);
	measure_afresh(&conn->direction[1]);
}

/* After parting: both ends become plain TCP sockets again. One caller wins. */
static __always_inline void finish_parting(struct ss_connection *conn)
{
	if (!change_state(conn, SS_STATE_PARTED, SS_STATE_DELETING))
		return;
	forget_both(conn);
	note_unread(conn);
	note_lent(conn);
	set_distance(conn);
	report(SS_EVENT_LEFT, conn, conn->reason);
	report_line("connection %llu left the bypass, reason %u", conn->id, conn->reason);
	change_state(conn, SS_STATE_DELETING, SS_STATE_STACK);
}

/* A data segment is on its way while only one end is known to be enrolled: nothing was redirected, so nothing can be lost. */
static __always_inline void abort_joining(struct ss_connection *conn)
{
	if (!change_state(conn, SS_STATE_JOINING, SS_STATE_DELETING))
		return;
	forget_both(conn);
	note_unread(conn);
	change_state(conn, SS_STATE_DELETING, SS_STATE_STACK);
	ask_for_attention();
}
