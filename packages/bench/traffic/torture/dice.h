/* SPDX-License-Identifier: GPL-2.0-only */
/* Draws that can be repeated: the same seed and purpose give the same numbers. */
#pragma once
#include "../pattern.h"

struct dice {
	uint64_t seed, thrown;
};

static inline uint64_t dice_word(struct dice *dice)
{
	return pattern_word(dice->seed, dice->thrown++);
}

static inline uint32_t dice_below(struct dice *dice, uint32_t limit)
{
	return (uint32_t)(dice_word(dice) >> 32) % limit;
}

static inline bool dice_one_in(struct dice *dice, uint32_t times)
{
	return !dice_below(dice, times);
}

/* 1 to `largest` (a power of two), every order of magnitude as likely as any other. */
static inline uint32_t dice_size(struct dice *dice, uint32_t largest)
{
	uint32_t octaves = 32u - (uint32_t)__builtin_clz(largest), size = 1u << dice_below(dice, octaves);

	size += dice_below(dice, size);
	return size < largest ? size : largest;
}

/* One of the bits that are set in a mask. */
static inline uint32_t dice_bit(struct dice *dice, uint32_t mask)
{
	uint32_t skipped = dice_below(dice, (uint32_t)__builtin_popcount(mask));

	for (; skipped; skipped--)
		mask &= mask - 1;
	return mask & -mask;
}
