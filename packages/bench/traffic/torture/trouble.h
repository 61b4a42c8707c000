/* SPDX-License-Identifier: GPL-2.0-only */
/* The first failure of a run: whose it is, what its plan was, where it stood. */
#pragma once
#include "end.h"

#define SEARCHED (64ull << 20)

static inline void print_road(FILE *out, const char *name, const struct road *road, uint64_t now)
{
	double ago = (double)(int64_t)(now - road->taken_at) / 1e9;

	fprintf(out, "  %s: sent %lu%s, received %lu%s, last received %.1f s ago\n", name, road->sent,
		road->shut ? " and shut" : "", road->received, road->ended ? " and the end" : "",
		ago > 0 ? ago : 0);
}

static inline void print_slot(FILE *out, const struct slot *slot)
{
	static const char *const doing[] = { "idle",	"connecting", "resting",  "sending",
					     "reading", "waiting",    "settling", "ending" };
	uint64_t now = now_ns();

	fprintf(out, "  client port %u, open for %.1f s%s\n", slot->client_port, (double)(now - slot->opened) / 1e9,
		slot->aborted ? ", its closer went away" : "");
	fprintf(out, "  client is %s in step %u, server is %s in step %u\n", doing[slot->doing[CLIENT]],
		slot->step[CLIENT], doing[slot->doing[SERVER]], slot->step[SERVER]);
	print_road(out, "client to server", &slot->road[CLIENT], now);
	print_road(out, "server to client", &slot->road[SERVER], now);
}

/* Only the first failure is told. */
__attribute__((format(printf, 3, 0))) static inline void tell(const struct slot *slot, const struct plan *plan,
							      const char *format, va_list arguments)
{
	int none = 0;
	FILE *out;

	if (!atomic_compare_exchange_strong(&board->failed, &none, 1))
		return;
	out = fmemopen(board->failure, sizeof(board->failure), "w");
	if (!out)
		fail("fmemopen");
	vfprintf(out, format, arguments);
	fputc('\n', out);
	plan_print(out, plan);
	print_slot(out, slot);
	fclose(out);
	board->failure_port = slot->client_port;
	atomic_store(&board->failed, 2);
}

/* The thread stays, with its socket open, so that somebody may look at it. */
__attribute__((format(printf, 3, 4), noreturn)) static inline void trouble(const struct slot *slot, const struct plan *plan,
									   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(slot, plan, format, arguments);
	va_end(arguments);
	for (;;)
		pause();
}

static inline void print_bytes(char *text, size_t size, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length && i < 16 && size > 3; i++, text += 3, size -= 3)
		snprintf(text, size, "%02x ", bytes[i]);
}

/* Where in the stream such bytes belong, near the position; -1 when nowhere. */
static inline int64_t find_place(const uint8_t *bytes, size_t length, uint64_t seed, uint64_t position)
{
	uint64_t from = position > SEARCHED ? position - SEARCHED : 0, until = position + SEARCHED;
	uint8_t window[8];

	if (length < 8)
		return -1;
	for (uint64_t at = from; at < until; at++) {
		if (pattern_byte(seed, at) != bytes[0])
			continue;
		pattern_fill(window, sizeof(window), seed, at);
		if (!memcmp(window, bytes, sizeof(window)))
			return (int64_t)at;
	}
	return -1;
}

static inline void wrong_bytes(const struct end *end, const uint8_t *bytes, size_t length, uint64_t first, const char *call)
{
	uint64_t seed = plan_pattern(end->plan, !end->me), offset = first - end->in_total;
	const uint8_t *found = bytes + offset;
	size_t left = length - offset;
	char got[64] = "", expected[64] = "", place[128] = "nowhere near in this stream";
	uint8_t right[16];
	int64_t belongs = find_place(found, left, seed, first);

	pattern_fill(right, sizeof(right), seed, first);
	print_bytes(expected, sizeof(expected), right, left);
	print_bytes(got, sizeof(got), found, left);
	if (belongs >= 0)
		snprintf(place, sizeof(place), "at %ld, %ld bytes %s", belongs, labs(belongs - (int64_t)first),
			 belongs > (int64_t)first ? "ahead" : "back");
	trouble(end->slot, end->plan,
		"wrong bytes from %s to %s at position %lu (byte %lu of a %s of %zu)\n  expected %s\n  got      %s\n  which belong %s",
		end->me == CLIENT ? "server" : "client", end->me == CLIENT ? "client" : "server", first, offset, call, length,
		expected, got, place);
}
