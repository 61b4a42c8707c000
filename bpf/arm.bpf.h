/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transmit hook runs two or three times for each send, which is more than a short connection or a stream on the stack should pay.
 * So it starts switched off: RTT, which runs when data of this end was acknowledged, switches it on at the second sample. A
 * stream that TCP is to carry dozes: the hook is switched off again at both ends, and the one that does not send waits for its own first data.
 * The sender cannot be switched on from there: the daemon's iterator does that.
 */
#pragma once

#include "attended.bpf.h"
#include "leave.bpf.h"
#include "record.bpf.h"
#include "rule.bpf.h"

#define DORMANT (BPF_SOCK_OPS_STATE_CB_FLAG | BPF_SOCK_OPS_RTT_CB_FLAG)
#define WATCHED (BPF_SOCK_OPS_STATE_CB_FLAG | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG)
/* What came in a crowd has nothing with it to say which end it is: on a server's end a hook is on that does nothing. */
#define CLIENT_LEFT_OUT BPF_SOCK_OPS_RTT_CB_FLAG
#define SERVER_LEFT_OUT (BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_RTO_CB_FLAG)
/* Other programs may have flags of their own. */
#define ALL_OURS (DORMANT | WATCHED | SERVER_LEFT_OUT)
#define BOTH_ENDS SS_BOTH_ENDS
#define TCP_BPF_SOCK_OPS_CB_FLAGS 1008
#define SAMPLES_OF_A_SHORT_ONE 1
/* Its namespace may be out of reach, or the kernel too old. One visit to a hundred thousand sockets on a busy host takes a tenth of a second. */
#define LONGEST_ARMING_NS (5 * 1000 * 1000 * 1000ULL)

static __always_inline void set_hooks(struct bpf_sock_ops *ops, __u32 flags)
{
	bpf_sock_ops_cb_flags_set(ops, (ops->bpf_sock_ops_cb_flags & ~ALL_OURS) | flags);
}

/* The same from an iterator, which has the socket locked. */
static __always_inline bool set_hooks_of(struct tcp_sock *tp, int ours)
{
	int flags = 0;

	if (bpf_getsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags)))
		return false;
	flags = (flags & ~ALL_OURS) | ours;
	return !bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags));
}

static __always_inline bool watch(struct tcp_sock *tp)
{
	if (set_hooks_of(tp, WATCHED)) {
		census.armed++;
		return true;
	}
	census.not_armed++;
	return false;
}

/* An iterator locks each socket that it visits: maps.bpf.h says what for. */
static __always_inline void note_visitor(void)
{
	visitor = ((struct task_struct *)(void *)bpf_get_current_task_btf())->tgid;
}

static __always_inline void arm(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	set_hooks(ops, WATCHED);
	__sync_fetch_and_or(&conn->armed, 1 << (side & 1));
}

/* An end that is not armed must not join. Whoever lets it join changes the state first and looks at the mask then; we the other way round. */
static __always_inline bool disarm(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side, __u32 flags)
{
	__sync_fetch_and_and(&conn->armed, ~(1 << (side & 1)));
	/* Not every architecture orders an atomic operation whose result nobody wants. */
	full_barrier();
	if (state_of(conn) != SS_STATE_STACK) {
		__sync_fetch_and_or(&conn->armed, 1 << (side & 1));
		return false;
	}
	/* Whoever is not watched is not measured: what goes by meanwhile is in no rate. */
	measure_afresh(&conn->direction[side & 1]);
	set_hooks(ops, flags);
	return true;
}

static __always_inline void ask_to_be_armed(struct ss_connection *conn)
{
	conn->dozing = 0;
	if (!conn->arm)
		conn->arm_since = bpf_ktime_get_ns();
	conn->arm = 1;
	ask_for_attention();
}

/* Where none was ever woken: this one, which is awake, is to show whether the kernel can. */
static __always_inline void show_whether_it_can_be_armed(struct ss_connection *conn)
{
	if (!census.not_armed && !conn->arm)
		ask_to_be_armed(conn);
}

/*
 * The sender of a stream: nothing is called any more but at its end. Where nobody has ever been armed, the kernel may be too old for it, and a stream that
 * was never tried had better stay awake: it would sleep for good. So had a two-way stream, for its other end sleeps, too.
 */
static __always_inline void doze(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	__u64 now = conn->direction[side & 1].pace.seen;
	bool two_way = streams_both_ways(conn);
	__u64 longest = now + (TRIAL_PAUSE_NS << MOST_DOUBLINGS_TWO_WAY);

	if (!census.armed && (conn->armed != BOTH_ENDS || two_way)) {
		if (two_way)
			show_whether_it_can_be_armed(conn);
		return;
	}
	if (!disarm(ops, conn, side, BPF_SOCK_OPS_STATE_CB_FLAG))
		return;
	if (conn->next_trial <= now)
		postpone_trial(conn, now, false);
	if (two_way && conn->next_trial > longest)
		conn->next_trial = longest;
	conn->trial = SS_TRIAL_NONE;
	conn->dozing = 1;
}

/* Where the kernel was seen not to arm anybody, it would be asked in vain. */
static __always_inline bool can_be_armed(struct ss_connection *conn)
{
	return conn->armed == BOTH_ENDS || census.armed || !census.not_armed;
}

/* It is kept on the stack: nothing is called any more but at its end, until the rules change. */
static __always_inline void doze_while_kept(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	if (disarm(ops, conn, side, BPF_SOCK_OPS_STATE_CB_FLAG))
		conn->dozing = 1;
}

/*
 * The same where it may have to come back any moment, for a trial: only a kernel that can wake it. Where none was ever woken, the iterator is to try with
 * this one, which is awake.
 */
static __always_inline void doze_between_trials(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	if (census.armed)
		doze_while_kept(ops, conn, side);
	else
		show_whether_it_can_be_armed(conn);
}

/*
 * The other end of what dozes: called again at its own first data. Not if it is kept on the stack, or streams both ways: there both ends send, and this one is called
 * before each of its sends, when TCP asks for its segment size; it would be switched on and off with every message.
 */
static __always_inline void doze_until_it_sends(struct bpf_sock_ops *ops, struct ss_connection *conn, struct flow *flow)
{
	if (kept_on_stack(conn) || streams_both_ways(conn))
		doze_while_kept(ops, conn, flow->side);
	else if (disarm(ops, conn, flow->side, DORMANT))
		flow->samples = SAMPLES_OF_A_SHORT_ONE;
}

/* Its time has come, and nothing keeps it on the stack. */
static __always_inline void wake_up_in_time(struct ss_connection *conn)
{
	if (conn->dozing && !kept_on_stack(conn) && conn->next_trial < bpf_ktime_get_ns())
		ask_to_be_armed(conn);
}

/* A connection of ours has had data acknowledged. Without a daemon nothing could come of it. */
static __always_inline void note_sample(struct bpf_sock_ops *ops, struct ss_connection *conn, struct flow *flow)
{
	if (flow->samples++ < SAMPLES_OF_A_SHORT_ONE || is_daemon_gone())
		return;
	arm(ops, conn, flow->side);
	if (conn->dozing && !kept_on_stack(conn))
		ask_to_be_armed(conn);
}
