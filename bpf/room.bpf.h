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
/* A message of this size, in pieces of the 32 KiB that the kernel gathers it in, is three segments at most if two of them can hold it: a thin stream, lend.bpf.h. */
#define MOST_OF_THREE_SEGMENTS 65536
#define NO_BOUND (1ULL << 32)
/*
 * Bytes that may wait where the sender has set TCP_USER_TIMEOUT. Whatever TCP carries behind them finds its window shut until they are read; TCP counts that time, probes that bring
 * bytes across or not, and resets the connection at its end. By itself it hears of room whenever its reader has read some 64 KiB.
 */
#define MOST_BEFORE_TIMEOUT 16384

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

/* Of what it loses TCP tries as much again soon. */
static __always_inline __u32 most_tried_soon(struct tcp_sock *own)
{
	__u64 two_segments = 2ULL * own->mss_cache;

	if (!tells_when_full() || own->inet_conn.icsk_inet.sk.__sk_common.skc_state != TCP_ESTABLISHED)
		return 0;
	return two_segments < MOST_OF_THREE_SEGMENTS ? two_segments : MOST_OF_THREE_SEGMENTS;
}

/* What its reader has promised to take of TCP, as the memory that it may need: more than its bytes, and more yet where nothing that is lost is tried again soon. */
static __always_inline __u64 promised_to(struct tcp_sock *own)
{
	__s32 bytes = own->snd_una + own->snd_wnd - own->write_seq;

	if (bytes <= 0)
		return 0;
	return (__u64)bytes + bytes / (most_tried_soon(own) ? 4 : 2);
}

static __always_inline bool is_fixed(struct tcp_sock *peer)
{
	return PEEK_BITFIELD(peer, inet_conn.icsk_inet.sk.sk_userlocks) & SOCK_RCVBUF_LOCK;
}

/* What the kernel lets a buffer that is not fixed grow to when it finds no room; no further where TCP has as much memory as it may have without being looked at. */
static __always_inline __u64 grows_to(struct tcp_sock *peer, __u64 buffer)
{
	struct sock *sk = (struct sock *)peer;
	long allocated = 0, least = 0;
	int most;

	if (bpf_probe_read_kernel(&allocated, sizeof(allocated), BPF_CORE_READ(sk, __sk_common.skc_prot, memory_allocated)) ||
	    bpf_probe_read_kernel(&least, sizeof(least), BPF_CORE_READ(sk, __sk_common.skc_prot, sysctl_mem)) || allocated >= least)
		return buffer;
	most = BPF_CORE_READ(sk, __sk_common.skc_net.net, ipv4.sysctl_tcp_rmem[2]);
	return most > 0 && (__u64)most > buffer ? (__u64)most : buffer;
}

/*
 * What may wait so that TCP can still bring what the reader has promised to take. Redirected bytes take that room away, and what is dropped for want of it
 * TCP tries again later and later, for as long as the reader stands still. A buffer that has grown may have been promised as a whole; half of it is for the bypass all the same,
 * for it would have nothing else.
 */
static __always_inline __u64 bound_of_loss(struct tcp_sock *own, struct tcp_sock *peer)
{
	__u64 buffer = PEEK(peer, inet_conn.icsk_inet.sk.sk_rcvbuf), promised = promised_to(own), most;

	if (is_fixed(peer))
		return buffer > promised ? buffer - promised : 0;
	most = grows_to(peer, buffer);
	return most / 2 > promised ? most - promised : most / 2;
}

/*
 * Why the reader's queue cannot take it, or SS_REASON_NONE. The queue is looked at when what has been sent since the last look may have filled it, for what the reader
 * has read meanwhile only makes more room, and now and then besides. A look takes the line that the reader's processor counts in away from it, 70 ns on two of them.
 */
static __always_inline __u32 no_room(struct ss_connection *conn, __u32 side, struct tcp_sock *own, struct tcp_sock *peer, __u32 size)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u64 queued, limit, bound, room;
	__u32 harmless;

	if (likely(size < direction->room && direction->sent % LOOK_AT_QUEUE_AFTER)) {
		direction->room -= size;
		return SS_REASON_NONE;
	}
	direction->room = 0;
	if (unlikely(memory_is_short(peer, size)))
		return SS_REASON_SHORT_OF_MEMORY;
	harmless = most_tried_soon(own);
	queued = queued_bytes(peer);
	limit = limit_of(direction, peer);
	bound = size <= harmless ? NO_BOUND : bound_of_loss(own, peer);
	if (unlikely(has_user_timeout(own)) && bound > MOST_BEFORE_TIMEOUT)
		bound = MOST_BEFORE_TIMEOUT;
	if (unlikely(size > bound))
		return SS_REASON_FIXED_BUFFER;
	if (likely(queued <= limit && queued + size <= bound)) {
		room = limit < bound - size ? limit - queued : bound - size - queued;
		/* A larger message has another bound. */
		if (bound == NO_BOUND && room > harmless)
			room = harmless;
		direction->room = room < MOST_ROOM ? room : MOST_ROOM;
		direction->beyond = 0;
		return SS_REASON_NONE;
	}
	limit = limit / 4 * 3 < bound - size ? limit / 4 * 3 : bound - size;
	if (!streams(conn, side) || !await_room(direction, peer, limit))
		return SS_REASON_QUEUE_FULL;
	direction->beyond = 0;
	return SS_REASON_NONE;
}
