/* SPDX-License-Identifier: GPL-2.0-only */
/* A size, fixed ("64") or drawn anew each time ("1-65536"); draws are reproducible from a seed and an index. */
#pragma once
#include "pattern.h"
#include <stdlib.h>

struct range {
	uint32_t min, max;
};

#define RANGE_LIMIT (64u << 20)

static inline bool range_parse(const char *text, struct range *range)
{
	char *end;
	unsigned long min = strtoul(text, &end, 10), max = min;

	if (end == text)
		return false;
	if (*end == '-')
		max = strtoul(end + 1, &end, 10);
	if (*end || !min || min > max || max > RANGE_LIMIT)
		return false;
	*range = (struct range){ (uint32_t)min, (uint32_t)max };
	return true;
}

static inline uint32_t range_draw(const struct range *range, uint64_t seed, uint64_t index)
{
	if (range->min == range->max)
		return range->min;
	return range->min + (uint32_t)(pattern_word(~seed, index) % (range->max - range->min + 1));
}
