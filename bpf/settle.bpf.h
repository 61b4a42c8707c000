/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is left to do to a socket when its connection has left: a reader is to be signalled, or what a sender was lent taken back. sidestep_arm does it. What that has
 * not done, for the kernel is too old or the namespace out of reach, the daemon is told, and does with a borrowed descriptor after the visit. That it comes again shows that it has; another daemon may
 * have to do it once more, for nobody knows how far the first one came.
 */
#pragma once

#include "choose.bpf.h"
#include "record.bpf.h"
#include "socket.bpf.h"

/* It runs after each visit that asks for it, and is over in milliseconds where there are not very many sockets. */
#define LONGEST_ERRAND_NS (250 * 1000 * 1000ULL)

/* Which daemon visits: a number that differs from that of the one before. */
static __always_inline __u8 daemon_number(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	__u64 started = BPF_CORE_READ(task, group_leader, start_time);

	if (census.daemon != started) {
		census.daemon = started;
		census.daemons++;
	}
	return census.daemons;
}

static __always_inline __u32 told_of(struct ss_connection *conn, __u32 side)
{
	return conn->told >> (side & 1) * SS_TOUCH_BITS & SS_TOUCHES;
}

static __always_inline void forget_told(struct ss_connection *conn, __u32 side)
{
	conn->told &= ~(SS_TOUCHES << (side & 1) * SS_TOUCH_BITS);
}

static __always_inline void ask_once_more(struct ss_connection *conn, __u32 side)
{
	__u32 told = told_of(conn, side), end = 1 << (side & 1);

	if (told & SS_WAKE)
		add_to(&conn->to_wake, end);
	if (told & SS_LENT) {
		conn->direction[side & 1].lent |= told & SS_LENT;
		add_to(&conn->to_take_back, end);
	}
	forget_told(conn, side);
}

/* What it was told of this end at an earlier visit is done, if it is still the same daemon. */
static __always_inline void look_what_was_done(struct ss_connection *conn, __u32 side)
{
	if (conn->told_to == daemon_number()) {
		forget_told(conn, side);
		return;
	}
	ask_once_more(conn, SS_CLIENT);
	ask_once_more(conn, SS_SERVER);
}

/* False when there is no room: then the same socket is visited again, with an empty buffer. */
static __always_inline bool write_touch(struct seq_file *seq, struct ss_connection *conn, __u32 side, __u32 wanted)
{
	struct ss_end *end = &conn->end[side & 1];
	struct file *file = file_of((void *)conn->sock[side & 1]);
	struct ss_touch touch = {
		.cookie = end->cookie,
		.pid = end->pid,
		.wanted = wanted,
		.lowat = conn->direction[side & 1].lowat_before,
	};

	if (file)
		touch.inode = BPF_CORE_READ(file, f_inode, i_ino);
	return !bpf_seq_write(seq, &touch, sizeof(touch));
}

/* Asked for no more before it looks: what is asked for meanwhile is seen at the next visit. */
static __always_inline void tell_daemon(struct seq_file *seq, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u32 end = 1 << (side & 1), wanted = 0;

	if (take_from(&conn->to_wake, end) && queued_bytes((void *)conn->sock[side & 1]))
		wanted |= SS_WAKE;
	if (state_of(conn) == SS_STATE_STACK && take_from(&conn->to_take_back, end))
		wanted |= direction->lent;
	if (!wanted)
		return;
	direction->lent &= ~wanted;
	conn->told |= wanted << (side & 1) * SS_TOUCH_BITS;
	conn->told_to = daemon_number();
	if (!write_touch(seq, conn, side, wanted))
		ask_once_more(conn, side);
}

/* Who is closed needs nothing any more. */
static __always_inline void forget_closed(struct ss_connection *conn)
{
	take_from(&conn->to_wake, conn->closed);
	take_from(&conn->to_take_back, conn->closed);
	if (conn->closed & 1 << SS_CLIENT)
		forget_told(conn, SS_CLIENT);
	if (conn->closed & 1 << SS_SERVER)
		forget_told(conn, SS_SERVER);
}

static __always_inline bool is_unsettled(struct ss_connection *conn)
{
	return conn->to_wake | conn->to_take_back | conn->told;
}

static __always_inline void settle(struct seq_file *seq, struct ss_connection *conn, __u32 side)
{
	__u64 now;

	forget_closed(conn);
	if (conn->told)
		look_what_was_done(conn, side);
	if (!(conn->to_wake | conn->to_take_back)) {
		conn->errand_since = 0;
		return;
	}
	now = bpf_ktime_get_ns();
	if (!conn->errand_since)
		conn->errand_since = now;
	if (now - conn->errand_since < LONGEST_ERRAND_NS) {
		census.errands++;
		census.pressing++;
		return;
	}
	tell_daemon(seq, conn, side);
}
