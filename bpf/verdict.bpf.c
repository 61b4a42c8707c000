// SPDX-License-Identifier: GPL-2.0
/* sk_msg: runs on every send of an enrolled socket, with its lock held, and says which path the message takes. */
#include "choose.bpf.h"
#include "corking.bpf.h"
#include "overflow.bpf.h"
#include "record.bpf.h"
#include "room.bpf.h"
#include "short-cut.bpf.h"
#include "under-way.bpf.h"

/* A connection that joins in mid-conversation changes over at the first send that finds all earlier bytes read. */
#define MOST_PASSED 64
/*
 * A stream may have filled the buffers of both ends before its reader has a turn, or find its reader behind; among many others its turn may be long in
 * coming. But it pays for every moment in which TCP carries it between enrolled sockets, with its low-water mark lent: some congestion
 * controls (BBR) take that for a slow path. Who has become slower must not wait for long.
 */
#define LONGEST_WAIT_NS (1000 * 1000 * 1000ULL)
#define LONGEST_SLOW_WAIT_NS (50 * 1000 * 1000ULL)
/*
 * Who is to leave goes on redirecting until nothing waits. Where several requests are always under way and are taken one by one (a broker's prefetch, a window of HTTP/2) that moment never
 * comes: after so many messages what follows goes by TCP, as after a full queue.
 */
#define MOST_LINGERING 256

/* A message goes by TCP although the connection has not parted: from here on this direction stays there, for order. */
RARE int to_stack(struct ss_connection *conn, __u32 side)
{
	await_others(conn, side, 1);
	conn->direction[side & 1].overflowed = 1;
	return SK_PASS;
}

/* TCP carries it until the reader has caught up. */
RARE void spill_in_order(struct ss_connection *conn, __u32 side)
{
	await_others(conn, side, 1);
	spill(&conn->direction[side & 1]);
}

RARE void announce(struct ss_connection *conn)
{
	conn->announced = 1;
	report(SS_EVENT_BYPASSED, conn, SS_REASON_NONE);
	report_line("connection %llu sends its first message on the bypass", conn->id);
}

/* Not where the file blocks; nor for io_uring's threads, which ask it to wait although the file does not block. */
static __always_inline bool cannot_sleep(struct tcp_sock *own)
{
	return own->inet_conn.icsk_inet.sk.sk_socket->file->f_flags & O_NONBLOCK &&
	       !(bpf_get_current_task_btf()->flags & (PF_IO_WORKER | PF_KTHREAD));
}

/*
 * TCP carries a message of a stream until its reader has caught up, which the next one is to find out. Of a large message TCP may take a part; the kernel leaves the rest to the program, and keeps the answer
 * for what that sends next. So much more would go by TCP unasked, after each pause, and the reader would hardly ever be seen to have caught up: docs/decisions/use-up-the-answer.md. Redirected out of its own socket, a message goes by
 * TCP all the same, and the answer is used up. The lock is let go of before that: not while another send waits for it. Nor where this one may sleep, for that would be one more call that nobody sees
 * through (calls_inside); nor to a reader that has closed, whose reset the push would take for its own, and not leave to the next send.
 */
RARE int carry(struct sk_msg_md *msg, struct ss_connection *conn, __u32 side, struct tcp_sock *own, struct tcp_sock *peer)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u64 itself = conn->cookie[side & 1];

	if (msg->size < LARGE_BYTES || psock_calls(own) > 1 || !cannot_sleep(own) ||
	    PEEK(peer, inet_conn.icsk_inet.sk.__sk_common.skc_state) != TCP_ESTABLISHED)
		return SK_PASS;
	if (bpf_msg_redirect_hash(msg, &socks, &itself, 0) == SK_PASS) {
		direction->passing = 1;
		direction->passing_at = own->write_seq;
	}
	return SK_PASS;
}

/* Another thread's message has had this answer, and TCP has not been given it: this one has come in while the lock was free. What TCP has brought is read, and the reader has not caught up. */
RARE bool is_being_passed(struct ss_direction *direction, struct tcp_sock *own)
{
	return direction->passing && own->write_seq == direction->passing_at && psock_calls(own) > 1;
}

/* All that TCP has been given is read: was_overtaken. */
static __always_inline void begin_redirecting(struct ss_direction *direction, struct tcp_sock *own)
{
	direction->ordered = 1;
	direction->passing = 0;
	direction->ordered_at = own->write_seq;
}

static __always_inline int redirect(struct sk_msg_md *msg, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u64 peer = conn->cookie[!(side & 1)];
	struct ss_totals *count;

	/* The answer is SK_PASS in any case: without a target it means TCP, where SK_DROP would fail the send. */
	if (unlikely(bpf_msg_redirect_hash(msg, &socks, &peer, BPF_F_INGRESS) != SK_PASS)) {
		begin_leaving(conn, SS_REASON_CLOSING);
		return to_stack(conn, side);
	}
	direction->bypass_messages++;
	direction->bypass_bytes += msg->size;
	count = totals_here();
	if (likely(count)) {
		count->bypass_messages++;
		count->bypass_bytes += msg->size;
	}
	if (unlikely(!conn->announced))
		announce(conn);
	return SK_PASS;
}

