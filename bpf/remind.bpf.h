/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Care where there is no daemon. Where redirected bytes end and TCP's begin, a read comes short although more is there, and a reader that takes that for the end, as epoll(7)
 * allows at the edge, must be told: in a call on its own socket, with that locked. The daemon has iterators for it. While there is none, the sender is lent a keepalive
 * of one second. When TCP has been silent for so long a probe passes, at which the sender gives it back, if it is time; the reader's end answers, and that is a call on its socket.
 */
#pragma once

#include "attended.bpf.h"
#include "join.bpf.h"
#include "leave.bpf.h"
#include "lend.bpf.h"

/* A little less than a second: the coarse clock may be a tick behind. */
#define SILENCE_NS (900 * 1000 * 1000ULL)

/* Setting SO_RCVLOWAT to what it is has the kernel signal the socket if anything waits, and changes nothing. */
static __always_inline bool tell_reader(void *socket, struct tcp_sock *tp)
{
	return !queued_bytes(tp) || set_option(socket, SOL_SOCKET, SO_RCVLOWAT, BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.sk_rcvlowat));
}

/* TCP carries a segment of the caller's, and what was redirected before it may be unread yet. */
static __always_inline void have_reader_reminded(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];

#ifdef SS_TEST_NO_REMINDER
	return;
#endif
	if (is_attended())
		return;
	direction->carried_at = direction->carried_last = bpf_ktime_get_coarse_ns();
	lend_keepalive(ops, conn, side);
}

static __always_inline bool was_silent_since(__u64 then)
{
	return bpf_ktime_get_coarse_ns() - then > SILENCE_NS;
}

/* Its reader has been told, or cannot be. */
static __always_inline bool is_past_need(struct ss_direction *direction, struct tcp_sock *tp, bool data)
{
	if (data || !was_silent_since(direction->carried_last))
		return false;
	return !direction->carried_at || BPF_CORE_READ(tp, inet_conn.icsk_probes_out) >= MOST_UNANSWERED ||
	       has_user_timeout(tp);
}

/* Before segments of the sender's, its probes among them. */
static __always_inline void end_keepalive(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side, bool data)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];

	if (unlikely(direction->lent & SS_LENT_KEEPALIVE) && is_past_need(direction, tp, data))
		take_keepalive_back(ops, conn, side);
}

/* The connection has left, and its reader is to be told yet: the next segment with data does that, or a probe, which has it answer. */
static __always_inline bool awaits_probe(struct ss_direction *direction, bool data)
{
	return direction->lent & SS_LENT_KEEPALIVE && direction->carried_at && !data && !was_silent_since(direction->carried_last);
}

/*
 * Before segments of the reader's, the answer to a probe among them. Who has redirected bytes yet to read is looked at again at the next one, and so is one that leaves and is still enrolled,
 * for there FIONREAD may say that nothing waits. One who is told in vain has lost nothing.
 */
static __always_inline void remind_reader(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[!(side & 1)];
	struct tcp_sock *reader = (void *)conn->sock[side & 1], *sender = (void *)conn->sock[!(side & 1)];
	__u64 carried_at = *(volatile __u64 *)&direction->carried_at;

	if (likely(!carried_at))
		return;
	if (state_of(conn) == SS_STATE_BYPASS && must_be_strict(conn))
		begin_leaving(conn, SS_REASON_BYTES_ON_STACK);
	if (try_to_part(conn, side, 0))
		finish_parting(conn);
	if (state_of(conn) != SS_STATE_STACK && (!was_silent_since(carried_at) || has_redirected_to_read(sender, reader)))
		return;
	tell_reader(ops, reader);
	if (state_of(conn) == SS_STATE_STACK || state_of(conn) == SS_STATE_BYPASS)
		__sync_bool_compare_and_swap(&direction->carried_at, carried_at, 0);
}
