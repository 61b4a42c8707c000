/* SPDX-License-Identifier: GPL-2.0-only */
/* One end of a connection on its way through the plan: which bytes it may send and which it is owed, in which step. */
#pragma once
#include "../sockets.h"
#include "board.h"

/* What a thread works with; a connection uses it while it lasts. */
struct bench {
	uint8_t *put, *take;
	int put_pipe[2], take_pipe[2], file;
};

struct end {
	int fd, poller;
	enum side me;
	const struct plan *plan;
	const struct side_plan *side;
	struct slot *slot;
	struct bench *bench;
	struct dice putting, taking, resting;
	enum waiting waiting;

	struct step step;
	uint32_t index, out_left, in_left;
	uint64_t out_total, in_total;
	/* What is being sent of the message: so much is prepared in this way, so much of it is gone. */
	uint32_t piece, piece_done;
	enum put_way way;
	bool zero_copy, corked;
	uint32_t copies_due, low_water;
	/* While another thread does the sending of a duplex step. */
	bool helped;

	/* What the kernel last said of the socket. */
	bool readable, writable, peer_shut;
	uint32_t watched;
	uint64_t waiting_since;
	/* All steps are done; the peer's stream is over; ours is; the connection ended before its plan. */
	bool through, in_ended, out_shut;
	atomic_bool cut;
	/* A call was told that it is broken. */
	atomic_bool broke;
};

static inline struct road *road_out(struct end *end)
{
	return &end->slot->road[end->me];
}

static inline struct road *road_in(struct end *end)
{
	return &end->slot->road[!end->me];
}

static inline void end_is(struct end *end, enum doing doing)
{
	atomic_store(&end->slot->doing[end->me], doing);
}

/* The other end waits for nothing that we could still say. */
static inline void end_shut(struct end *end)
{
	if (end->out_shut)
		return;
	end->out_shut = true;
	road_shut(road_out(end));
	shutdown(end->fd, SHUT_WR);
}

static inline void end_block(struct end *end, bool blocking)
{
	int flags = fcntl(end->fd, F_GETFL);

	if (fcntl(end->fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK))
		fail("fcntl");
}

/* What a program may change while a connection lives. */
static inline void end_change_habits(struct end *end)
{
	if (end->side->switches && end->poller < 0 && dice_one_in(&end->resting, 4)) {
		end->waiting = end->waiting == BLOCKING ? POLL : BLOCKING;
		end_block(end, end->waiting == BLOCKING);
	}
	if (end->side->rest_one_in && dice_one_in(&end->resting, end->side->rest_one_in)) {
		end_is(end, RESTING);
		sleep_ns((1 + dice_below(&end->resting, end->side->rest_us)) * 1000ull);
	}
}

/* The next step that is not done, or through. */
static inline void end_next_step(struct end *end)
{
	while (!end->out_left && !end->in_left) {
		if (++end->index >= end->plan->steps) {
			end->through = true;
			break;
		}
		end->step = step_at(end->plan, end->index);
		end->out_left = end->step.bytes[end->me];
		end->in_left = end->step.bytes[!end->me];
		atomic_store(&end->slot->step[end->me], end->index);
		end_change_habits(end);
	}
	if (end->side->half_closes && !end->out_left && end->index + 1 >= end->plan->steps)
		end_shut(end);
}

static inline void end_begin(struct end *end, struct slot *slot, const struct plan *plan, enum side me, struct bench *bench)
{
	*end = (struct end){ .fd = -1, .poller = -1, .me = me, .plan = plan, .side = &plan->side[me], .slot = slot, .bench = bench };
	end->putting.seed = pattern_word(plan->seed, 16u + me);
	end->taking.seed = pattern_word(plan->seed, 18u + me);
	end->resting.seed = pattern_word(plan->seed, 20u + me);
	end->index = UINT32_MAX;
	end->waiting = plan->side[me].waiting;
	end->writable = true;
}

static inline bool end_may_send(const struct end *end)
{
	return end->out_left && (end->step.duplex || end->step.leader == end->me || !end->in_left);
}

/* Whether the plan owes this end nothing any more, so that the stream may be over. */
static inline bool end_has_all(const struct end *end)
{
	return end->through || (!end->in_left && end->index + 1 >= end->plan->steps);
}

static inline bool end_goes_away(const struct end *end)
{
	return end->plan->ending != ORDERLY && end->plan->closer == end->me && !end->through &&
	       end->out_total + end->in_total >= end->plan->abort_after;
}
