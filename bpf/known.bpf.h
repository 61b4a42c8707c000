/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who uses a connection. Whoever listens may have another process serve who comes (nginx, PostgreSQL), or another program (inetd), and whoever connects may become another program that
 * uses that (tcpclient): which asks FIONREAD or splices where the first one does not. That one is known when it sends, or acknowledges in a call what it has read; nothing joins before:
 * docs/decisions/who-uses-it.md.
 */
#pragma once

#include "leave.bpf.h"

#define SHOWS_ITSELF_NS (1000 * 1000 * 1000ULL)

/* Some of what TCP has brought, with the socket's lock held. An urgent byte may be passed over without that. */
static __always_inline bool has_read(struct tcp_sock *tp)
{
	return !PEEK(tp, urg_data) && PEEK(tp, bytes_received) > PEEK(tp, rcv_nxt) - PEEK(tp, copied_seq);
}

static __always_inline bool are_users_known(struct ss_connection *conn)
{
	return *(volatile __u8 *)&conn->exact[SS_CLIENT] && *(volatile __u8 *)&conn->exact[SS_SERVER];
}

/* They were waited for, or no longer. A connection that has waited has not tried anything. */
static __always_inline void go_on_with_users(struct ss_connection *conn)
{
	if (conn->users_missed) {
		conn->users_missed = 0;
		conn->trials = 0;
		conn->next_trial = 0;
		conn->vain_looks = 0;
		conn->due = conn->turns;
	}
	conn->users_awaited = 0;
	/* It may have begun to doze because it waited. */
	if (conn->trial || conn->dozing)
		ask_for_attention();
}