/* Each message of one end that the other end looks at costs both a fetch of the line that it is counted in. */
#define LOOK_AFTER GLANCE_AT_TRIAL

static __always_inline void count_streak(struct ss_connection *conn, __u32 side, struct tcp_sock *own)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u32 answered;

	direction->sent++;
	if (++direction->streak < LOOK_AFTER)
		return;
	answered = *(volatile __u32 *)&conn->direction[!(side & 1)].sent;
	if (answered == direction->answered) {
		if (unlikely(direction->streak == ONE_WAY_AFTER))
			end_crossings(conn);
		return;
	}
	direction->answered = answered;
	note_crossing(direction, queued_bytes(own));
	direction->streak = 0;
	if (conn->trial && !streams_both_ways(conn))
		conn->trial = SS_TRIAL_NONE;
}

/* Who has not sent for some messages cannot vouch for itself: it is looked at with the second one, and at each from the eighth on. */
static __always_inline bool looks_over(__u32 streak)
{
	return streak >= LOOK_AFTER || streak == 2 || !streak;
}

/*
 * Why the connection should not take the bypass any longer, or SS_REASON_NONE. Each end vouches for itself whenever it sends, by
 * plain loads that cost nothing. Into the other socket we look when it has not sent for some messages.
 */
static __always_inline __u32 second_thought(struct ss_connection *conn, __u32 side, struct tcp_sock *own, __u32 bytes)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u32 streak = direction->streak, kept;

	if (unlikely(config.kill))
		return SS_REASON_SWITCHED_OFF;
	kept = kept_on_stack(conn);
	if (unlikely(kept))
		return kept;
	if ((streak > (conn->trial ? GLANCE_AT_TRIAL : config.stream_after << conn->patience) || sends_against_the_stream(direction)) &&
	    tcp_is_faster(conn, direction, own, bytes))
		return SS_REASON_STREAMING;
	if (!config.allow_blocking && (!(own->inet_conn.icsk_inet.sk.sk_socket->file->f_flags & O_NONBLOCK) ||
				       (looks_over(streak) && blocks(conn, !(side & 1)))))
		return SS_REASON_BLOCKING_READER;
	return own->inet_conn.icsk_inet.sk.sk_rcvlowat > 1 ? SS_REASON_LOW_WATER_MARK : SS_REASON_NONE;
}

/*
 * What must not be redirected under any circumstances, not even while leaving: bytes that a protocol on top of the socket
 * is to transform, at either end; and sends that TCP would refuse or reset, because this end or the other has shut down.
 */
static __always_inline __u32 must_not_redirect(struct tcp_sock *own, struct tcp_sock *peer)
{
	__u8 shutdown = own->inet_conn.icsk_inet.sk.sk_shutdown;

	if (unlikely(shutdown & SEND_SHUTDOWN))
		return SS_REASON_CLOSING;
	if (unlikely(shutdown & RCV_SHUTDOWN) && PEEK(peer, inet_conn.icsk_inet.sk.sk_shutdown) & RCV_SHUTDOWN)
		return SS_REASON_CLOSING;
	if (unlikely(own->inet_conn.icsk_ulp_ops || PEEK(peer, inet_conn.icsk_ulp_ops)))
		return SS_REASON_SPECIAL_SOCKET;
	if (unlikely(own->inet_conn.icsk_inet.sk.__sk_common.skc_flags &
		     (1UL << bpf_core_enum_value(enum sock_flags, SOCK_ZEROCOPY))))
		return SS_REASON_ZERO_COPY_SENDER;
	return SS_REASON_NONE;
}

static __always_inline bool waits_too_long(struct ss_direction *direction, __u32 bytes)
{
	__u64 now = bpf_ktime_get_ns(), waited;

	if (!direction->waits_since) {
		direction->waits_since = now;
		direction->waited_bytes = 0;
	}
	direction->waited_bytes += bytes;
	waited = now - direction->waits_since;
	/* Who shares its processor with many others may have had its last turn before that. */
	if (waited < LONGEST_SLOW_WAIT_NS || (direction->pauses & SS_TAKES_TURNS && waited < LONGEST_WAIT_NS))
		return false;
	/* Bytes a millisecond. A rate of 0 was never measured: a stream that is not in a hurry, or whose writes are large. */
	return waited > LONGEST_WAIT_NS || direction->waited_bytes * 1000 / (waited / 1000) < direction->stack_rate / 2;
}

/*
 * Earlier bytes that TCP carried are unread: whether this message goes by TCP, too, or the connection had better leave, and why. A few messages of
 * a conversation, a moment of a stream.
 */
