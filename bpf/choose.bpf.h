/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which path carries a stream faster. Turns (a request, its answer) are always faster on the bypass, and are no business of this
 * file. Of a stream TCP gathers small writes into large segments, so it carries them several times faster; a write that TCP
 * cannot gather, because Nagle is off or because it is large, costs more there than a redirect as a rule. By how much depends on the
 * processors and on who waits for whom; so it is measured, first on the stack, then on the bypass, and the better one is kept.
 */
#pragma once

#include "race.bpf.h"
#include "socket.bpf.h"
#include "spill.bpf.h"
#include "two-way.bpf.h"

/* Writes that TCP gathers (Nagle's algorithm) unless they are larger than this: up to there the paths are at most equally fast. */
#define GATHERED_BYTES 12288
/* Writes from here on are faster on the bypass with or without Nagle; nothing needs to be measured. */
#define LARGE_BYTES 32768
/* Segments of such writes are at least as large, on average: at first TCP sends no more at once than half of the window that it has seen, which is 32 KiB. */
#define LARGE_SEGMENT 24576
/* Segments on the stack that are smaller, with Nagle on, come from somebody who does not keep TCP busy. */
#define WORTHWHILE_SEGMENT 8192

/* The clock is read once in so many messages of a stream. */
#define STRIDE 16
#define WINDOW_NS (16 * 1000 * 1000ULL)
/* A longer silence may be the program's own, which says nothing of the path. */
#define PAUSE_NS (8 * 1000 * 1000ULL)
/* Windows that each path has to show its rate: one alone may have been disturbed, and on the stack a stream starts slowly. */
#define WINDOWS_OF_TRIAL 3

/* A stream that TCP carried faster is tried again after so long, doubled each time. */
#define TRIAL_PAUSE_NS (250 * 1000 * 1000ULL)
#define MOST_DOUBLINGS 12
/* Both ends of a two-way stream sleep meanwhile, and nobody sees when it becomes a conversation. */
#define MOST_DOUBLINGS_TWO_WAY 5
/* So is one that may not take the bypass, once a minute at last, for programs change their minds; what passes by itself is asked for at every other second. */
#define MOST_DOUBLINGS_OF_OBSTACLE 8
#define OBSTACLE_PAUSE_NS (1000 * 1000 * 1000ULL)
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

/* Writes of this size, by this sender, become larger segments. */
static __always_inline bool is_gathered(struct ss_direction *direction, struct tcp_sock *sender)
{
	return direction->mean < GATHERED_BYTES && gathers(sender);
}

#define NOT_YET 0
#define AT_LEISURE 1

/*
 * For how long this thread has run, or would have if it had got a processor, in ns. What the kernel has counted at its last tick is recent enough. 0 where the
 * sender sends from somebody else's call, or from none: nobody knows what it does meanwhile.
 */
static __always_inline __u64 worked_so_far(struct tcp_sock *sender)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	if (!in_a_call(sender))
		return 0;
	return BPF_CORE_READ(task, se.sum_exec_runtime) +
	       (bpf_core_field_exists(task->sched_info.run_delay) ? BPF_CORE_READ(task, sched_info.run_delay) : 0);
}

static __always_inline void begin_measuring(struct ss_direction *direction, struct tcp_sock *sender, __u64 now)
{
	direction->pace.began = now;
	direction->pace.bytes = 0;
	direction->pace.worked = worked_so_far(sender);
	direction->pauses &= SS_TAKES_TURNS;
}

/*
 * It paused, and that was its own affair. Among other streams of its two programs it may have been held up, or its thread have been busy with them: that is
 * what the path is like there.
 */
static __always_inline bool was_at_leisure(struct ss_direction *direction, struct tcp_sock *sender, __u64 elapsed, bool among_others)
{
	__u64 before = direction->pace.worked, worked;

	if (!(direction->pauses & SS_PAUSED))
		return false;
	if (!among_others)
		return true;
	if (direction->pauses & SS_HELD_UP)
		return false;
	worked = before ? worked_so_far(sender) - before : 0;
	/* More than there was time for: another thread than before. */
	return worked < elapsed / 2 || worked > 2 * elapsed;
}

