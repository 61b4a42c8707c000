// SPDX-License-Identifier: GPL-2.0
/*
 * An iterator over every socket that carries our storage, in all network namespaces. The daemon runs it by reading its
 * file: when something asked for attention, and when somebody wants to see the counters. Only one run at a time.
 */
#include "close.bpf.h"
#include "join.bpf.h"

enum enrolment {
	ENROLLED,
	OVERTAKEN,	/* a data segment aborted the joining meanwhile: taken out again */
	REFUSED,
};

static __always_inline enum enrolment enrol(struct sock *sk, struct ss_connection *conn, __u32 side)
{
	__u64 key = conn->end[side & 1].cookie;

	conn->enrolled |= 1 << (side & 1);
	if (bpf_map_update_elem(&socks, &key, sk, BPF_NOEXIST))
		return REFUSED;
	if (state_of(conn) == SS_STATE_JOINING)
		return ENROLLED;
	bpf_map_delete_elem(&socks, &key);
	return OVERTAKEN;
}

/* What to say of a connection that stays on the stack: what stands in its way, or else what it is like. */
static __always_inline void explain(struct ss_connection *conn, __u32 obstacle)
{
	if (obstacle && obstacle != SS_REASON_WARMING_UP)
		conn->reason = obstacle;
	else if (conn->direction[0].streak > config.stream_after || conn->direction[1].streak > config.stream_after)
		conn->reason = SS_REASON_STREAMING;
	else if (conn->reason != SS_REASON_STREAMING && conn->reason != SS_REASON_QUEUE_FULL &&
		 conn->reason != SS_REASON_REFUSED_BY_KERNEL)
		conn->reason = SS_REASON_WARMING_UP;
}

/* The first of the two visits: enrols one end, if nothing is under way to it. What it sends still goes by TCP to a TCP socket. */
static __always_inline void start_joining(struct sock *sk, struct ss_connection *conn, __u32 side)
{
	__u32 reason = obstacle(conn, false);

	explain(conn, reason);
	if (conn->turns < conn->due)
		return;
	if (reason) {
		/* Ask again when the connection has gone on for as long again: it costs nothing, and programs change their minds. */
		if (reason != SS_REASON_SWITCHED_OFF)
			conn->due = conn->turns * 2;
		return;
	}
	conn->strict = must_be_strict(conn);
	if (conn->strict && !nothing_under_way_to(conn, side)) {
		census.candidates++;
		return;
	}
	start_afresh(&conn->direction[0]);
	start_afresh(&conn->direction[1]);
	if (!change_state(conn, SS_STATE_STACK, SS_STATE_JOINING))
		return;
	conn->late = 1;
	if (enrol(sk, conn, side) != REFUSED) {
		census.candidates++;
		return;
	}
	abort_joining(conn);
	conn->reason = SS_REASON_REFUSED_BY_KERNEL;
	conn->due = conn->turns * 2;
}

/* The second visit, microseconds later: enrols the other end, if not a byte has slipped by since. */
static __always_inline void finish_joining(struct sock *sk, struct ss_connection *conn, __u32 side)
{
	__u64 key = conn->end[side & 1].cookie;

	if (!conn->late)
		return;
	if (conn->enrolled & (1 << (side & 1)) || obstacle(conn, false) || enrol(sk, conn, side) != ENROLLED) {
		abort_joining(conn);
		return;
	}
	if ((!conn->strict || quiet_on_stack(conn)) && complete_joining(conn)) {
		census.candidates--;
		return;
	}
	abort_joining(conn);
	bpf_map_delete_elem(&socks, &key);
}

static __always_inline void count(struct ss_connection *conn)
{
	__u32 state = state_of(conn);

	census.open++;
	census.bypassing += state == SS_STATE_BYPASS || state == SS_STATE_LEAVING;
	census.stack_messages += conn->direction[0].stack_messages + conn->direction[1].stack_messages;
	census.stack_bytes += conn->direction[0].stack_bytes + conn->direction[1].stack_bytes;
}

static __always_inline void name_reader(struct seq_file *seq, struct ss_connection *conn, __u32 side)
{
	struct ss_end *end = &conn->end[side & 1];
	struct ss_wake wake = { .cookie = end->cookie, .pid = end->pid };

	conn->to_wake &= ~(1 << (side & 1));
	if (queued_bytes((void *)conn->sock[side & 1]))
		bpf_seq_write(seq, &wake, sizeof(wake));
}

SEC("iter/bpf_sk_storage_map")
int sidestep_tend(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct flow *flow = ctx->value;
	struct sock *sk = ctx->sk;
	struct ss_connection *conn;
	__u32 side;
	__u64 id;

	if (!sk || !flow || flow->kind != FLOW_PAIRED)
		return 0;
	id = flow->connection;
	side = flow->side & 1;
	conn = bpf_map_lookup_elem(&connections, &id);
	if (!conn || !conn->id)
		return 0;
	if (!(conn->closed & (1 << side)))
		read_stack_counters(&conn->direction[side], (void *)conn->sock[side]);
	if (side == SS_CLIENT || conn->closed & (1 << SS_CLIENT))
		count(conn);

	if (config.kill)
		begin_leaving(conn, SS_REASON_SWITCHED_OFF);
	switch (state_of(conn)) {
	case SS_STATE_STACK:
		start_joining(sk, conn, side);
		break;
	case SS_STATE_JOINING:
		finish_joining(sk, conn, side);
		break;
	case SS_STATE_LEAVING:
		if (try_to_part(conn, side, 0))
			finish_parting(conn);
		break;
	case SS_STATE_PARTED:
		finish_parting(conn);
		break;
	}
	if (conn->to_wake & (1 << side))
		name_reader(ctx->meta->seq, conn, side);
	if (state_of(conn) > SS_STATE_BYPASS || conn->to_wake)
		census.unsettled++;
	return 0;
}
