/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who serves a connection. Whoever listens may have another process serve who comes (nginx, PostgreSQL), or another program (inetd), which asks FIONREAD or splices where the
 * listener does not. That one is known when it sends, or acknowledges in a call what it has read; nothing joins before: docs/decisions/who-serves.md.
 */
#pragma once

#include "leave.bpf.h"

#define SHOWS_ITSELF_NS (1000 * 1000 * 1000ULL)

/* Some of what TCP has brought, with the socket's lock held. An urgent byte may be passed over without that. */
static __always_inline bool has_read(struct tcp_sock *tp)
{
	return !PEEK(tp, urg_data) && PEEK(tp, bytes_received) > PEEK(tp, rcv_nxt) - PEEK(tp, copied_seq);
}

static __always_inline bool is_server_known(struct ss_connection *conn)
{
	return *(volatile __u8 *)&conn->exact[SS_SERVER];
}

/* It was waited for, or no longer. A connection that has waited has not tried anything. */
static __always_inline void go_on_with_server(struct ss_connection *conn)
{
	/* Whoever has missed it looks once more whether it is known: one of us two sees the other. */
	full_barrier();
	if (conn->server_missed) {
		conn->server_missed = 0;
		conn->trials = 0;
		conn->next_trial = 0;
		conn->vain_looks = 0;
		conn->due = conn->turns;
	}
	conn->server_awaited = 0;
	if (conn->trial)
		ask_for_attention();
}
