/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a socket. */
#pragma once

#include "events.bpf.h"
#include "lend.bpf.h"
#include "record.bpf.h"
#include "socket.bpf.h"

/*
 * Of a socket that may close meanwhile and begin another life: what is read then is not its. `closed` is looked at again, and on_closed has
 * written the last word.
 */
static __always_inline void read_stack_counters(struct ss_connection *conn, __u32 side, __u32 closed)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *sender = (void *)conn->sock[side & 1];
	__u64 bytes = BPF_CORE_READ(sender, bytes_sent) - BPF_CORE_READ(sender, bytes_retrans), before = direction->stack_messages;
	/* The kernel counts them in 32 bits, and a long life has more. */
	__s32 messages = BPF_CORE_READ(sender, data_segs_out) - (__u32)(direction->messages_before + before);

	if (*(volatile __u32 *)&conn->closed & closed)
		return;
	/* A socket that is being disconnected has none, and what is sent once more counts a moment before it is sent. */
	if (bytes >= direction->bytes_before)
		direction->stack_bytes = bytes - direction->bytes_before;
	if (messages > 0)
		direction->stack_messages = before + messages;
}

/* It was open before we were switched on. */
static __always_inline void count_from_now_on(struct ss_direction *direction, struct tcp_sock *sender)
{
	direction->bytes_before = BPF_CORE_READ(sender, bytes_sent) - BPF_CORE_READ(sender, bytes_retrans);
	direction->messages_before = BPF_CORE_READ(sender, data_segs_out);
}

/* Of both directions, as long as their senders are open. */
static __always_inline void refresh_counters(struct ss_connection *conn)
{
	read_stack_counters(conn, SS_CLIENT, 1 << SS_CLIENT);
	if (conn->sock[SS_SERVER])
		read_stack_counters(conn, SS_SERVER, 1 << SS_SERVER);
}

/*
 * An enrolled socket may be closed, also after it was shut down, for the kernel tells that again then. Only where it is closed the kernel has taken it out of the map
 * by itself: what is only shut down its program can still see, and may connect once more.
 */
static __always_inline void on_closing(struct bpf_sock_ops *ops)
{
	struct flow *flow;
	struct ss_connection *conn = record_of_caller(ops, &flow);

	if (!conn || state_of(conn) < SS_STATE_BYPASS || state_of(conn) > SS_STATE_GATE)
		return;
	if (!psock_of((void *)conn->sock[flow->side & 1]))
		lend_patience(ops, conn, flow->side);
}

/* Its counters are final; the record goes with the second end. */
static __always_inline void on_closed(struct bpf_sock_ops *ops)
{
	struct flow *flow;
	struct ss_connection *conn = record_of_caller(ops, &flow);
	struct ss_totals *count;
	__u32 side, ends, before;

	if (!conn)
		return;
	side = flow->side & 1;
	read_stack_counters(conn, side, 0);
	if (conn->direction[side].lent)
		take_back(ops, conn, side);
	/* Nobody is left to be reminded of what came. */
	conn->direction[!side].carried_at = 0;
	before = __sync_fetch_and_or(&conn->closed, 1 << side);
	ends = before & SS_PAIRED ? SS_BOTH_ENDS : 1 << SS_CLIENT;
	/* The one who completes the mask gives the record back. */
	if (before & 1 << side || ((before | 1 << side) & SS_BOTH_ENDS) != ends)
		return;
	count = totals_here();
	if (count) {
		count->closed_stack_messages += conn->direction[0].stack_messages + conn->direction[1].stack_messages;
		count->closed_stack_bytes += conn->direction[0].stack_bytes + conn->direction[1].stack_bytes;
	}
	report(SS_EVENT_CLOSED, conn, conn->reason);
	report_line("connection %llu closed", conn->id);
	give_slot_back(conn, flow->slot);
}
