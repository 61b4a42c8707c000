/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of an exchange connection, non-blocking: the client sends requests and takes answers, the server the other way
 * round. Every byte that comes in is compared with what the pattern has at that position.
 */
#pragma once
#include "clock.h"
#include "hello.h"
#include "latency.h"
#include "sockets.h"

#define PIPELINE_LIMIT 256

struct tally {
	uint64_t exchanges, sent, received, wrong, errors;
	int error;
	struct latency latency;
};

struct end {
	int fd;
	bool client, finished;
	/* A client that seldom asks. */
	bool resting;
	struct hello hello;
	size_t hello_bytes;
	uint64_t sent, received, out_index, in_index;
	uint32_t out_left, in_left;
	/* Messages that may be sent now, and requests that have no answer yet. */
	uint32_t due, in_flight;
	uint64_t started[PIPELINE_LIMIT];
	/* When a client that pauses between turns may send again; 0 when it is not pausing. */
	uint64_t ready_at;
};

static uint8_t end_buffer[1 << 20];

/* The same for all ends of all processes. */
static struct {
	/* Nothing is compared, and what is sent is whatever the buffer holds: for measuring only. */
	bool unchecked;
	/* Every so many requests one is so long, and sent in pieces: a stream between exchanges. 0 is never. */
	uint32_t burst_every, burst_bytes, burst_piece;
} end_style;

static inline bool end_bursts(bool request, uint64_t index)
{
	return request && end_style.burst_every && (index + 1) % end_style.burst_every == 0;
}

static inline uint32_t end_draw(const struct end *end, bool request, uint64_t index)
{
	const struct hello *hello = &end->hello;

	if (end_bursts(request, index))
		return end_style.burst_bytes;
	return range_draw(request ? &hello->request : &hello->answer, hello->seed, index);
}

static inline void end_draw_out(struct end *end)
{
	end->out_left = end_draw(end, end->client, end->out_index);
}

static inline void end_draw_in(struct end *end)
{
	end->in_left = end_draw(end, !end->client, end->in_index);
}

/* How much of a message goes into one send. */
static inline size_t end_piece(const struct end *end)
{
	size_t most = end_bursts(end->client, end->out_index) ? end_style.burst_piece : sizeof(end_buffer);

	return end->out_left < most ? end->out_left : most;
}

static inline void end_trouble(struct end *end, struct tally *tally, int error)
{
	tally->errors++;
	tally->error = error;
	end->finished = true;
}

static inline void end_request(struct end *end)
{
	end->started[(end->in_index + end->in_flight) % PIPELINE_LIMIT] = now_ns();
	end->due++;
	end->in_flight++;
	end->ready_at = 0;
}

/* Sends what is due; true when the socket has no room for the rest. */
static inline bool end_flush(struct end *end, struct tally *tally)
{
	uint64_t seed = end->client ? end->hello.seed : answer_seed(end->hello.seed);

	while (end->due && !end->finished) {
		bool greeting = end->client && end->hello_bytes < sizeof(end->hello);
		size_t length = end_piece(end);
		const uint8_t *bytes = end_buffer;
		ssize_t sent;

		if (greeting) {
			bytes = (const uint8_t *)&end->hello + end->hello_bytes;
			length = sizeof(end->hello) - end->hello_bytes;
		} else if (!end_style.unchecked) {
			pattern_fill(end_buffer, length, seed, end->sent);
		}
		sent = send(end->fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno == EAGAIN)
				return true;
			end_trouble(end, tally, errno);
			return false;
		}
		if (greeting) {
			end->hello_bytes += (size_t)sent;
			continue;
		}
		end->sent += (uint64_t)sent;
		tally->sent += (uint64_t)sent;
		end->out_left -= (uint32_t)sent;
		if (end->out_left)
			continue;
		end->due--;
		end->out_index++;
		end_draw_out(end);
	}
	return false;
}

static inline void end_message_done(struct end *end, struct tally *tally)
{
	if (end->client) {
		latency_add(&tally->latency, now_ns() - end->started[end->in_index % PIPELINE_LIMIT]);
		end->in_flight--;
	} else {
		end->due++;
	}
	tally->exchanges++;
	end->in_index++;
	end_draw_in(end);
}

/* Takes the hello from the front of what came in; returns how many bytes it used. */
static inline size_t end_greet(struct end *end, struct tally *tally, const uint8_t *bytes, size_t length)
{
	size_t missing = sizeof(end->hello) - end->hello_bytes;
	size_t taken = length < missing ? length : missing;

	memcpy((uint8_t *)&end->hello + end->hello_bytes, bytes, taken);
	end->hello_bytes += taken;
	if (end->hello_bytes < sizeof(end->hello))
		return taken;
	if (end->hello.magic != HELLO_MAGIC) {
		tally->wrong += sizeof(end->hello);
		end_trouble(end, tally, EPROTO);
		return length;
	}
	end_draw_in(end);
	end_draw_out(end);
	return taken;
}

/* One read. Sets finished at the end of the stream or on an error. */
static inline void end_receive(struct end *end, struct tally *tally)
{
	uint64_t seed = end->client ? answer_seed(end->hello.seed) : end->hello.seed, first;
	ssize_t received = recv(end->fd, end_buffer, sizeof(end_buffer), 0);
	const uint8_t *bytes = end_buffer;
	size_t length;

	if (received < 0) {
		if (errno != EAGAIN)
			end_trouble(end, tally, errno);
		return;
	}
	if (!received) {
		if (end->in_flight)
			end_trouble(end, tally, EPIPE);
		end->finished = true;
		return;
	}
	length = (size_t)received;
	if (!end->client && end->hello_bytes < sizeof(end->hello)) {
		size_t taken = end_greet(end, tally, bytes, length);

		bytes += taken, length -= taken;
		seed = end->hello.seed;
	}
	if (!length)
		return;
	if (!end_style.unchecked)
		tally->wrong += pattern_check(bytes, length, seed, end->received, &first);
	tally->received += length;
	end->received += length;
	while (length >= end->in_left) {
		length -= end->in_left;
		end_message_done(end, tally);
	}
	end->in_left -= (uint32_t)length;
}
