/* SPDX-License-Identifier: GPL-2.0 */
/* What is lent to a sender whose reader is behind, and taken back. */
#pragma once

#include "choose.bpf.h"
#include "record.bpf.h"

#define PLUGGED_LOWAT 1

/*
 * A stream that is enrolled and goes by TCP, until its reader has caught up, must not fill TCP's buffers first: with them full its reader would
 * hardly ever catch up. A low-water mark of one byte has the sender wait as soon as TCP cannot pass everything on.
 */
static __always_inline void plug(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	int mark = PLUGGED_LOWAT;

	if (direction->plugged || direction->streak <= GLANCE_AT_TRIAL || is_gathered(direction, tp))
		return;
	direction->lowat_before = BPF_CORE_READ(tp, notsent_lowat);
	if (!bpf_setsockopt(ops, SOL_TCP, TCP_NOTSENT_LOWAT, &mark, sizeof(mark)))
		direction->plugged = 1;
}

/*
 * At the first send after leaving, and at the end: a socket that is disconnected and used again keeps its mark. Who sends nothing more after leaving is
 * visited: note_plugs.
 */
static __always_inline void unplug(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	int before = direction->lowat_before;

	if (BPF_CORE_READ(tp, notsent_lowat) == PLUGGED_LOWAT)
		bpf_setsockopt(ops, SOL_TCP, TCP_NOTSENT_LOWAT, &before, sizeof(before));
	direction->plugged = 0;
	take_from(&conn->to_unplug, 1 << (side & 1));
}
