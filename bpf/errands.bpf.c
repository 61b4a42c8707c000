// SPDX-License-Identifier: GPL-2.0
/*
 * An iterator over every TCP socket of one network namespace, for what can be done to a socket only here, where it is locked and where
 * it may be given options. The daemon runs it when sidestep_tend has counted an errand. To switch hooks on it needs 6.12. The other errands it
 * can run on 6.1, too; those that it has not, the daemon does with descriptors that it borrows, and that is second best: for as long as it
 * has one a close by the program ends nothing.
 */
#include "arm.bpf.h"
#include "pause.bpf.h"
#include "refresh.bpf.h"
#include "remind.bpf.h"

static __always_inline void wake_reader(struct tcp_sock *tp, struct ss_connection *conn, __u32 side)
{
	if (take_from(&conn->to_wake, 1 << (side & 1)) && !tell_reader(tp, tp)) {
		add_to(&conn->to_wake, 1 << (side & 1));
		ask_for_attention();
	}
}

SEC("iter/tcp")
int sidestep_arm(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct ss_connection *conn;
	struct tcp_sock *tp;
	struct flow *flow;
	__u32 side;

	pause_quietly(ctx->meta);
	tp = common ? bpf_skc_to_tcp_sock(common) : 0;
	if (!tp)
		return 0;
	note_visitor();
	flow = bpf_sk_storage_get(&flows, tp, 0, 0);
	conn = flow ? record_of(flow) : 0;
	if (!conn)
		return 0;
	side = flow->side & 1;
	wake_reader(tp, conn, side);
	refresh(tp, conn, side);
	if (conn->to_take_back & (1 << side) && state_of(conn) == SS_STATE_STACK)
		take_back(tp, conn, side);
	if (!conn->arm)
		return 0;
	if (watch(tp))
		__sync_fetch_and_or(&conn->armed, 1 << side);
	if (conn->armed == BOTH_ENDS)
		conn->arm = 0;
	return 0;
}