/*
 * Requests of many over one connection, which come when they come: who hardly works for what it sends is not held up by any path. How much that is may change any moment, and says
 * nothing of the path. What TCP gathers is held back by TCP.
 */
#define LITTLE_WORK 4

RARE bool sends_what_comes(struct ss_direction *direction, struct tcp_sock *sender, __u64 elapsed)
{
	__u64 before = direction->pace.worked, worked;

	if (!sends_against_the_stream(direction) || direction->pauses & SS_HELD_UP || is_gathered(direction, sender))
		return false;
	worked = worked_so_far(sender);
	return before && worked > before && worked - before < elapsed / LITTLE_WORK;
}

/*
 * Adds a message to the running measurement. The rate in bytes a millisecond once enough of the stream was seen, which starts the next
 * measurement; NOT_YET until then; AT_LEISURE for a stream that pauses, so that its rate is its program's and not the path's.
 */
static __always_inline __u32 measure(struct ss_connection *conn, struct ss_direction *direction, struct tcp_sock *sender, __u32 bytes,
				     __u64 *elapsed, bool pauses_are_the_paths)
{
	struct ss_pace *pace = &direction->pace;
	struct ss_race *race;
	bool among_others;
	__u64 now, before, began;
	__u32 rate = AT_LEISURE;

	pace->bytes += bytes;
	if (++pace->messages % STRIDE)
		return NOT_YET;
	now = bpf_ktime_get_ns();
	before = pace->seen;
	pace->seen = now;
	/* Once: whoever lets it join may clear both in the middle of this (start_afresh). */
	began = *(volatile __u64 *)&pace->began;
	if (!before || !began) {
		begin_measuring(direction, sender, now);
		return NOT_YET;
	}
	if (now - before > PAUSE_NS)
		direction->pauses |= SS_PAUSED;
	*elapsed = now - began;
	if (*elapsed < WINDOW_NS)
		return NOT_YET;
	race = race_of(conn);
	among_others = race && runs_with_others(race, conn, now);
	if ((!pauses_are_the_paths && was_at_leisure(direction, sender, *elapsed, among_others)) || sends_what_comes(direction, sender, *elapsed)) {
		direction->pauses = 0;
	} else {
		rate = (__u64)pace->bytes * 1000 / (*elapsed / 1000) + AT_LEISURE + 1;
		direction->pauses = direction->pauses & SS_PAUSED ? SS_TAKES_TURNS : 0;
		if (direction->windows < WINDOWS_OF_TRIAL)
			direction->windows += *elapsed < WINDOWS_OF_TRIAL * WINDOW_NS ? *elapsed / WINDOW_NS : WINDOWS_OF_TRIAL;
	}
	begin_measuring(direction, sender, now);
	return rate;
}

/* A new stream, or the same on the other path: what was counted so far says nothing about it. */
static __always_inline void measure_afresh(struct ss_direction *direction)
{
	struct ss_pace *pace = &direction->pace;

	direction->windows = 0;
	direction->pauses &= SS_TAKES_TURNS;
	pace->began = 0;
	pace->seen = 0;
	pace->bytes = 0;
	pace->messages = 0;
}

static __always_inline bool enough_windows(struct ss_direction *direction)
{
	return direction->windows >= WINDOWS_OF_TRIAL;
}

/*
 * Segments as large as that before a stream has filled anything are as large as they are because its program writes so, as often as not. Eight messages on the bypass show
 * it, before megabytes wait in TCP. Only until something was tried or put off: afterwards there is a time for the next trial.
 */
static __always_inline bool may_write_large(struct ss_connection *conn, struct ss_direction *direction)
{
	return !conn->trial && !conn->next_trial && direction->mean >= LARGE_SEGMENT;
}

