/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a socket: its counters are final; the record goes with the second end. */
#pragma once

#include "events.bpf.h"
#include "socket.bpf.h"

static __always_inline void read_stack_counters(struct ss_direction *direction, struct tcp_sock *sender)
{
	direction->stack_bytes = BPF_CORE_READ(sender, bytes_sent) - BPF_CORE_READ(sender, bytes_retrans);
	direction->stack_messages = BPF_CORE_READ(sender, data_segs_out);
}

static __always_inline void on_closed(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct ss_connection *conn;
	struct ss_totals *count;
	__u32 side, both, before;
	struct flow *flow;
	__u64 id;

	if (!sk)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (!flow || flow->kind != FLOW_PAIRED)
		return;
	id = flow->connection;
	conn = bpf_map_lookup_elem(&connections, &id);
	if (!conn)
		return;
	side = flow->side & 1;
	read_stack_counters(&conn->direction[side], (void *)conn->sock[side]);
	both = conn->sock[SS_SERVER] ? 3 : 1;
	before = __sync_fetch_and_or(&conn->closed, 1 << side);
	if (before == both || (before | (1 << side)) != both)
		return;
	count = totals_here();
	if (count) {
		count->closed_stack_messages += conn->direction[0].stack_messages + conn->direction[1].stack_messages;
		count->closed_stack_bytes += conn->direction[0].stack_bytes + conn->direction[1].stack_bytes;
	}
	report(SS_EVENT_CLOSED, conn, conn->reason);
	report_line("connection %llu closed", id);
	bpf_map_delete_elem(&connections, &id);
}
