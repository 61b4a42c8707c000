/* SPDX-License-Identifier: GPL-2.0 */
/* What is lent to a sender that TCP carries although its socket is enrolled, and taken back. */
#pragma once

#include "choose.bpf.h"
#include "corking.bpf.h"
#include "record.bpf.h"

/* TCP takes a stream that has this threshold for one at its beginning, and those are not thin. */
#define TCP_INFINITE_SSTHRESH 0x7fffffff
#define NO_CLAMP 0xffffffff

/* `socket` is what the kernel takes for one in the calling program: a context of sock_ops, or a socket that an iterator visits. */
static __always_inline int tcp_option_of(void *socket, int option)
{
	int value = 0;

	bpf_getsockopt(socket, SOL_TCP, option, &value, sizeof(value));
	return value;
}

static __always_inline bool set_option(void *socket, int level, int option, int value)
{
	return !bpf_setsockopt(socket, level, option, &value, sizeof(value));
}

/*
 * A stream that is enrolled and goes by TCP, until its reader has caught up, must not fill TCP's buffers first: with them full its reader would
 * hardly ever catch up. A low-water mark of one byte has the sender wait as soon as TCP cannot pass everything on; one that was seen to say that more is to come, as soon as TCP has two
 * segments: there is room, to who waits for it, below half of the mark.
 */
static __always_inline void lend_low_water_mark(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	__u32 wanted = direction->corks ? CORKED_LOWAT : PLUGGED_LOWAT, before;

	if (direction->streak <= GLANCE_AT_TRIAL || is_gathered(direction, tp))
		return;
	before = BPF_CORE_READ(tp, notsent_lowat);
	if (direction->lent & SS_LENT_LOWAT) {
		if (is_lent_mark(before) && before != wanted)
			set_option(ops, SOL_TCP, TCP_NOTSENT_LOWAT, wanted);
		return;
	}
	/* Its program's own, or one that the daemon is about to take back. */
	if (is_lent_mark(before))
		return;
	direction->lowat_before = before;
	if (set_option(ops, SOL_TCP, TCP_NOTSENT_LOWAT, wanted))
		add_to(&direction->lent, SS_LENT_LOWAT);
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

	/* BBR never sets one. The same option limits the window: with a number that is no limit, where there was none. It stays. */
	if (BPF_CORE_READ(tp, snd_ssthresh) >= TCP_INFINITE_SSTHRESH && BPF_CORE_READ(tp, snd_cwnd_clamp) == NO_CLAMP)
		set_option(ops, SOL_TCP, TCP_BPF_SNDCWND_CLAMP, TCP_INFINITE_SSTHRESH - 1);
	if (BPF_CORE_READ_BITFIELD_PROBED(tp, thin_lto))
		return;
	if (set_option(ops, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1))
		add_to(&direction->lent, SS_LENT_LINEAR);
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

	if (!has_user_timeout(tp))
		set_option(ops, SOL_TCP, TCP_USER_TIMEOUT, PATIENCE_WITH_CLOSED_MS);
}

/* The shortest that there is. */
#define SILENCE_S 1
#define LOST_PROBES 127
/* So many in a row that were not answered: somebody drops them. It is not to find out whether the other end is there. */
#define MOST_UNANSWERED 2
/* What a setsockopt takes at most. Who has more, by the sysctls, could not be given it back. */
#define MOST_SECONDS 32767

/*
 * Not one that its program has set itself, whose probes ours would be counted with; nor where TCP_USER_TIMEOUT has the kernel reset a connection at a second probe if the answer to the first one is
 * late. A closed socket has its end to tell the reader, and the kernel has the same timer for ends of its own then.
 */
static __always_inline bool can_be_lent_keepalive(struct tcp_sock *tp)
{
	return !is_orphan(tp) && !has_socket_flag(tp, SOCK_KEEPOPEN) && !has_user_timeout(tp);
}

/* So that its reader is looked at without a daemon, too: remind.bpf.h. Or so that one segment passes: refresh.bpf.h. */
static __always_inline void lend_keepalive(void *socket, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	int idle, interval, probes;

	if (direction->lent & SS_LENT_KEEPALIVE || !can_be_lent_keepalive(tp))
		return;
	idle = tcp_option_of(socket, TCP_KEEPIDLE);
	interval = tcp_option_of(socket, TCP_KEEPINTVL);
	probes = tcp_option_of(socket, TCP_KEEPCNT);
	if (idle < 1 || idle > MOST_SECONDS || interval < 1 || interval > MOST_SECONDS || probes < 1 || probes > LOST_PROBES)
		return;
	direction->keepalive.idle = idle;
	direction->keepalive.interval = interval;
	direction->keepalive.probes = probes;
	add_to(&direction->lent, SS_LENT_KEEPALIVE);
	set_option(socket, SOL_TCP, TCP_KEEPINTVL, SILENCE_S);
	set_option(socket, SOL_TCP, TCP_KEEPCNT, LOST_PROBES);
	set_option(socket, SOL_TCP, TCP_KEEPIDLE, SILENCE_S);
	set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* True where its program has not set another number meanwhile. */
static __always_inline bool give_back(void *socket, int option, int lent, int before)
{
	if (tcp_option_of(socket, option) != lent)
		return false;
	set_option(socket, SOL_TCP, option, before);
	return true;
}

static __always_inline void take_keepalive_back(void *socket, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct ss_keepalive *before = &direction->keepalive;

	take_from(&direction->lent, SS_LENT_KEEPALIVE);
	if (is_orphan((void *)conn->sock[side & 1]))
		return;
	give_back(socket, TCP_KEEPINTVL, SILENCE_S, before->interval);
	give_back(socket, TCP_KEEPCNT, LOST_PROBES, before->probes);
	if (give_back(socket, TCP_KEEPIDLE, SILENCE_S, before->idle))
		set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 0);
}

/*
 * At the first segment after leaving, and at the end: a socket that is disconnected and used again keeps its options. Who sends nothing more after leaving is
 * visited: note_lent. What its program has set meanwhile stays.
 */
static __always_inline void take_back(void *socket, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *tp = (void *)conn->sock[side & 1];

	if (direction->lent & SS_LENT_LOWAT && is_lent_mark(BPF_CORE_READ(tp, notsent_lowat)) &&
	    !set_option(socket, SOL_TCP, TCP_NOTSENT_LOWAT, direction->lowat_before))
		return;
	if (direction->lent & SS_LENT_LINEAR && !set_option(socket, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, 0))
		return;
	if (direction->lent & SS_LENT_KEEPALIVE)
		take_keepalive_back(socket, conn, side);
	take_from(&direction->lent, SS_LENT);
	take_from(&conn->to_take_back, 1 << (side & 1));
}
