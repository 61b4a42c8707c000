/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HDR_OPT_LEN: runs before each TCP segment of a connection of ours leaves its sender, with the sender's lock held. On the
 * bypass no data segment is sent, so it costs nothing there. On the stack it watches what the connection is like; and whatever
 * has to happen before a byte can reach the other end by TCP happens here.
 */
#pragma once

#include "join.bpf.h"
#include "record.bpf.h"

/*
 * A connection that could not join at any of ten doubling distances will not: from here on it costs what plain TCP costs.
 * Whoever allows blocking readers later reaches new connections.
 */
#define GIVE_UP_TURNS 4096

static __always_inline void observe(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];

	if (conn->given_up || (conn->turns >= GIVE_UP_TURNS && conn->due > conn->turns)) {
		conn->given_up = 1;
		bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags & ~BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
		return;
	}

	/* In process context the socket's lock is owned, and by the process that runs. */
	if (in_a_call((void *)conn->sock[side & 1]))
		note_sender(&conn->end[side & 1]);
	weigh(&direction->mean, ops->skb_len);
	if (conn->last_sender == side + 1) {
		if (++direction->streak <= config.stream_after)
			return;
		if (worth_a_trial(conn, direction, (void *)conn->sock[side & 1], ops->skb_len) && !config.kill) {
			conn->trial = 1;
			ask_for_attention();
		}
		return;
	}
	conn->last_sender = side + 1;
	conn->trial = 0;
	direction->streak = 1;
	measure_afresh(&direction->pace);
	if (++conn->turns >= conn->due && !config.kill)
		ask_for_attention();
}

static __always_inline void on_transmit(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct ss_connection *conn;
	struct flow *flow;
	bool data = ops->skb_len > 0;
	__u32 side;

	if (!sk)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (!flow)
		return;
	conn = record_of(flow);
	if (!conn)
		return;
	side = flow->side & 1;

	switch (state_of(conn)) {
	case SS_STATE_STACK:
		if (data)
			observe(ops, conn, side);
		break;
	case SS_STATE_JOINING:
		if (data && (conn->strict || !conn->late))
			abort_joining(conn);
		break;
	case SS_STATE_DELETING:
		/* On its way to an end that may not be out of the map yet. */
		if (data)
			conn->to_wake |= 1 << !side;
		break;
	case SS_STATE_BYPASS:
		/* After the first redirect: a send that had entered TCP before its socket was enrolled, or a retransmission. */
		if (data && (conn->strict || conn->direction[side].ordered)) {
			conn->direction[side].overflowed = 1;
			begin_leaving(conn, SS_REASON_BYTES_ON_STACK);
		}
		break;
	case SS_STATE_PARTED:
		finish_parting(conn);
		break;
	}
}
