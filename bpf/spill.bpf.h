/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A direction whose reader's queue was full, or whose sender was overtaken (overflow.bpf.h): TCP carries it, though both ends are enrolled, until the reader has caught
 * up. A spill begins and ends with the sender's lock held, an iterator settles it. What the iterator saw of one spill it must not say of the next one, which then nobody would watch: so spills are
 * numbered, and it says so by a compare-and-swap.
 */
#pragma once

#include "record.bpf.h"

static __always_inline enum ss_spill state_of_spill(__u32 spill)
{
	return spill % SS_SPILL_STATES;
}

static __always_inline enum ss_spill spill_of(struct ss_direction *direction)
{
	return state_of_spill(direction->spill);
}

static __always_inline void end_spill(struct ss_direction *direction)
{
	direction->spill &= ~(SS_SPILL_STATES - 1);
}

/* There is none. */
static __always_inline void begin_spill(struct ss_direction *direction)
{
	direction->spill += SS_SPILL_STATES + SS_SPILL_WATCHED;
}

/* False when it is another spill by now than the one that was `seen`, or none. */
static __always_inline bool settle_spill(struct ss_direction *direction, __u32 seen)
{
	__u32 settled = seen - SS_SPILL_WATCHED + SS_SPILL_SETTLED;

	return __sync_val_compare_and_swap(&direction->spill, seen, settled) == seen;
}