RARE __u32 tired_of_waiting(struct ss_connection *conn, struct ss_direction *direction, __u32 bytes)
{
	if (spill_of(direction))
		return waits_too_long(direction, bytes) ? SS_REASON_QUEUE_FULL : SS_REASON_NONE;
	if (!conn->late || conn->strict)
		return SS_REASON_BYTES_ON_STACK;
	if (conn->trial || sends_against_the_stream(direction) ? waits_too_long(direction, bytes) : ++direction->passed >= MOST_PASSED)
		return SS_REASON_BYTES_ON_STACK;
	return SS_REASON_NONE;
}

/* Before the first redirect of a direction, and the first one after TCP has carried it: what its reader has turned out to be meanwhile. For may_spill's reason it must not block. */
RARE __u32 misfit_at_last(struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u32 reason = bad_habit(&conn->end[!(side & 1)]);

	if (!reason && (conn->late || spill_of(direction)) && blocks(conn, !(side & 1)))
		return SS_REASON_BLOCKING_READER;
	return reason;
}

SEC("sk_msg")
int sidestep_verdict(struct sk_msg_md *msg)
{
	struct ss_direction *direction;
	struct ss_connection *conn;
	struct tcp_sock *own, *me, *peer;
	__u32 state, side, reason, full;
	__u64 *peers;
	struct bpf_sock *sk = msg->sk;
	bool caught_up;

	if (unlikely(!sk))
		return SK_PASS;
	own = can_cast() ? cast(sk) : bpf_skc_to_tcp_sock(sk);
	if (unlikely(!own))
		return SK_PASS;
	conn = record_of_sender(sk, own, &side);
	if (unlikely(!conn))
		return SK_PASS;
	side &= 1;
	direction = &conn->direction[side];
	me = (void *)conn->sock[side];
	peers = &conn->sock[!side];

	/* Our psock was referenced before, and whoever looks through the gate must see that: leave.bpf.h. */
	full_barrier();
	state = state_after_gate(conn);
	if (unlikely(state == SS_STATE_GATE))
		return to_stack(conn, side);
	if (unlikely(state != SS_STATE_BYPASS) && state != SS_STATE_LEAVING)
		return SK_PASS;
	/* Not before: the server's comes with that state. */
	peer = (void *)*(volatile __u64 *)peers;

	note_process_of(conn, side);
	count_streak(conn, side, own);
	weigh(&direction->mean, msg->size);
	reason = must_not_redirect(own, peer);
	full = reason ? SS_REASON_NONE : no_room(conn, side, own, peer, msg->size);
	if (unlikely(full) && follows_another(conn, side, full))
		full = SS_REASON_NONE;
	if (unlikely(full) && (full != SS_REASON_QUEUE_FULL || !may_spill(conn, side, state)))
		reason = full;
	if (!reason && unlikely(was_overtaken(direction, own->write_seq))) {
		if (may_spill(conn, side, state))
			spill_in_order(conn, side);
		else
			reason = SS_REASON_BYTES_ON_STACK;
	}
	/* Its reader may have joined before it read anything. Now it has, and it has shown what with. */
	caught_up = direction->ordered || (all_read(me, peer) && !is_being_passed(direction, own));
	if (!reason && unlikely(!direction->ordered) && caught_up)
		reason = misfit_at_last(conn, side);
	if (unlikely(reason)) {
		begin_leaving(conn, reason);
		try_to_part(conn, side, 1);
		return to_stack(conn, side);
	}
	if (likely(state == SS_STATE_BYPASS)) {
		reason = second_thought(conn, side, own, msg->size);
		if (!reason && unlikely(full))
			spill_in_order(conn, side);
		if (!reason && unlikely(!direction->ordered)) {
			if (!full && (caught_up || (streams(conn, side) && !is_being_passed(direction, own) && await_all_read(direction, me, peer) && !misfit_at_last(conn, side)))) {
				begin_redirecting(direction, own);
				direction->waits_since = 0;
				direction->carried_at = 0;
				/* What it got until now, it got from TCP. */
				if (!spill_of(direction))
					measure_afresh(direction);
				end_spill(direction);
			} else {
				if (keeps_back(own))
					direction->corks = 1;
				reason = tired_of_waiting(conn, direction, msg->size);
				if (!reason)
					return carry(msg, conn, side, own, peer);
			}
		}
		if (likely(!reason))
			return redirect(msg, conn, side);
		begin_leaving(conn, reason);
	}
	if (try_to_part(conn, side, 1))
		return SK_PASS;
	if (direction->overflowed || full || !caught_up || ++direction->lingering > MOST_LINGERING)
		return to_stack(conn, side);
	state = state_after_gate(conn);
	if (state == SS_STATE_GATE)
		return to_stack(conn, side);
	if (state != SS_STATE_LEAVING)
		return SK_PASS;
	/* The other end's direction made it leave before this one sent anything, or while TCP carried it. */
	if (unlikely(!direction->ordered))
		begin_redirecting(direction, own);
	return redirect(msg, conn, side);
}
