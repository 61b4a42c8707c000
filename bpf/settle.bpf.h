/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is left to do to a socket when its connection has left: a reader is to be signalled, or what a sender was lent taken back. sidestep_arm does it. What that has
 * not done, for the kernel is too old or the namespace out of reach, the daemon is told, and does with a borrowed descriptor when the visit is over. So a later visit by
 * the same daemon finds it done; another daemon has to do it once more, for nobody knows how far the first one came.
 */
#pragma once

#include "leave.bpf.h"
#include "lend.bpf.h"
#include "record.bpf.h"
#include "socket.bpf.h"

/* It runs after each visit that asks for it, and is over in milliseconds where there are not very many sockets. */
#define LONGEST_ERRAND_NS (250 * 1000 * 1000ULL)

/* The process that visits, and with which of its visits it was first seen here. */
static __always_inline void note_daemon(__u64 session)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	__u64 began = BPF_CORE_READ(task, group_leader, start_time);

	if (census.daemon == began)
		return;
	census.daemon = began;
	census.daemon_since = session;
}

static __always_inline bool was_told_by_this_daemon(struct ss_direction *direction, __u64 session)
{
	note_daemon(session);
	return (__s32)(direction->told_in - (__u32)census.daemon_since) >= 0;
}

/*
 * It may have found no process with a descriptor: then the next send of the socket, or its end, gives back what it still has. Forgotten first and looked at then: whoever
 * lends it once more meanwhile does it the other way round, and nothing that is lent is forgotten.
 */
static __always_inline void forget_what_was_taken_back(struct ss_connection *conn, __u32 side)
{
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	__u32 *lent = &conn->direction[side & 1].lent, kept = 0, before;

	if (state_of(conn) != SS_STATE_STACK)
		return;
	before = take_from(lent, SS_LENT);
	full_barrier();
	if (is_lent_mark(BPF_CORE_READ(tp, notsent_lowat)))
		kept |= SS_LENT_LOWAT;
	if (BPF_CORE_READ_BITFIELD_PROBED(tp, thin_lto))
		kept |= SS_LENT_LINEAR;
	if (has_socket_flag(tp, SOCK_KEEPOPEN))
		kept |= SS_LENT_KEEPALIVE;
	if (before & kept)
		add_to(lent, before & kept);
}

/* Of an earlier visit. */
static __always_inline void look_what_was_done(struct ss_connection *conn, __u32 side, __u64 session)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u32 told = direction->told, end = 1 << (side & 1);

	if (!told || direction->told_in == (__u32)session)
		return;
	direction->told = 0;
	if (was_told_by_this_daemon(direction, session)) {
		forget_what_was_taken_back(conn, side);
		return;
	}
	conn->errand_since = 0;
	if (told & SS_WAKE)
		add_to(&conn->to_wake, end);
	/* Who has joined again gives it back when it leaves. */
	if (direction->lent && state_of(conn) == SS_STATE_STACK)
		add_to(&conn->to_take_back, end);
}

/* False when there is no room, for any: then the same socket is visited again, with an empty buffer. */
static __always_inline bool write_wakes(struct seq_file *seq, struct ss_connection *conn, __u32 side, __u32 wanted)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct ss_end *end = &conn->end[side & 1];
	struct file *file = file_of((void *)conn->sock[side & 1]);
	struct ss_wake wakes[2] = {};
	bool both = wanted & SS_WAKE && wanted & SS_LENT;

	wakes[0].cookie = end->cookie;
	wakes[0].pid = end->pid;
	wakes[0].lent = wanted & SS_LENT;
	wakes[0].lowat = direction->lowat_before;
	wakes[0].keepalive = direction->keepalive;
	if (file)
		wakes[0].inode = BPF_CORE_READ(file, f_inode, i_ino);
	wakes[1] = wakes[0];
	wakes[1].lent = 0;
	return !bpf_seq_write(seq, wakes, both ? sizeof(wakes) : sizeof(wakes[0]));
}

/*
 * Not while a call is under way, which may stand still with the socket locked: the daemon would stand still with it. The masks are cleared before it looks: what is
 * asked for meanwhile is seen at the next visit.
 */
static __always_inline void tell_daemon(struct bpf_iter_meta *meta, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	__u32 end = 1 << (side & 1), wanted = 0;

	if (in_a_call(tp))
		return;
	if (take_from(&conn->to_wake, end) && queued_bytes(tp))
		wanted |= SS_WAKE;
	if (state_of(conn) == SS_STATE_STACK && take_from(&conn->to_take_back, end))
		wanted |= direction->lent;
	if (!wanted)
		return;
	if (write_wakes(meta->seq, conn, side, wanted)) {
		note_daemon(meta->session_id);
		direction->told = wanted;
		direction->told_in = meta->session_id;
		return;
	}
	if (wanted & SS_WAKE)
		add_to(&conn->to_wake, end);
	if (wanted & SS_LENT)
		add_to(&conn->to_take_back, end);
}

/* Who is closed needs nothing any more. */
static __always_inline void forget_closed(struct ss_connection *conn)
{
	take_from(&conn->to_wake, conn->closed);
	take_from(&conn->to_take_back, conn->closed);
	if (conn->closed & 1 << SS_CLIENT)
		conn->direction[SS_CLIENT].told = 0;
	if (conn->closed & 1 << SS_SERVER)
		conn->direction[SS_SERVER].told = 0;
}

static __always_inline bool is_unsettled(struct ss_connection *conn)
{
	return conn->to_wake | conn->to_take_back | conn->direction[SS_CLIENT].told | conn->direction[SS_SERVER].told;
}

static __always_inline void settle(struct bpf_iter_meta *meta, struct ss_connection *conn, __u32 side)
{
	__u64 now;

	if (!is_unsettled(conn)) {
		conn->errand_since = 0;
		return;
	}
	forget_closed(conn);
	look_what_was_done(conn, SS_CLIENT, meta->session_id);
	look_what_was_done(conn, SS_SERVER, meta->session_id);
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
	tell_daemon(meta, conn, side);
}