/* The next trial is one that is measured. */
static __always_inline void end_glance(struct ss_connection *conn)
{
	if (conn->trial == SS_TRIAL_GLANCE && !conn->next_trial)
		conn->next_trial = 1;
}

/* Large writes are faster on the bypass, whatever small ones the other end sends meanwhile. */
static __always_inline bool is_large_two_way(struct ss_connection *conn)
{
	return streams_both_ways(conn) && (conn->direction[SS_CLIENT].mean >= LARGE_BYTES || conn->direction[SS_SERVER].mean >= LARGE_BYTES);
}

/* One window alone may have been disturbed, and what was measured at another time is another rate: such a direction is not to be judged by it. */
static __always_inline void forget_unsure_rates(struct ss_connection *conn)
{
	if (!enough_windows(&conn->direction[SS_CLIENT]))
		conn->direction[SS_CLIENT].stack_rate = 0;
	if (!enough_windows(&conn->direction[SS_SERVER]))
		conn->direction[SS_SERVER].stack_rate = 0;
}

/*
 * A two-way stream left because it got less than it had had on the stack. That was another time: its requests may have become fewer, which no path can help. Who gets no more now
 * that it is back there need not wait for its next trial. Not for ever: where the two paths are equal it is chance that decides.
 */
#define MOST_REPRIEVES 4

static __always_inline bool awaits_comparison(struct ss_connection *conn)
{
	return conn->trials <= MOST_REPRIEVES && streams_both_ways(conn) &&
	       (conn->direction[SS_CLIENT].fell_short || conn->direction[SS_SERVER].fell_short);
}

enum judgement {
	NOTHING_NEW,
	TAKE_A_GLANCE,
	TRY_THE_BYPASS,
	LEAVE_TO_TCP,
};

/* Before it is time for the next trial. */
static __always_inline enum judgement compare(struct ss_connection *conn, struct ss_direction *direction)
{
	__u32 margin = direction->fell_short;
	struct ss_race *race;

	/* It has been compared, and is to be let in. */
	if (conn->trial)
		return NOTHING_NEW;
	if (!awaits_comparison(conn))
		return LEAVE_TO_TCP;
	race = race_of(conn);
	if (race && has_just_lost(race, direction->pace.seen))
		return LEAVE_TO_TCP;
	/* A pause does not count on the bypass, and here it does: it says nothing. */
	if (!margin || !enough_windows(direction) || direction->pauses & SS_TAKES_TURNS)
		return NOTHING_NEW;
	direction->fell_short = 0;
	if (is_less_by(direction->bypass_rate, direction->stack_rate, margin))
		return awaits_comparison(conn) ? NOTHING_NEW : LEAVE_TO_TCP;
	forget_unsure_rates(conn);
	return TRY_THE_BYPASS;
}

/* On the stack, for each segment of a stream. Who writes at leisure is not gathered: its segments are what was written. */
static __always_inline enum judgement judge_on_stack(struct ss_connection *conn, struct ss_direction *direction,
						     struct tcp_sock *sender, __u32 bytes)
{
	__u64 elapsed = 0, now;
	bool two_way = streams_both_ways(conn), first = !direction->windows;
	struct ss_race *race;
	__u32 rate;

