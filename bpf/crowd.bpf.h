/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Most short connections of a host come in crowds, and what they pay must be next to nothing: a storage, a record, four events and a call at
 * each change of state cost a connection of one request 7 % of its time. So in a crowd nothing is made at establishment. Only RTT
 * is on, which runs when data of this end was acknowledged, and who stays gets its record then: late.bpf.h.
 */
#pragma once

#include "maps.bpf.h"

/* More than a thousand a second, and as many at once as a large pool opens. */
#define CROWD_WINDOW_NS (100 * 1000 * 1000ULL)
#define MOST_CONNECTS 100
#define MOST_LATE_RECORDS 100

/* For how long an end may find itself without what an earlier moment of its connection should have left: TCP repeats a SYN after one second, and after three. */
#define AFTERMATH_NS (4 * 1000 * 1000 * 1000ULL)

/* As of the last tick, which is near enough and takes a third of the time. */
static __always_inline __u64 about_now(void)
{
	return bpf_ktime_get_coarse_ns();
}

static __always_inline void turn_window(__u64 now)
{
	if (now - crowd.since <= CROWD_WINDOW_NS)
		return;
	crowd.since = now;
	crowd.connects = 0;
	crowd.late_records = 0;
}

/* Of a new connection; what two CPUs do at the same time may let a few more pass. */
static __always_inline bool comes_in_a_crowd(void)
{
	__u64 now = about_now();

	turn_window(now);
	/* Two CPUs connect at the same time: once it is said, nobody says it again before it matters. */
	if (crowd.connects <= MOST_CONNECTS)
		crowd.connects++;
	else if (crowd.until < now + CROWD_WINDOW_NS)
		crowd.until = now + 2 * CROWD_WINDOW_NS;
	return now < crowd.until;
}

static __always_inline bool is_crowded(__u64 aftermath)
{
	return crowd.until && about_now() < crowd.until + aftermath;
}

/* Those that stay may be a crowd, too: who gets no record now asks again when it sends again. */
static __always_inline bool may_have_late_record(void)
{
	turn_window(about_now());
	if (crowd.late_records >= MOST_LATE_RECORDS)
		return false;
	crowd.late_records++;
	return true;
}
