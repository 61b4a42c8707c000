/* SPDX-License-Identifier: GPL-2.0-only */
/* The first bytes of every connection: what the client is going to send, and how it wants to be answered. */
#pragma once
#include "range.h"
#include <sys/random.h>

#define HELLO_MAGIC 0x7065747365646973ull

struct hello {
	uint64_t magic;
	/* The pattern of the client's bytes; the server's are answer_seed() of it. */
	uint64_t seed;
	struct range request, answer;
	/* How many messages make a connection; 0 when the client decides as it goes. */
	uint32_t turns;
	uint32_t flags;
};

static inline uint64_t answer_seed(uint64_t seed)
{
	return seed ^ 0xa5a5a5a5a5a5a5a5ull;
}

static inline uint64_t random_seed(void)
{
	uint64_t seed = 0;

	return getrandom(&seed, sizeof(seed), 0) == sizeof(seed) ? seed : 1;
}
