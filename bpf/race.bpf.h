/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the streams of two programs get on the bypass, against what each of them had on the stack. Fifty streams of two programs share the programs'
 * processors, so what one of them gets is mostly chance: by themselves they would end up on either path, which is slower than both. Together they
 * show within some milliseconds which path is better, and take it together.
 */
#pragma once

#include "record.bpf.h"
#include "two-way.bpf.h"

/* While some are still on their way to the bypass, those that are there have less of the processors than they will. Not for longer than this. */
#define LONGEST_COMING_NS (500 * 1000 * 1000ULL)
#define SLOWEST_TURN_NS (100 * 1000 * 1000ULL)
/* A stay of so long was worth its trial, unless all that was seen of it was that it lost (was_worth_it); and all of them have won theirs, if they have raced for so long. */
#define LONG_TRIAL_NS (1000 * 1000 * 1000ULL)
/* Nobody tries alone what all have just tried. */
#define AGAIN_NS (1000 * 1000 * 1000ULL)
/* What is added up before the two paths are compared: so many measurements at least, from so long. */
#define ENOUGH_TO_TELL 8
#define LAP_NS (32 * 1000 * 1000ULL)
/* What was measured in longer ones is not known of all that time. */
#define LONGEST_LAP_NS (250 * 1000 * 1000ULL)
/*
 * What a race may cost before it is lost, in ns of all that TCP would have carried meanwhile: a third too slow for 75 ms, or a tenth for 250 ms. Whatever else the
 * machine does for a moment makes the bypass look slower than the stack looked at another; who has won its trial, seconds ago, is given more credit.
 */
#define CREDIT_OF_TRIAL_NS (25 * 1000 * 1000ULL)
#define CREDIT_NS (4 * CREDIT_OF_TRIAL_NS)
/* Without a measurement of another stream for so long it runs alone. */
#define ALONE_NS (100 * 1000 * 1000ULL)

/* The other path must be better by more than measuring is wrong. */
#define MARGIN 16
/* The same where fewer messages come than so many a millisecond: of 400 in a window, one in twenty is chance. */
#define MARGIN_BY_CHANCE 4
#define MANY_MESSAGES 25
/* A trial that is lost by so much need not be repeated soon. */
#define MARGIN_BEYOND_DOUBT 2
/* The same for all of them in a trial, and in the other direction: what being watched costs on the stack. */
#define MARGIN_OF_TRIAL 32
/* Who gets so many times what it got when it was tried was held up by its program then, and what it had on the stack says nothing of what TCP could carry now. */
#define OUTGROWN 2
/* Of the pause before the next trial, when a race was lost, or a trial by far. */
#define SKIPPED_DOUBLINGS 2

/* By more than one part in so many. */
static __always_inline bool is_less_by(__u64 rate, __u64 other, __u32 margin)
{
	return rate + rate / margin < other;
}

/* Requests that come when they come: how many there are in 16 ms is chance, by which the path is not to be judged unless it makes a great difference. */
static __always_inline bool comes_by_chance(struct ss_direction *direction)
{
	return sends_against_the_stream(direction) && direction->bypass_rate < (__u64)MANY_MESSAGES * direction->mean;
}

/* Not on the stack, of which the verdict has little left. */
static const struct ss_race no_race = {};

/* Several processors may write at a time; what gets lost of that is one measurement among many. */
static __always_inline struct ss_race *race_of(struct ss_connection *conn)
{
	struct ss_pair pair = pair_of(conn);
	struct ss_race *race = bpf_map_lookup_elem(&races, &pair);

	if (likely(race))
		return race;
	bpf_map_update_elem(&races, &pair, &no_race, BPF_NOEXIST);
	return bpf_map_lookup_elem(&races, &pair);
}

static __always_inline void start_again(struct ss_race *race)
{
	race->began = 0;
	race->count = 0;
	race->bypass = 0;
	race->stack = 0;
	race->cost = 0;
	race->won_at = 0;
}

/* Later than, on a clock that processors read at about the same time. */
static __always_inline bool is_past(__u64 now, __u64 then)
{
	return (long long)(now - then) > 0;
}

/* A stream was measured, on whichever path. Whether others of its two programs run beside it. */
static __always_inline bool runs_with_others(struct ss_race *race, struct ss_connection *conn, __u64 now)
{
	bool long_ago = is_past(now, race->last_at + ALONE_NS);

	if (long_ago)
		start_again(race);
	else if (race->last != conn->id)
		race->shared_at = now;
	race->last = conn->id;
	race->last_at = now;
	return race->shared_at && !is_past(now, race->shared_at + ALONE_NS);
}

static __always_inline void remember(struct ss_race *race, __u32 bypass_rate, __u32 stack_rate, __u64 now)
{
	if (!race->began)
		race->began = now;
	/* It may have been long since they were last measured here. */
	if (!race->count)
		race->lap_began = now;
	__sync_fetch_and_add(&race->bypass, bypass_rate);
	__sync_fetch_and_add(&race->stack, stack_rate);
	__sync_fetch_and_add(&race->count, 1);
}

