/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection and the messages on it, and what all of them came to. */
#pragma once
#include "../hello.h"
#include "../whole.h"
#include "options.h"
#include <pthread.h>
#include <stdatomic.h>

#define BANNER_SEED 0x72656e6e6162ull
#define FLAG_HALF_CLOSE 1

static struct tally {
	_Atomic uint64_t started, done, served, wrong, errors, syn_data, slowest_ns;
	_Atomic int error;
} *tally;

/* One connection as one of its ends sees it. */
struct visit {
	int fd;
	struct hello hello;
	uint64_t sent, received;
	uint8_t *buffer;
};

/* In several sends, as programs do that write a header and then a body: each may take another path than the one before. */
static inline bool send_in_pieces(const struct visit *visit, const uint8_t *bytes, size_t length)
{
	for (uint32_t left = options.pieces; left; left--) {
		size_t piece = left == 1 ? length : length / left;

		if (!send_whole(visit->fd, bytes, piece, options.blocking))
			return false;
		bytes += piece, length -= piece;
	}
	return true;
}

static inline bool send_message(struct visit *visit, uint64_t seed, uint32_t length)
{
	pattern_fill(visit->buffer, length, seed, visit->sent);
	visit->sent += length;
	return send_in_pieces(visit, visit->buffer, length);
}

static inline bool receive_message(struct visit *visit, uint64_t seed, uint32_t length)
{
	uint64_t first;

	if (!receive_whole(visit->fd, visit->buffer, length, options.blocking))
		return false;
	atomic_fetch_add(&tally->wrong, pattern_check(visit->buffer, length, seed, visit->received, &first));
	visit->received += length;
	return true;
}

static inline uint32_t request_size(const struct visit *visit, uint32_t turn)
{
	return range_draw(&visit->hello.request, visit->hello.seed, turn);
}

static inline uint32_t answer_size(const struct visit *visit, uint32_t turn)
{
	return range_draw(&visit->hello.answer, visit->hello.seed, turn);
}

static inline void trouble(void)
{
	atomic_store(&tally->error, errno);
	atomic_fetch_add(&tally->errors, 1);
}

static inline void prepare(int fd)
{
	if (options.nodelay)
		set_nodelay(fd, &options.address);
	if (options.blocking)
		limit_blocking(fd);
}

static inline struct visit new_visit(void)
{
	uint32_t largest = options.request.max > options.answer.max ? options.request.max : options.answer.max;
	struct visit visit = { .fd = -1, .buffer = malloc(sizeof(struct hello) + largest) };

	if (!visit.buffer)
		fail("out of memory");
	return visit;
}

static inline void start_threads(pthread_t *threads, void *(*run)(void *), void *argument)
{
	for (uint32_t i = 0; i < options.threads; i++)
		if (pthread_create(&threads[i], NULL, run, argument))
			fail("pthread_create");
}
