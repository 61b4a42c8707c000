/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several threads send on one socket. One's message has passed its verdict and is not in the reader's queue yet: the kernel has let go of the sender's lock by then, and waits for the
 * reader's. If TCP began to carry the direction now, a reader that finds TCP's bytes alone would go to TCP's recv, which sees no others; what the same thread sends next,
 * by TCP, could be there before that has the lock, and would be read before the message. So TCP begins when nobody is on the way.
 */
#pragma once

#include "room.bpf.h"

/* The kernel's hand over a message takes a microsecond, unless its thread has lost the processor, or the reader's lock is taken. */
#define MOST_LOOKS_UNDER_WAY (can_cast() ? 4096 : 512)
/* In a row, of which the one must not be mistaken: is_under_way_to. */
#define LOOKS_THAT_AGREE 3
/* For the sake of order, beyond what may wait: so many messages, and one more than these bytes. */
#define MOST_BEYOND 64
#define BYTES_BEYOND 65536

#define is_set(tp, timer) (bpf_core_field_exists((tp)->timer.entry.pprev) && PEEK(tp, timer.entry.pprev))
#define is_set_exactly(tp, timer) \
	((bpf_core_field_exists((tp)->timer.state) && PEEK(tp, timer.state)) || \
	 (bpf_core_field_exists((tp)->timer.is_queued) && PEEK(tp, timer.is_queued)))

static __always_inline int held_by_timers(struct tcp_sock *tp)
{
	return is_set(tp, inet_conn.icsk_inet.sk.sk_timer) + is_set(tp, inet_conn.icsk_retransmit_timer) +
	       is_set(tp, inet_conn.icsk_delack_timer) + is_set(tp, inet_conn.icsk_keepalive_timer) + is_set_exactly(tp, pacing_timer) +
	       is_set_exactly(tp, compressed_ack_timer);
}

/*
 * The target of a redirect is held from its verdict until the message is in its queue. Besides there are the hold of the socket's own, its psock's, and those of timers. Others (a packet
 * that is being received, a listing) are taken for a message. A timer is set a moment before it holds: a look in that moment may miss one.
 */
static __always_inline bool is_under_way_to(struct tcp_sock *reader)
{
	int before = held_by_timers(reader);
	int holds = PEEK(reader, inet_conn.icsk_inet.sk.__sk_common.skc_refcnt.refs.counter);
	int after = held_by_timers(reader);

	return holds - (before < after ? before : after) > 2;
}

static long look_whether_it_came(__u32 look, struct await *wait)
{
	(void)look;
	wait->still = is_under_way_to(wait->reader) ? 0 : wait->still + 1;
	wait->done = wait->still == LOOKS_THAT_AGREE;
	return wait->done;
}

/* To the reader at this address: 0 if a message still is, after a while. Not static, so that the verifier looks at it once and not wherever it is called. */
__attribute__((noinline)) int await_those_under_way(__u64 reader)
{
	struct await wait = { .reader = (void *)reader };

	bpf_loop(MOST_LOOKS_UNDER_WAY, look_whether_it_came, &wait, 0);
	return wait.done;
}

/*
 * Before TCP begins to carry a direction: until nobody's message is under way, or for a while; false if one still is. Whoever is past its verdict is still inside its call: only where
 * another one is, it is worth a look at the reader. `own_calls` as in try_to_part.
 */
static __always_inline bool await_others(struct ss_connection *conn, __u32 side, int own_calls)
{
	struct ss_direction *direction = &conn->direction[side & 1];

	/* TCP carries it already. */
	if (!direction->ordered || direction->overflowed)
		return true;
	return psock_calls((void *)conn->sock[side & 1]) <= own_calls || await_those_under_way(conn->sock[!(side & 1)]);
}

/*
 * The reader's queue is `full`: whether this message is to be redirected nevertheless, from a verdict, for another one is before it. Not where it could not be, for want of memory.
 */
RARE bool follows_another(struct ss_connection *conn, __u32 side, __u32 full)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *reader = (void *)conn->sock[!(side & 1)], *own = (void *)conn->sock[side & 1];
	__u64 limit = has_user_timeout(own) ? MOST_BEFORE_TIMEOUT : limit_of(direction, reader);

	if (full == SS_REASON_SHORT_OF_MEMORY || direction->beyond >= MOST_BEYOND ||
	    (__u64)queued_bytes(reader) > limit + BYTES_BEYOND || await_others(conn, side, 1))
		return false;
	direction->beyond++;
	return true;
}
