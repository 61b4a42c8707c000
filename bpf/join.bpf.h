/* SPDX-License-Identifier: GPL-2.0 */
/* Into the map: what must hold before two sockets may be enrolled. */
#pragma once

#include "choose.bpf.h"
#include "examine.bpf.h"
#include "leave.bpf.h"
#include "memory.bpf.h"
#include "rule.bpf.h"

/* splice never sees redirected bytes, while poll says that there are some. */
static __always_inline bool splices(struct ss_end *end)
{
	struct ss_executable executable = end->executable;

	return bpf_map_lookup_elem(&splicers, &executable);
}

static __always_inline bool asks_fionread(struct ss_end *end)
{
	__u32 pid = end->pid;

	return !pid || bpf_map_lookup_elem(&fionread_askers, &pid);
}

/* What the program at this end is known to do that it cannot do on the bypass, or SS_REASON_NONE. */
static __always_inline __u32 bad_habit(struct ss_end *end)
{
	/* Its listener is older than we are, and it has not sent yet: nothing is known of it. */
	if (!end->pid)
		return SS_REASON_WARMING_UP;
	if (splices(end))
		return SS_REASON_SPLICING_READER;
	/* Kernels before 2026 answer FIONREAD with 0 for redirected bytes. */
	if (!bpf_core_field_exists(struct sk_psock, msg_tot_len) && asks_fionread(end))
		return SS_REASON_ASKING_READER;
	return SS_REASON_NONE;
}

/* In a row, before a connection is given up that has shown turns enough: transmit.bpf.h. */
#define MOST_LOOKS_AT_OBSTACLE 10

#define FTP 21
#define TELNET 23
#define RLOGIN 513

/* Protocols that interrupt with MSG_OOB. On the bypass an urgent byte would arrive as one of many; that it is one, no program can see. */
static __always_inline bool sends_urgent_bytes(struct ss_connection *conn)
{
	__u16 port = conn->end[SS_SERVER].port;

	return port == FTP || port == TELNET || port == RLOGIN;
}

/*
 * A redirect finds its target by the socket's cookie, and the socket itself when it comes to it. Both are the same in the socket's next life: a
 * send of its old peer that stood still meanwhile would end there.
 */
static __always_inline bool is_used_again(__u64 connection)
{
	return connection >> SS_LIVES_SHIFT;
}

/* Neither end has closed or half-closed it. */
static __always_inline bool is_open(struct ss_connection *conn)
{
	struct tcp_sock *client = (void *)conn->sock[SS_CLIENT], *server = (void *)conn->sock[SS_SERVER];

	return !(conn->closed & SS_BOTH_ENDS) && BPF_CORE_READ(client, inet_conn.icsk_inet.sk.__sk_common.skc_state) == TCP_ESTABLISHED &&
	       BPF_CORE_READ(server, inet_conn.icsk_inet.sk.__sk_common.skc_state) == TCP_ESTABLISHED;
}

/* Why this connection cannot take the bypass as it is now, or SS_REASON_NONE. */
static __always_inline __u32 obstacle(struct ss_connection *conn, bool may_block)
{
	struct tcp_sock *client = (void *)conn->sock[SS_CLIENT], *server = (void *)conn->sock[SS_SERVER];
	__u32 reason;

	if (config.kill)
		return SS_REASON_SWITCHED_OFF;
	if (!server || !client)
		return SS_REASON_NOT_PAIRED;
	if (!is_open(conn))
		return SS_REASON_CLOSING;
	reason = kept_on_stack(conn);
	if (!reason)
		reason = bad_habit(&conn->end[SS_CLIENT]);
	if (!reason)
		reason = bad_habit(&conn->end[SS_SERVER]);
	if (!reason && (is_unreadable(conn, SS_CLIENT) || is_unreadable(conn, SS_SERVER)))
		reason = SS_REASON_UNREADABLE_PROGRAM;
	if (reason)
		return reason;
	if (sends_urgent_bytes(conn) || is_used_again(conn->id))
		return SS_REASON_SPECIAL_SOCKET;
	/* Who fell asleep before its file became non-blocking still sleeps in TCP's recv, and would not hear of redirected bytes. */
	if (!may_block && (sleepers(client) || sleepers(server)))
		return SS_REASON_BLOCKING_READER;
	conn->file[SS_CLIENT] = (__u64)file_of(client);
	conn->file[SS_SERVER] = (__u64)file_of(server);
	reason = misfit(client, (void *)conn->file[SS_CLIENT], may_block);
	if (!reason)
		reason = misfit(server, (void *)conn->file[SS_SERVER], may_block);
	if (reason)
		return reason;
	return memory_is_short(client, 0) || memory_is_short(server, 0) ? SS_REASON_SHORT_OF_MEMORY : SS_REASON_NONE;
}