/* So much of a lap as the difference is of what was due: at most all of it. */
static __always_inline __u64 share_of(__u64 lap, __u64 difference, __u64 due)
{
	return difference < due ? lap * (difference * 1024 / due) / 1024 : lap;
}

/*
 * Whether it has cost too much when a lap that ends is added. What was gained makes up for what was lost before, and is not saved up: a pattern may change.
 * All of them together are measured well, and those that are watched on the stack pay for it, some percent of their rate where messages are small. So in a trial the
 * bypass has to be better, where a stream alone stays unless it is worse. Afterwards they stay unless it is.
 */
static __always_inline bool costs_too_much(struct ss_race *race, __u64 lap, __u64 bypass, __u64 stack, bool tried)
{
	__u64 due = tried ? stack - stack / MARGIN : stack + stack / MARGIN_OF_TRIAL, gained;

	if (bypass < due) {
		race->cost += share_of(lap, due - bypass, due);
	} else {
		race->won_at = race->lap_began;
		gained = share_of(lap, bypass - due, due);
		race->cost = race->cost > gained ? race->cost - gained : 0;
	}
	return race->cost > (tried ? CREDIT_NS : CREDIT_OF_TRIAL_NS);
}

/* Ends the lap if it is long enough. On one processor only: the sums must be of the same measurements. */
static __always_inline bool loses_lap(struct ss_race *race, __u64 now)
{
	__u64 began = *(volatile __u64 *)&race->lap_began, bypass, stack, lap = now - began;
	__u32 count = *(volatile __u32 *)&race->count;

	if (count < ENOUGH_TO_TELL || !is_past(now, began + LAP_NS))
		return false;
	bypass = *(volatile __u64 *)&race->bypass;
	stack = *(volatile __u64 *)&race->stack;
	if (__sync_val_compare_and_swap(&race->lap_began, began, now) != began)
		return false;
	__sync_fetch_and_add(&race->count, -count);
	__sync_fetch_and_add(&race->bypass, -bypass);
	__sync_fetch_and_add(&race->stack, -stack);
	return costs_too_much(race, lap < LONGEST_LAP_NS ? lap : LONGEST_LAP_NS, bypass, stack, is_past(now, race->began + LONG_TRIAL_NS));
}

/* A trial of many costs each of them as much as one of its own, and shows more; and one that is lost by far leaves no doubt. The first pauses, which are for second thoughts, are left out. */
static __always_inline bool lose(struct ss_connection *conn)
{
	if (conn->trials < SKIPPED_DOUBLINGS)
		conn->trials = SKIPPED_DOUBLINGS;
	return true;
}

static __always_inline bool has_just_lost(struct ss_race *race, __u64 now)
{
	return race->lost_at && !is_past(now, race->lost_at + AGAIN_NS);
}

/* It is to be measured on the stack again, as it is now. */
static __always_inline bool has_outgrown_its_trial(struct ss_direction *direction)
{
	if (!direction->tried_rate)
		direction->tried_rate = direction->bypass_rate;
	return direction->bypass_rate / OUTGROWN > direction->tried_rate;
}

/* The answer to whether it is to leave, where it was seen to have no reason. */
static __always_inline bool stays(struct ss_connection *conn)
{
	conn->won = 1;
	return false;
}

/*
 * With a stream's rate as it was measured on the bypass just now: whether it is to leave the bypass. A race that is lost is lost for all that run in it: the few that were left
 * behind, among many on TCP, would be faster than before and believe that it is their path.
 */
RARE bool is_lost(struct ss_connection *conn, struct ss_direction *direction, __u32 rate)
{
	struct ss_race *race = race_of(conn);
	__u64 now = direction->pace.seen, stay = now - conn->joined_at;
	__u32 margin;

	if (unlikely(!race) || !runs_with_others(race, conn, now)) {
		margin = comes_by_chance(direction) ? MARGIN_BY_CHANCE : MARGIN;
		direction->fell_short = is_less_by(direction->bypass_rate, direction->stack_rate, margin) ? margin : 0;
		if (is_less_by(direction->bypass_rate, direction->stack_rate, MARGIN_BEYOND_DOUBT))
			return lose(conn);
		if (direction->fell_short || (margin == MARGIN && has_outgrown_its_trial(direction)))
			return true;
		return stays(conn);
	}
	if (race->lost_at > conn->joined_at && has_just_lost(race, now))
		return lose(conn);
	if (!is_past(now, race->coming_until) && stay < LONGEST_COMING_NS)
		return false;
	remember(race, rate, direction->stack_rate, now);
	if (!loses_lap(race, now)) {
		if (is_past(race->won_at, conn->joined_at))
			conn->won = 1;
		return false;
	}
	start_again(race);
	race->lost_at = now;
	return lose(conn);
}

/* It was measured, in so many ns, and will be on the bypass when it has been for long enough, and when its reader has read what TCP brought: the others are to wait for it. */
static __always_inline void announce_runner(struct ss_race *race, __u64 now, __u64 elapsed)
{
	__u64 until = now + 2 * (elapsed < SLOWEST_TURN_NS ? elapsed : SLOWEST_TURN_NS);

	if (race->coming_until < until)
		race->coming_until = until;
}
