/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is connected with whom, found out only when an end has stayed: what it has sent and received is counted, and so
 * the numbers that it began with are still known. First the server says that it is here. Its client, who sees that, makes the record, or
 * says that it waits for its turn; the server completes it.
 */
#pragma once

#include "pair.bpf.h"

/* An end that has sent so many segments and then looked so often in vain for a trace of the other one has none on this host. */
#define MANY_SENDS 64
#define MOST_LOOKS_IN_VAIN 16

/*
 * An end has stayed when it has sent so often, or once more after a rest. A few requests in a row are over before their connection could join, and a record would cost it
 * 5 to 7 % of its time.
 */
#define SENDS_OF_WHO_STAYS 8
#define REST_US 5000

/* Since its program last read, as the kernel notes it now and then, or since it was established. */
static __always_inline bool has_rested(struct tcp_sock *tp)
{
	return PEEK(tp, tcp_mstamp) - PEEK(tp, rcvq_space.time) >= REST_US;
}

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
	struct syn *syn = bpf_map_lookup_elem(&syns, &isn);
	struct ss_connection *conn;
	struct place place = {};
	struct flow *flow;

	if (!syn)
		return false;
	if (!may_have_late_record()) {
		syn->mark = CLIENT_WAITS;
		return true;
	}
	place.listener = syn->listener;
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
static __always_inline bool late_server(struct bpf_sock_ops *ops, struct bpf_sock *sk, struct tcp_sock *tp)
{
	struct isn_pair swapped = { .sent = ops->rcv_nxt - (__u32)ops->bytes_received, .received = first_sent(ops) };
	struct place *found = bpf_map_lookup_elem(&pending, &swapped), place;
	struct syn here = { .mark = SERVER_IS_HERE }, *syn;
	__u32 isn = swapped.sent - 1;
	struct ss_connection *conn;
	struct flow *flow;

	if (!found) {
		syn = bpf_map_lookup_elem(&syns, &isn);
		/* Again and again, if need be: the map forgets those that nobody has asked for. */
		if (!syn)
			bpf_map_update_elem(&syns, &isn, &here, BPF_ANY);
		return syn && syn->mark == CLIENT_WAITS;
	}
	place = *found;
	bpf_map_delete_elem(&pending, &swapped);
	flow = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow)
		return true;
	conn = take_server(&place, tp, bpf_get_socket_cookie(ops), flow);
	if (!conn)
		return true;
	/* Its client has joined at its establishment, and it has not: too late. */
	abort_joining(conn);
	welcome_late(ops, conn, SS_SERVER);
	report(SS_EVENT_PAIRED, conn, SS_REASON_NONE);
	report_line("connection %llu paired", place.connection);
	return true;
}

/* No trace this time. What came in a crowd has nothing to count in until it has sent a lot. */
static __always_inline void count_in_vain(struct bpf_sock_ops *ops, struct bpf_sock *sk, bool is_server)
{
	struct flow *flow;
	__u32 isn;

	if (ops->data_segs_out <= MANY_SENDS)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (flow && flow->samples++ < MOST_LOOKS_IN_VAIN)
		return;
	if (is_server) {
		/* Its client is not to make a record that nobody completes. */
		isn = ops->rcv_nxt - (__u32)ops->bytes_received - 1;
		bpf_map_delete_elem(&syns, &isn);
	}
	leave_alone(ops, sk);
}

/* RTT on an end that has no record: it came in a crowd. */
static __always_inline void pair_late(struct bpf_sock_ops *ops, struct bpf_sock *sk)
{
	bool is_server = ops->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_RTO_CB_FLAG;
	struct ss_connection *conn;
	struct tcp_sock *tp;
	struct flow *flow;

	if (ops->data_segs_out < 2)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || (ops->data_segs_out < SENDS_OF_WHO_STAYS && !has_rested(tp)))
		return;
	conn = record_of_caller(ops, &flow);
	if (unlikely(conn)) {
		/* Another program of this cgroup has set its flags in the place of ours. */
		arm(ops, conn, flow->side);
		return;
	}
	if (!(is_server ? late_server(ops, sk, tp) : late_client(ops, sk, tp))) {
		count_in_vain(ops, sk, is_server);
		return;
	}
	flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (flow)
		flow->samples = 0;
}
