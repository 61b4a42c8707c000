/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For how long TCP may carry a stream although both ends are enrolled, until its reader has read all that went that way. The verdict begins to count, and where it is called it decides. But after a
 * send for which TCP had not all the room the kernel does not call it for the next one: so the transmit hook, which sees what TCP really carries, looks too.
 */
#pragma once

#include "spill.bpf.h"

/*
 * A stream may have filled the buffers of both ends before its reader has a turn, or find its reader behind; among many others its turn may be long in
 * coming. But it pays for every moment in which TCP carries it between enrolled sockets, with its low-water mark lent: some congestion
 * controls (BBR) take that for a slow path. Who has become slower must not wait for long.
 */
#define LONGEST_WAIT_NS (1000 * 1000 * 1000ULL)
#define LONGEST_SLOW_WAIT_NS (50 * 1000 * 1000ULL)

static __always_inline bool waits_too_long(struct ss_direction *direction)
{
	__u64 now = bpf_ktime_get_ns(), waited;

	if (!direction->waits_since) {
		direction->waits_since = now;
		direction->waited_bytes = 0;
	}
	waited = now - direction->waits_since;
	/* Who shares its processor with many others may have had its last turn before that. */
	if (waited < LONGEST_SLOW_WAIT_NS || (direction->pauses & SS_TAKES_TURNS && waited < LONGEST_WAIT_NS))
		return false;
	/* Bytes a millisecond. A rate of 0 was never measured: a stream that is not in a hurry, or whose writes are large. */
	return waited > LONGEST_WAIT_NS || direction->waited_bytes * 1000 / (waited / 1000) < direction->stack_rate / 2;
}

/* TCP carries a segment of what the verdict has begun to count. */
static __always_inline bool has_waited_too_long(struct ss_direction *direction, __u32 bytes)
{
	if (direction->ordered || !direction->waits_since)
		return false;
	direction->waited_bytes += bytes;
	return waits_too_long(direction);
}
