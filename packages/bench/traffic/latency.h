/* SPDX-License-Identifier: GPL-2.0-only */
/* A histogram of nanoseconds with 64 steps an octave: percentiles are right to 1.6 %. */
#pragma once
#include <stdint.h>

#define LATENCY_STEPS 64
#define LATENCY_BUCKETS (LATENCY_STEPS * 59)

struct latency {
	uint64_t count, max, buckets[LATENCY_BUCKETS];
};

static inline void latency_add(struct latency *latency, uint64_t ns)
{
	unsigned int octave = ns < LATENCY_STEPS ? 0 : 58u - (unsigned int)__builtin_clzll(ns);

	latency->count++;
	latency->buckets[octave * LATENCY_STEPS + (ns >> (octave ? octave - 1 : 0)) % LATENCY_STEPS]++;
	if (ns > latency->max)
		latency->max = ns;
}

/* The lower edge in nanoseconds of the bucket that holds the given share (0 to 1) of all values. */
static inline uint64_t latency_at(const struct latency *latency, double share)
{
	uint64_t rank = (uint64_t)(share * (double)latency->count), seen = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		unsigned int octave = i / LATENCY_STEPS;

		seen += latency->buckets[i];
		if (seen > rank)
			return octave ? (uint64_t)(LATENCY_STEPS + i % LATENCY_STEPS) << (octave - 1) : i;
	}
	return latency->max;
}
