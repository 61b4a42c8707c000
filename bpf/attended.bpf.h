/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a daemon is there. Without one nobody joins in mid-conversation, and nobody's errands are run. */
#pragma once

#include "maps.bpf.h"

/* The daemon says some times a second that it is there. */
#define LONGEST_ABSENCE_NS (1000 * 1000 * 1000LL)
/* A busy host may keep it from its processor for as long as that. Who is let sleep for it loses what it has shown. */
#define GONE_AFTER_NS (5 * 1000 * 1000 * 1000LL)

/* By the clock that the daemon reads itself: the coarse one is behind, and would be before what it has said. */
static __always_inline bool was_attended_within(__s64 ns)
{
	return (__s64)(bpf_ktime_get_ns() - attended) < ns;
}

static __always_inline bool is_attended(void)
{
	return was_attended_within(LONGEST_ABSENCE_NS);
}

static __always_inline bool is_daemon_gone(void)
{
	return !was_attended_within(GONE_AFTER_NS);
}
