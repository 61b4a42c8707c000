/* SPDX-License-Identifier: GPL-2.0 */
/* What is lent to a sender that TCP carries although its socket is enrolled, and taken back. */
#pragma once

#include "choose.bpf.h"
#include "record.bpf.h"

/* TCP takes a stream that has this threshold for one at its beginning, and those are not thin. */
#define TCP_INFINITE_SSTHRESH 0x7fffffff
#define NO_CLAMP 0xffffffff

/*
 * A stream that is enrolled and goes by TCP, until its reader has caught up, must not fill TCP's buffers first: with them full its reader would
 * hardly ever catch up. A low-water mark of one byte has the sender wait as soon as TCP cannot pass everything on.
 */
static __always_inline void lend_low_water_mark(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	__u32 before;
	int mark = PLUGGED_LOWAT;

	if (direction->lent & SS_LENT_LOWAT || direction->streak <= GLANCE_AT_TRIAL || is_gathered(direction, tp))
		return;
	before = BPF_CORE_READ(tp, notsent_lowat);
	/* Its program's own, or one that the daemon is about to take back. */
	if (before == PLUGGED_LOWAT)
		return;
	direction->lowat_before = before;
	if (!bpf_setsockopt(ops, SOL_TCP, TCP_NOTSENT_LOWAT, &mark, sizeof(mark)))
		direction->lent |= SS_LENT_LOWAT;
}

/*
 * What is redirected fills the reader's buffer, which TCP has promised to its sender: all but the first segment that comes now is dropped, and sent again after 0.2 s, 0.4, 0.8, …
 * for as long as the reader stands still. That it reads again does not shorten the last of these pauses: back after a minute, it would wait for another one. With linear timeouts
 * it waits for 0.2 s.
 */
static __always_inline void lend_linear_timeouts(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	int on = 1, threshold = TCP_INFINITE_SSTHRESH - 1;

	/* BBR never sets one. The same option limits the window: with a number that is no limit, where there was none. It stays. */
	if (BPF_CORE_READ(tp, snd_ssthresh) >= TCP_INFINITE_SSTHRESH && BPF_CORE_READ(tp, snd_cwnd_clamp) == NO_CLAMP)
		bpf_setsockopt(ops, SOL_TCP, TCP_BPF_SNDCWND_CLAMP, &threshold, sizeof(threshold));
	if (BPF_CORE_READ_BITFIELD_PROBED(tp, thin_lto))
		return;
	if (!bpf_setsockopt(ops, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, &on, sizeof(on)))
		direction->lent |= SS_LENT_LINEAR;
}

/* As TCP is with a socket that is open (tcp_retries2). */
#define PATIENCE_WITH_CLOSED_MS (15 * 60 * 1000)

/*
 * What a closed socket cannot bring within 102 s, counted from before its close, TCP throws away, and resets the connection: so long it tries again what its reader has dropped, where it would
 * ask for five minutes and more if the reader had never promised to take it. So it is told to be more patient. Nobody can see the option any more.
 */
static __always_inline void lend_patience(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	int patience = PATIENCE_WITH_CLOSED_MS;

	if (!BPF_CORE_READ(tp, inet_conn.icsk_user_timeout))
		bpf_setsockopt(ops, SOL_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience));
}

/*
 * At the first send after leaving, and at the end: a socket that is disconnected and used again keeps its options. Who sends nothing more after leaving is
 * visited: note_lent. A mark that its program has set meanwhile stays.
 */
static __always_inline void take_back(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	int before = direction->lowat_before, off = 0;

	if (direction->lent & SS_LENT_LOWAT && BPF_CORE_READ(tp, notsent_lowat) == PLUGGED_LOWAT)
		bpf_setsockopt(ops, SOL_TCP, TCP_NOTSENT_LOWAT, &before, sizeof(before));
	if (direction->lent & SS_LENT_LINEAR)
		bpf_setsockopt(ops, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, &off, sizeof(off));
	direction->lent = 0;
	take_from(&conn->to_take_back, 1 << (side & 1));
}
