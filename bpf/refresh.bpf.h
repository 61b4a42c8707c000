/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whoever keeps an entry for a connection (conntrack, IPVS, a firewall between two network namespaces) sees nothing of what is redirected. So once a minute a segment of it passes: one end is lent
 * a keepalive of one second, and gives it back at the probe (remind.bpf.h), which the other end answers. A connection of which no end can be lent one leaves the bypass for some turns.
 */
#pragma once

#include "address.bpf.h"
#include "join.bpf.h"
#include "leave.bpf.h"
#include "lend.bpf.h"

/* IPVS keeps an entry for 15 minutes, and some hosts set nf_conntrack_tcp_timeout_established to five, or two. At the same moment for all, for one errand takes as long as all of them. */
#ifdef SS_TEST_REFRESHED_SOON
#define REFRESHED_EVERY_S 2
#define LONGEST_UNSEEN_S 2
#else
#define REFRESHED_EVERY_S 60
#define LONGEST_UNSEEN_S 240
#endif
/* Its namespace may be out of reach. */
#define LONGEST_REFRESHING_S 5
/* An errand, and a second until the probe. */
#define LONGEST_LOAN_S 10

static __always_inline bool can_pass_a_probe(struct ss_connection *conn, __u32 side)
{
#ifdef SS_TEST_NO_PROBE
	return false;
#endif
	return conn->direction[side & 1].lent & SS_LENT_KEEPALIVE || can_be_lent_keepalive((void *)conn->sock[side & 1]);
}

/* Not that a peer which has gone is noticed, by a probe that it answers with a reset. */
static __always_inline bool is_whole(struct ss_connection *conn)
{
	return is_open(conn) && !is_orphan((void *)conn->sock[SS_CLIENT]) && !is_orphan((void *)conn->sock[SS_SERVER]);
}

static __always_inline bool has_no_answers(struct ss_connection *conn, __u32 side)
{
	struct tcp_sock *tp = (void *)conn->sock[side & 1];

	return BPF_CORE_READ(tp, inet_conn.icsk_probes_out) >= MOST_UNANSWERED;
}

static __always_inline __u32 seconds(__u64 ns)
{
	return ns / (1000 * 1000 * 1000);
}

/* No probe can pass: it goes by TCP for some turns, before whoever is between has seen nothing for too long. */
static __always_inline void leave_unseen(struct ss_connection *conn, __u32 now)
{
	if ((__s32)(now - seconds(conn->joined_at)) >= LONGEST_UNSEEN_S - REFRESHED_EVERY_S)
		begin_leaving(conn, SS_REASON_NETWORK_REFRESH);
}

/* From this end on: the client's, then the server's. */
static __always_inline void ask_to_refresh(struct ss_connection *conn, __u32 side, __u32 now)
{
	if (side == SS_CLIENT && can_pass_a_probe(conn, SS_CLIENT))
		add_to(&conn->to_refresh, 1 << SS_CLIENT);
	else if (side <= SS_SERVER && can_pass_a_probe(conn, SS_SERVER))
		add_to(&conn->to_refresh, 1 << SS_SERVER);
	else
		leave_unseen(conn, now);
	if (conn->to_refresh)
		ask_for_attention();
}

static __always_inline bool has_loan(struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];

	return direction->lent & SS_LENT_KEEPALIVE && !direction->carried_at;
}

/* Once a second, of each connection. */
static __always_inline void see_to_refreshing(struct ss_connection *conn)
{
	__u32 now = seconds(bpf_ktime_get_ns()), joined = seconds(conn->joined_at), last = conn->refreshed_at;

	if (last < joined)
		last = joined;
	if (state_of(conn) != SS_STATE_BYPASS || now / REFRESHED_EVERY_S == last / REFRESHED_EVERY_S)
		return;
	/* It has just come from TCP, or comes after we have looked at the clock; and many programs set options then: what they set in the second of a loan goes with it. */
	if ((__s32)(now - joined) < REFRESHED_EVERY_S)
		return;
	/* One is under way. */
	if ((has_loan(conn, SS_CLIENT) || has_loan(conn, SS_SERVER)) && now - last < LONGEST_LOAN_S)
		return;
	conn->refreshed_at = now;
	/* Where nobody answers there is no way for a segment: to leave would end the conversation. */
	if (has_somebody_between(conn) && is_whole(conn) && !has_no_answers(conn, SS_CLIENT) && !has_no_answers(conn, SS_SERVER))
		ask_to_refresh(conn, SS_CLIENT, now);
}

/* At each visit, until the errand has been run. */
static __always_inline void await_refreshing(struct ss_connection *conn)
{
	__u32 now, asked;

	if (likely(!conn->to_refresh))
		return;
	now = seconds(bpf_ktime_get_ns());
	if (now - conn->refreshed_at < LONGEST_REFRESHING_S) {
		census.errands++;
		return;
	}
	asked = take_from(&conn->to_refresh, SS_BOTH_ENDS);
	conn->refreshed_at = now;
	ask_to_refresh(conn, asked & 1 << SS_CLIENT ? SS_SERVER : SS_SERVER + 1, now);
}

/* The errand, with the socket locked. */
static __always_inline void refresh(struct tcp_sock *tp, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];

	if (!take_from(&conn->to_refresh, 1 << (side & 1)) || state_of(conn) != SS_STATE_BYPASS || !is_whole(conn))
		return;
	/* The last one is here yet: its probe was not seen to pass, for somebody has set callbacks of his own in the place of ours. */
	if (has_loan(conn, side)) {
		take_keepalive_back(tp, conn, side);
		return;
	}
	lend_keepalive(tp, conn, side);
	if (!(direction->lent & SS_LENT_KEEPALIVE))
		ask_to_refresh(conn, side + 1, seconds(bpf_ktime_get_ns()));
}
