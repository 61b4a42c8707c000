/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A byte stream in which every byte is known from a seed and its position, so that a byte that is lost, doubled,
 * altered or out of place is seen at once. Word i of the stream is SplitMix64's i-th output.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t pattern_word(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline uint8_t pattern_byte(uint64_t seed, uint64_t position)
{
	return (uint8_t)(pattern_word(seed, position / 8) >> (position % 8 * 8));
}

static inline void pattern_fill(uint8_t *buffer, size_t length, uint64_t seed, uint64_t position)
{
	for (; length && position % 8; length--)
		*buffer++ = pattern_byte(seed, position++);
	for (; length >= 8; length -= 8, buffer += 8, position += 8) {
		uint64_t word = pattern_word(seed, position / 8);

		memcpy(buffer, &word, 8);
	}
	for (; length; length--)
		*buffer++ = pattern_byte(seed, position++);
}

/* Number of bytes that differ from the pattern; *first is set to the position of the first of them. */
static inline uint64_t pattern_check(const uint8_t *buffer, size_t length, uint64_t seed, uint64_t position,
				     uint64_t *first)
{
	uint64_t wrong = 0;

	for (; length; length--, buffer++, position++) {
		while (length >= 8 && position % 8 == 0) {
			uint64_t word;

			memcpy(&word, buffer, 8);
			if (word != pattern_word(seed, position / 8))
				break;
			length -= 8, buffer += 8, position += 8;
		}
		if (!length)
			break;
		if (*buffer == pattern_byte(seed, position))
			continue;
		if (!wrong++)
			*first = position;
	}
	return wrong;
}