	/* More waits behind it, or it waited itself for an acknowledgement. */
	if (PEEK(sender, write_seq) - PEEK(sender, snd_nxt) > bytes || !in_a_call(sender))
		direction->pauses |= SS_HELD_UP;
	/* Who waits for an answer waits for TCP, which may hold back what it gathers for 40 ms. */
	rate = measure(conn, direction, sender, bytes, &elapsed, two_way);
	if (rate == NOT_YET)
		return may_write_large(conn, direction) ? TAKE_A_GLANCE : NOTHING_NEW;
	now = direction->pace.seen;
	/* Long enough that it was right to leave. */
	conn->patience = 0;
	if (rate == AT_LEISURE) {
		direction->stack_rate = 0;
		if (is_gathered(direction, sender))
			return LEAVE_TO_TCP;
		return now < conn->next_trial ? compare(conn, direction) : TRY_THE_BYPASS;
	}
	/* The first one since it came here, however long it was: what was measured before was another time. */
	if (enough_windows(direction) && !first)
		smooth(&direction->stack_rate, rate);
	else if (conn->trial != SS_TRIAL_GLANCE)
		direction->stack_rate = rate;
	if (gathers(sender) && direction->mean < WORTHWHILE_SEGMENT && !two_way)
		return LEAVE_TO_TCP;
	if (now < conn->next_trial)
		return compare(conn, direction);
	race = race_of(conn);
	if (race && enough_windows(direction) && has_just_lost(race, now))
		return NOTHING_NEW;
	if (race)
		announce_runner(race, now, elapsed);
	if (!enough_windows(direction))
		return NOTHING_NEW;
	forget_unsure_rates(conn);
	return TRY_THE_BYPASS;
}

static __always_inline bool was_measured_on_stack(struct ss_connection *conn)
{
	return conn->direction[SS_CLIENT].stack_rate || conn->direction[SS_SERVER].stack_rate;
}

/* On the bypass, for each message of a stream: whether TCP is known to be faster. */
static __always_inline bool tcp_is_faster(struct ss_connection *conn, struct ss_direction *direction, struct tcp_sock *sender, __u32 bytes)
{
	bool begun = direction->ordered || spill_of(direction);
	struct ss_race *race;
	__u64 elapsed = 0;
	__u32 rate;

	if (is_gathered(direction, sender) && !streams_both_ways(conn)) {
		/* Nothing remains to be measured: it is to stay away for as long as after a trial. */
		if (conn->trial == SS_TRIAL_GLANCE)
			conn->trial = SS_TRIAL_MEASURED;
		return true;
	}
	if (conn->trial == SS_TRIAL_GLANCE) {
		/* It may be the other end's writes that are large. */
		if (direction->mean < LARGE_BYTES)
			return direction->streak > GLANCE_AT_TRIAL || is_gathered(direction, sender);
		conn->trial = SS_TRIAL_MEASURED;
	}
	rate = measure(conn, direction, sender, bytes, &elapsed, false);
	if (rate == NOT_YET)
		return false;
	if (rate == AT_LEISURE || is_large_two_way(conn))
		return begun && stays(conn);
	/* Never measured on the stack, because it came here as turns: large writes may stay, the others go and are measured. Of a two-way stream one direction will do. */
	if (!direction->stack_rate) {
		if (direction->mean < LARGE_BYTES && !(streams_both_ways(conn) && was_measured_on_stack(conn)))
			return true;
		return begun && stays(conn);
	}
	/* TCP carries it, for there are bytes on their way from before: the bypass has yet to begin. */
	if (!begun) {
		race = race_of(conn);
		if (race)
			announce_runner(race, direction->pace.seen, elapsed);
		return false;
	}
	smooth(&direction->bypass_rate, rate);
	/* Among many, how full their queues are, and so how cold what is copied, makes more of a difference than the path. */
	if (direction->mean >= LARGE_BYTES && direction->pauses & SS_TAKES_TURNS)
		return stays(conn);
	return enough_windows(direction) && is_lost(conn, direction, rate);
}

/* At the same moment for all of them, for waking one takes as long as waking all. */
static __always_inline __u64 next_look_at_obstacle(__u64 now)
{
	return (now / OBSTACLE_PAUSE_NS + 2) * OBSTACLE_PAUSE_NS;
}

static __always_inline void postpone_trial(struct ss_connection *conn, __u64 now, bool was_worth_it)
{
	if (was_worth_it)
		conn->trials = 0;
	if (streams_both_ways(conn) && conn->trials > MOST_DOUBLINGS_TWO_WAY)
		conn->trials = MOST_DOUBLINGS_TWO_WAY;
	conn->next_trial = now + (TRIAL_PAUSE_NS << conn->trials);
	if (conn->trials < MOST_DOUBLINGS)
		conn->trials++;
}
