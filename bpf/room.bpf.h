/* SPDX-License-Identifier: GPL-2.0 */
/* How much may wait at a reader before TCP takes over. */
#pragma once

#include "await.bpf.h"
#include "join.bpf.h"
#include "memory.bpf.h"

/* Bytes after which it is looked again how much the reader can take: its SO_RCVBUF or the cap may have become smaller. */
#define MOST_ROOM 65536
/* And messages: in many small ones its memory may have become short. A power of two. */
#define LOOK_AT_QUEUE_AFTER 32
/* struct sk_msg, and its share of a page. */
#define BYTES_OF_A_MESSAGE 1024

/* The program has set SO_RCVBUF: the kernel will not have it grow. */
#define SOCK_RCVBUF_LOCK 2
/* Of these TCP tries again soon: lend.bpf.h. */
#define MOST_SEGMENTS_OF_A_THIN_STREAM 3
#define NO_BOUND (1ULL << 32)

/* Came with Linux 6.6: who drops a segment because its buffer is full says at once that it is, and its sender waits to be told otherwise. */
enum inet_csk_ack_state_t___of_6_6 {
	ICSK_ACK_NOMEM___of_6_6 = 32,
};

#define tells_when_full() bpf_core_enum_value_exists(enum inet_csk_ack_state_t___of_6_6, ICSK_ACK_NOMEM___of_6_6)

/*
 * Of what waits at the receiver: twice its own buffer, where TCP would have stopped the sender by now, or the cap. Each message takes memory beside its bytes, which
 * the kernel charges to nobody: the cap is for both.
 */
static __always_inline __u32 limit_of(struct ss_direction *direction, struct tcp_sock *peer)
{
	__u64 twice = 2 * PEEK(peer, inet_conn.icsk_inet.sk.sk_rcvbuf);
	__u64 cap = (__u64)config.queue_cap * direction->mean / (direction->mean + BYTES_OF_A_MESSAGE);

	return twice < cap ? twice : cap;
}

/*
 * What may wait, with this message, so that TCP could still bring what the reader has promised it to take. Redirected bytes take that room away, and what is dropped for want of it
 * TCP tries again later and later, where linear timeouts are of no use: with many segments under way, and, before 6.6, for long. A buffer that may grow does, and half of what it may
 * grow to is more than was promised, on the whole. One that is fixed was promised by half before 6.6, and since then as a whole.
 */
static __always_inline __u64 bound_of_loss(struct tcp_sock *own, struct tcp_sock *peer, __u32 size)
{
	__u64 buffer = PEEK(peer, inet_conn.icsk_inet.sk.sk_rcvbuf), most;

	if (tells_when_full() && size <= MOST_SEGMENTS_OF_A_THIN_STREAM * own->mss_cache)
		return NO_BOUND;
	if (PEEK_BITFIELD(peer, inet_conn.icsk_inet.sk.sk_userlocks) & SOCK_RCVBUF_LOCK)
		return tells_when_full() ? 0 : buffer / 2;
	most = BPF_CORE_READ(peer, inet_conn.icsk_inet.sk.__sk_common.skc_net.net, ipv4.sysctl_tcp_rmem[2]);
	return (most > buffer ? most : buffer) / 2;
}

/*
 * Why the reader's queue cannot take it, or SS_REASON_NONE. The queue is looked at when what has been sent since the last look may have filled it, for what the reader
 * has read meanwhile only makes more room, and now and then besides. A look takes the line that the reader's processor counts in away from it, 70 ns on two of them.
 */
static __always_inline __u32 no_room(struct ss_connection *conn, __u32 side, struct tcp_sock *own, struct tcp_sock *peer, __u32 size)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u64 queued, limit, bound, room;

	if (likely(size < direction->room && direction->sent % LOOK_AT_QUEUE_AFTER)) {
		direction->room -= size;
		return SS_REASON_NONE;
	}
	direction->room = 0;
	if (unlikely(memory_is_short(peer, size)))
		return SS_REASON_SHORT_OF_MEMORY;
	queued = queued_bytes(peer);
	limit = limit_of(direction, peer);
	bound = bound_of_loss(own, peer, size);
	if (unlikely(size > bound))
		return SS_REASON_QUEUE_FULL;
	if (likely(queued <= limit && queued + size <= bound)) {
		room = limit < bound - size ? limit - queued : bound - size - queued;
		direction->room = room < MOST_ROOM ? room : MOST_ROOM;
		return SS_REASON_NONE;
	}
	limit = limit / 4 * 3 < bound - size ? limit / 4 * 3 : bound - size;
	return streams(conn, side) && await_room(direction, peer, limit) ? SS_REASON_NONE : SS_REASON_QUEUE_FULL;
}
