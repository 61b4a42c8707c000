/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways of receiving, each of which compares what it got with what belongs there. */
#pragma once
#include "put.h"
#include <sys/ioctl.h>

static inline void check_bytes(struct end *end, size_t length, const char *call)
{
	uint64_t first = 0;

	if (pattern_check(end->bench->take, length, plan_pattern(end->plan, !end->me), end->in_total, &first))
		wrong_bytes(end, end->bench->take, length, first, call);
}

static inline ssize_t take_vector(struct end *end, size_t length, bool message)
{
	uint8_t *bytes = end->bench->take;
	size_t third = length / 3;
	struct iovec parts[] = { { bytes, third }, { bytes + third, third }, { bytes + 2 * third, length - 2 * third } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 3 };

	return message ? recvmsg(end->fd, &header, 0) : readv(end->fd, parts, 3);
}

static inline ssize_t take_after_a_peek(struct end *end, size_t length)
{
	ssize_t peeked = recv(end->fd, end->bench->take, length, MSG_PEEK), taken;

	if (peeked < 0)
		return peeked;
	check_bytes(end, (size_t)peeked, "MSG_PEEK");
	taken = recv(end->fd, end->bench->take, length, MSG_DONTWAIT);
	if ((peeked && taken <= 0 && !slot_may_end_early(end->slot)) || (!peeked && taken > 0))
		trouble(end->slot, end->plan, "MSG_PEEK answered %zd, then recv %zd (%s)", peeked, taken,
			taken < 0 ? strerror(errno) : "no error");
	return taken;
}

static inline ssize_t take_all(struct end *end, size_t length)
{
	ssize_t taken;

	if (length > end->in_left)
		length = end->in_left ? end->in_left : 1;
	taken = recv(end->fd, end->bench->take, length, MSG_WAITALL);
	if (taken > 0 && (size_t)taken < length && end->waiting == BLOCKING && !end->side->switches &&
	    !board->may_wake && !slot_may_end_early(end->slot))
		trouble(end->slot, end->plan, "MSG_WAITALL answered %zd, not %zu", taken, length);
	return taken;
}

static inline ssize_t take_through_a_pipe(struct end *end, size_t length)
{
	unsigned int flags = end->waiting == BLOCKING ? 0 : SPLICE_F_NONBLOCK;
	ssize_t moved = call_splice(end->fd, end->bench->take_pipe[1], length > PIPE_BYTES ? PIPE_BYTES : length, flags);

	if (moved > 0 && read(end->bench->take_pipe[0], end->bench->take, (size_t)moved) != moved)
		fail("pipe");
	return moved;
}

static inline size_t take_length(struct end *end)
{
	size_t length = dice_size(&end->taking, end->side->largest_take);
	int waiting = 0;

	/* The rest belongs to a step that this one has to end for. */
	if (end->helped && length > end->in_left)
		length = end->in_left;
	if (!end->side->asks)
		return length;
	if (ioctl(end->fd, FIONREAD, &waiting))
		fail("FIONREAD");
	return waiting && (size_t)waiting < length ? (size_t)waiting : length;
}

static inline ssize_t take_once(struct end *end, size_t length, const char **call)
{
	switch (dice_bit(&end->taking, end->side->take_ways)) {
	case TAKE_READ: return *call = "read", read(end->fd, end->bench->take, length);
	case TAKE_READV: return *call = "readv", take_vector(end, length, false);
	case TAKE_RECVMSG: return *call = "recvmsg", take_vector(end, length, true);
	case TAKE_PEEK: return *call = "recv after a peek", take_after_a_peek(end, length);
	case TAKE_WAITALL: return *call = "recv with MSG_WAITALL", take_all(end, length);
	case TAKE_SPLICE: return *call = "splice", take_through_a_pipe(end, length);
	default: return *call = "recv", recv(end->fd, end->bench->take, length, 0);
	}
}

/* Whether the program believes that nothing is left, and so waits for the next edge. */
static inline bool believes_empty(struct end *end, size_t asked, size_t taken)
{
	int waiting = 0;

	if (end->waiting != EDGE)
		return true;
	if (end->side->stops_short && !end->peer_shut)
		return taken < asked;
	if (!end->side->asks || end->peer_shut)
		return false;
	if (ioctl(end->fd, FIONREAD, &waiting))
		fail("FIONREAD");
	return !waiting;
}
