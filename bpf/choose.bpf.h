/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which path carries a stream faster. Turns (a request, its answer) are always faster on the bypass, and are no business of this
 * file. Of a stream TCP gathers small writes into large segments, so it carries them several times faster; each write that TCP
 * cannot gather, because Nagle is off or because it is large, costs more there than a redirect. By how much depends on the
 * processors and on who waits for whom; so it is measured, first on the stack, then on the bypass, and the better one is kept.
 */
#pragma once

#include "socket.bpf.h"

/* Writes that TCP gathers (Nagle's algorithm) unless they are larger than this: up to there the paths are at most equally fast. */
#define GATHERED_BYTES 12288
/* Writes from here on are faster on the bypass with or without Nagle; nothing needs to be measured. */
#define LARGE_BYTES 32768
/* Segments on the stack that are smaller, with Nagle on, come from somebody who does not keep TCP busy. */
#define WORTHWHILE_SEGMENT 8192

/* The clock is read once in so many messages of a stream. */
#define STRIDE 16
#define WINDOW_NS (16 * 1000 * 1000ULL)
/* A longer silence is the program's own, and not measured. */
#define PAUSE_NS (8 * 1000 * 1000ULL)
/* Windows that the bypass has to show its rate: one alone may have been disturbed. */
#define WINDOWS_OF_TRIAL 3
/* The other path must be better by more than measuring is wrong. */
#define MARGIN 16

/* A stream that TCP carried faster is tried again after so long, doubled each time. */
#define TRIAL_PAUSE_NS (250 * 1000 * 1000ULL)
#define MOST_DOUBLINGS 12
#define LONG_TRIAL_NS (1000 * 1000 * 1000ULL)
/* Messages that a trial needs to see what the program writes. */
#define GLANCE_AT_TRIAL 8

static __always_inline void weigh(__u32 *mean, __u32 value)
{
	*mean = *mean ? *mean - *mean / 8 + value / 8 : value;
}

static __always_inline void smooth(__u32 *rate, __u32 value)
{
	*rate = *rate ? *rate - *rate / 4 + value / 4 : value;
}

static __always_inline bool gathers(struct tcp_sock *tp)
{
	return !(PEEK_BITFIELD(tp, nonagle) & TCP_NAGLE_OFF);
}

#define NOT_YET 0
#define AT_LEISURE 1

/*
 * Adds a message to the running measurement. The rate in bytes a millisecond once enough of the stream was seen, which starts the next
 * measurement; NOT_YET until then; AT_LEISURE for a stream that pauses, so that its rate is its program's and not the path's.
 */
static __always_inline __u32 measure(struct ss_pace *pace, __u32 bytes)
{
	__u64 now, before, elapsed, sum;

	pace->bytes += bytes;
	if (++pace->messages % STRIDE)
		return NOT_YET;
	now = bpf_ktime_get_ns();
	before = pace->seen;
	pace->seen = now;
	if (now - before > PAUSE_NS) {
		pace->began = now;
		pace->bytes = 0;
		return before ? AT_LEISURE : NOT_YET;
	}
	elapsed = now - pace->began;
	if (elapsed < WINDOW_NS)
		return NOT_YET;
	sum = pace->bytes;
	pace->began = now;
	pace->bytes = 0;
	return sum * 1000 / (elapsed / 1000) + AT_LEISURE + 1;
}

/* A new stream, or the same on the other path: what was counted so far says nothing about it. */
static __always_inline void measure_afresh(struct ss_pace *pace)
{
	pace->began = 0;
	pace->seen = 0;
	pace->bytes = 0;
	pace->messages = 0;
}

enum judgement {
	NOTHING_NEW,
	TRY_THE_BYPASS,
	LEAVE_TO_TCP,
};

/* On the stack, for each segment of a stream. Who writes at leisure is not gathered: its segments are what was written. */
static __always_inline enum judgement judge_on_stack(struct ss_connection *conn, struct ss_direction *direction,
						     struct tcp_sock *sender, __u32 bytes)
{
	__u32 rate = measure(&direction->pace, bytes);

	if (rate == NOT_YET)
		return NOTHING_NEW;
	if (rate == AT_LEISURE)
		direction->stack_rate = 0;
	else
		smooth(&direction->stack_rate, rate);
	/* Long enough that it was right to leave. */
	conn->patience = 0;
	if (gathers(sender) && direction->mean < (rate == AT_LEISURE ? GATHERED_BYTES : WORTHWHILE_SEGMENT))
		return LEAVE_TO_TCP;
	return direction->pace.seen < conn->next_trial ? LEAVE_TO_TCP : TRY_THE_BYPASS;
}

/* On the bypass, for each message of a stream: whether TCP is known to be faster. */
static __always_inline bool tcp_is_faster(struct ss_direction *direction, struct tcp_sock *sender, __u32 bytes)
{
	__u32 rate;

	if (direction->mean < GATHERED_BYTES && gathers(sender))
		return true;
	rate = measure(&direction->pace, bytes);
	if (rate <= AT_LEISURE)
		return false;
	/* Never measured on the stack, because it came here as turns: large writes may stay, the others go and are measured. */
	if (!direction->stack_rate)
		return direction->mean < LARGE_BYTES;
	smooth(&direction->bypass_rate, rate);
	if (direction->windows < WINDOWS_OF_TRIAL)
		direction->windows++;
	return direction->windows == WINDOWS_OF_TRIAL &&
	       direction->bypass_rate + direction->bypass_rate / MARGIN < direction->stack_rate;
}

static __always_inline void postpone_trial(struct ss_connection *conn, __u64 now, bool was_worth_it)
{
	if (was_worth_it)
		conn->trials = 0;
	conn->next_trial = now + (TRIAL_PAUSE_NS << conn->trials);
	if (conn->trials < MOST_DOUBLINGS)
		conn->trials++;
}
