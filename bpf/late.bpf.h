/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is connected with whom, found out only when an end has sent for the second time: what it has sent and received is counted, and so
 * the numbers that it began with are still known. First the server says that it is here. Its client, who sees that, makes the record, or
 * says that it waits for its turn; the server completes it.
 */
#pragma once

#include "pair.bpf.h"

/* An end that has sent so many segments and then looked so often in vain for a trace of the other one has none on this host. */
#define MANY_SENDS 64
#define MOST_LOOKS_IN_VAIN 16

/* It has shown one turn at least when it gets its record, and need not show all of them again. */
static __always_inline void welcome_late(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	arm(ops, conn, side);
	conn->due = 1;
}

/* True when there was a trace of the server. */
static __always_inline bool late_client(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp)
{
	__u32 isn = first_sent(ops);
	struct isn_pair pair = { .sent = isn + 1, .received = ops->rcv_nxt - (__u32)ops->bytes_received };
	__u8 *mark = bpf_map_lookup_elem(&syns, &isn);
	struct ss_connection *conn;
	struct place place = {};
	struct flow *flow;

	if (!mark)
		return false;
	if (!may_have_late_record()) {
		*mark = CLIENT_WAITS;
		return true;
	}
	bpf_map_delete_elem(&syns, &isn);
	flow = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow)
		return true;
	conn = new_record(&place, tp, bpf_get_socket_cookie(ops), flow);
	if (!conn) {
		leave_alone(ops, sk);
		return true;
	}
	conn->id = place.connection;
	welcome_late(ops, conn, SS_CLIENT);
	bpf_map_update_elem(&pending, &pair, &place, BPF_ANY);
	report(SS_EVENT_ESTABLISHED, conn, SS_REASON_NONE);
	report_line("connection %llu has stayed and gets its record", place.connection);
	return true;
}

/* True when there was a trace of the client. */
static __always_inline bool late_server(struct bpf_sock_ops *ops, struct tcp_sock *tp, struct flow *flow)
{
	struct isn_pair swapped = { .sent = ops->rcv_nxt - (__u32)ops->bytes_received, .received = first_sent(ops) };
	struct place *found = bpf_map_lookup_elem(&pending, &swapped), place;
	__u8 here = SERVER_IS_HERE, *mark;
	__u32 isn = swapped.sent - 1;
	struct ss_connection *conn;

	if (!found) {
		mark = bpf_map_lookup_elem(&syns, &isn);
		/* Again and again, if need be: the map forgets those that nobody has asked for. */
		if (!mark)
			bpf_map_update_elem(&syns, &isn, &here, BPF_ANY);
		return mark && *mark == CLIENT_WAITS;
	}
	place = *found;
	bpf_map_delete_elem(&pending, &swapped);
	conn = take_server(&place, tp, bpf_get_socket_cookie(ops), flow);
	if (!conn)
		return true;
	welcome_late(ops, conn, SS_SERVER);
	report(SS_EVENT_PAIRED, conn, SS_REASON_NONE);
	report_line("connection %llu paired", place.connection);
	return true;
}

/* No trace this time. A client that came in a crowd has nothing to count in until it has sent a lot. */
static __always_inline void count_in_vain(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct flow *flow)
{
	__u32 isn;

	if (ops->data_segs_out <= MANY_SENDS)
		return;
	if (!flow)
		flow = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (flow && flow->samples++ < MOST_LOOKS_IN_VAIN)
		return;
	if (flow && flow->kind == FLOW_LISTENER) {
		/* Its client is not to make a record that nobody completes. */
		isn = ops->rcv_nxt - (__u32)ops->bytes_received - 1;
		bpf_map_delete_elem(&syns, &isn);
	}
	leave_alone(ops, sk);
}

/* RTT on an end that has no record: it came in a crowd. */
static __always_inline void pair_late(struct bpf_sock_ops *ops, struct bpf_sock *sk)
{
	bool found_trace;
	struct tcp_sock *tp;
	struct flow *flow;

	if (ops->data_segs_out < 2)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	/* The kernel has cloned the listener's. */
	if (flow && flow->kind == FLOW_LISTENER)
		found_trace = late_server(ops, tp, flow);
	else
		found_trace = late_client(ops, sk, tp);
	if (!found_trace)
		count_in_vain(ops, sk, flow);
	else if (flow)
		flow->samples = 0;
}
