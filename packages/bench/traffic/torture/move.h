/* SPDX-License-Identifier: GPL-2.0-only */
/* One call that sends or receives, and what its answer means for the plan. */
#pragma once
#include "take.h"

#define LOW_WATER 8192u

/* A connection may break only after somebody has broken it. */
static inline void broken(struct end *end, const char *call)
{
	bool torn = errno == ECONNRESET || errno == EPIPE || errno == ECONNREFUSED || errno == ECONNABORTED;

	if (!torn || !slot_may_end_early(end->slot))
		trouble(end->slot, end->plan, "the %s's %s answered %s", end->me == CLIENT ? "client" : "server", call,
			strerror(errno));
	atomic_store(&end->broke, true);
	atomic_store(&end->cut, true);
}

/* A socket that stopped blocking may not; one that never did must not. */
static inline void again(struct end *end, bool *possible, const char *call)
{
	if (end->waiting != BLOCKING)
		*possible = false;
	else if (end->side->switches || board->may_wake)
		atomic_fetch_add(&board->odd_again, 1);
	else
		trouble(end->slot, end->plan, "the %s's %s answered EAGAIN although it blocks",
			end->me == CLIENT ? "client" : "server", call);
}

static inline void begin_piece(struct end *end)
{
	if (end->copies_due)
		settle_copies(end);
	if (end->side->cork && !end->corked) {
		set_option(end->fd, IPPROTO_TCP, TCP_CORK, 1);
		end->corked = true;
	}
	prepare_piece(end);
}

static inline void message_sent(struct end *end)
{
	if (end->corked)
		set_option(end->fd, IPPROTO_TCP, TCP_CORK, 0);
	end->corked = false;
	if (!end->helped)
		end_next_step(end);
}

static inline void send_some(struct end *end)
{
	ssize_t sent;

	if (!end->piece)
		begin_piece(end);
	end_is(end, SENDING);
	sent = put_once(end);
	if (sent < 0) {
		if (errno == EAGAIN)
			again(end, &end->writable, "send");
		else if (errno == ENOBUFS && end->copies_due)
			settle_copies(end);
		else
			broken(end, "send");
		return;
	}
	road_sent(road_out(end), (uint64_t)sent);
	end->out_total += (uint64_t)sent;
	end->out_left -= (uint32_t)sent;
	end->piece_done += (uint32_t)sent;
	if (end->piece_done == end->piece)
		end->piece = 0;
	if (!end->out_left)
		message_sent(end);
}

/* Whoever went away, and however: an end of the stream, unlike a reset, promises every byte that a send has returned for. */
static inline void expect_all_sent(struct end *end)
{
	uint64_t sent = atomic_load(&road_in(end)->sent);

	if (end->in_total < sent)
		trouble(end->slot, end->plan, "the stream to the %s ended after %lu of %lu bytes that were sent",
			end->me == CLIENT ? "client" : "server", end->in_total, sent);
}

static inline void take_end(struct end *end)
{
	end->in_ended = true;
	atomic_store(&road_in(end)->ended, true);
	if (end_has_all(end))
		return;
	if (!slot_may_end_early(end->slot))
		trouble(end->slot, end->plan, "the stream to the %s ended, and %u bytes of step %u are missing",
			end->me == CLIENT ? "client" : "server", end->in_left, end->index);
	/* The thread that sends may have been told of a reset, which looks like an end to the one that receives: it says so when it is through. */
	if (!end->helped)
		expect_all_sent(end);
	atomic_store(&end->cut, true);
}

static inline void account_for(struct end *end, size_t taken)
{
	end->in_total += taken;
	road_received(road_in(end), taken, end->waiting_since);
	atomic_fetch_add(&board->bytes, taken);
	while (taken) {
		uint32_t part = taken < end->in_left ? (uint32_t)taken : end->in_left;

		if (!part)
			trouble(end->slot, end->plan, "the %s got %zu bytes more than the other end has sent",
				end->me == CLIENT ? "client" : "server", taken);
		end->in_left -= part;
		taken -= part;
		if (!end->in_left && !end->helped)
			end_next_step(end);
	}
}

/* So many that what is on its way will reach it. */
static inline void raise_low_water(struct end *end)
{
	uint32_t mark = end->in_left < LOW_WATER ? end->in_left : LOW_WATER;

	mark = mark ? mark : 1;
	if (mark != end->low_water)
		set_option(end->fd, SOL_SOCKET, SO_RCVLOWAT, (int)mark);
	end->low_water = mark;
}

static inline void receive_some(struct end *end)
{
	size_t length = take_length(end);
	const char *call;
	ssize_t taken;

	if (!end->waiting_since)
		end->waiting_since = now_ns();
	end_is(end, end->waiting == BLOCKING ? WAITING : RECEIVING);
	taken = take_once(end, length, &call);
	if (taken < 0) {
		if (errno == EAGAIN)
			again(end, &end->readable, call);
		else
			broken(end, call);
	} else if (!taken) {
		take_end(end);
	} else {
		if (believes_empty(end, length, (size_t)taken))
			end->readable = false;
		check_bytes(end, (size_t)taken, call);
		account_for(end, (size_t)taken);
	}
	end->waiting_since = 0;
}