/* Every byte that was sent to this end has been read: enrolling it hides nothing. */
static __always_inline bool nothing_under_way_to(struct ss_connection *conn, __u32 side)
{
	struct tcp_sock *me = (void *)conn->sock[side & 1], *peer = (void *)conn->sock[!(side & 1)];

	return !queued_bytes(me) && all_read(peer, me);
}

/* Nothing is under way in either direction, and nobody is inside a send that began before its socket was enrolled. */
static __always_inline bool quiet_on_stack(struct ss_connection *conn)
{
	return !in_a_call((void *)conn->sock[SS_CLIENT]) && !in_a_call((void *)conn->sock[SS_SERVER]) &&
	       nothing_under_way_to(conn, SS_CLIENT) && nothing_under_way_to(conn, SS_SERVER);
}

/*
 * Several kernels answer FIONREAD on an enrolled socket with 0 for bytes that came by TCP. A program that asks and believes
 * it waits for ever; so its connections join only at a moment at which nothing is under way, while all others may
 * join in mid-conversation: reads find the bytes of both paths, in order.
 */
static __always_inline bool must_be_strict(struct ss_connection *conn)
{
	return asks_fionread(&conn->end[SS_CLIENT]) || asks_fionread(&conn->end[SS_SERVER]);
}

static __always_inline void start_afresh(struct ss_direction *direction, struct ss_direction *other)
{
	direction->answered = other->sent;
	direction->passed = 0;
	direction->room = 0;
	direction->waits_since = 0;
	direction->streak = 0;
	direction->mean = 0;
	direction->beyond = 0;
	end_spill(direction);
	direction->bypass_rate = 0;
	direction->tried_rate = 0;
	direction->fell_short = 0;
	direction->lingering = 0;
	direction->passing = 0;
	measure_afresh(direction);
	direction->ordered = 0;
	direction->overflowed = 0;
}

/* All that a stay begins with is there before it begins: others act on the state. */
static __always_inline bool complete_joining(struct ss_connection *conn)
{
	__u64 joined_at = conn->joined_at, joined_with = conn->joined_with;
	__u32 reason = conn->reason;

	conn->joined_at = bpf_ktime_get_ns();
	conn->joined_with = bypassed_messages(conn);
	conn->announced = 0;
	conn->won = 0;
	conn->reason = SS_REASON_NONE;
	/* What it still has it keeps until it leaves. */
	conn->to_take_back = 0;
	conn->to_refresh = 0;
	if (change_state(conn, SS_STATE_JOINING, SS_STATE_BYPASS)) {
		conn->vain_looks = 0;
		return true;
	}
	conn->joined_at = joined_at;
	conn->joined_with = joined_with;
	conn->reason = reason;
	note_lent(conn);
	return false;
}

/* What this end sends, or is to try the bypass. */
static __always_inline bool streams(struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];

	return conn->trial || direction->streak > config.stream_after || sends_against_the_stream(direction);
}

static __always_inline bool is_streaming(struct ss_connection *conn)
{
	return streams(conn, SS_CLIENT) || streams(conn, SS_SERVER);
}

/* What to say of a connection that stays on the stack: what stands in its way, or else what it is like. */
static __always_inline void explain(struct ss_connection *conn, __u32 obstacle)
{
	if (obstacle && obstacle != SS_REASON_WARMING_UP)
		conn->reason = obstacle;
	else if (is_streaming(conn) && !conn->users_awaited)
		conn->reason = SS_REASON_STREAMING;
	else if (conn->reason != SS_REASON_STREAMING && conn->reason != SS_REASON_QUEUE_FULL &&
		 conn->reason != SS_REASON_REFUSED_BY_KERNEL && conn->reason != SS_REASON_FIXED_BUFFER)
		conn->reason = SS_REASON_WARMING_UP;
}
