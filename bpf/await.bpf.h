/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stream is faster than its reader for a moment, and the reader is at it on another processor: to wait until it has caught up takes microseconds, where
 * going over to TCP and back takes milliseconds. So the sender looks again and again, as long as the reader makes progress, as the
 * kernel's own mutexes spin while their owner runs. On one processor there is no progress to be seen: there it soon stops trying.
 */
#pragma once

#include "socket.bpf.h"

/* Three looks by a load take as long as one by the helper: peek.bpf.h. */
#define MOST_LOOKS (can_cast() ? 3 * 4096 : 4096)
#define MOST_LOOKS_WITHOUT_PROGRESS (can_cast() ? 3 * 192 : 192)
/* In vain so many times in a row: tried once in so many from then on. */
#define MOST_VAIN_WAITS 4
#define SELDOM 64

struct await {
	struct tcp_sock *reader;
	__u32 wanted;		/* at most so many bytes in the reader's queue, or the reader's copied_seq */
	__u32 last;
	__u32 still;
	bool done;
};

static __always_inline long goes_on(struct await *wait, __u32 now)
{
	wait->still = wait->last == now ? wait->still + 1 : 0;
	wait->last = now;
	return wait->done || wait->still > MOST_LOOKS_WITHOUT_PROGRESS;
}

static long look_at_queue(__u32 look, struct await *wait)
{
	struct tcp_sock *reader = wait->reader;
	__u32 queued = queued_bytes(reader);

	(void)look;
	wait->done = queued <= wait->wanted;
	return goes_on(wait, queued);
}

static long look_at_copied(__u32 look, struct await *wait)
{
	struct tcp_sock *reader = wait->reader;
	__u32 copied = PEEK(reader, copied_seq);

	(void)look;
	wait->done = copied == wait->wanted;
	return goes_on(wait, copied);
}

static __always_inline bool comes_true(long (*look)(__u32, struct await *), struct tcp_sock *reader, __u32 wanted)
{
	struct await wait = { .reader = reader, .wanted = wanted };

	bpf_loop(MOST_LOOKS, look, &wait, 0);
	return wait.done;
}

static __always_inline bool worth_waiting(struct ss_direction *direction)
{
	return direction->vain_waits < MOST_VAIN_WAITS || !(++direction->refrained % SELDOM);
}

static __always_inline bool waited(struct ss_direction *direction, bool done)
{
	if (done)
		direction->vain_waits = 0;
	else if (direction->vain_waits < MOST_VAIN_WAITS)
		direction->vain_waits++;
	return done;
}

/* Until so few bytes are left in the reader's queue. */
RARE bool await_room(struct ss_direction *direction, struct tcp_sock *reader, __u32 enough)
{
	return worth_waiting(direction) && waited(direction, comes_true(look_at_queue, reader, enough));
}

/* Until the reader has read all that TCP brought; what is still on its way cannot arrive while we hold the sender. */
RARE bool await_all_read(struct ss_direction *direction, struct tcp_sock *sender, struct tcp_sock *reader)
{
	__u32 all = PEEK(sender, write_seq);

	return PEEK(reader, rcv_nxt) == all && worth_waiting(direction) &&
	       waited(direction, comes_true(look_at_copied, reader, all));
}
