/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a connection does, derived from a seed and its number alone, so that both ends know it without a word on the wire
 * and a run can be repeated.
 */
#pragma once
#include "dice.h"
#include <stdio.h>

enum side { CLIENT, SERVER };
enum kind { TINY, TURNS, STREAM, DUPLEX, MIXED };
enum waiting { BLOCKING, POLL, LEVEL, EDGE };
enum ending { ORDERLY, UNREAD_CLOSE, RESET };

enum put_way { PUT_SEND = 1, PUT_WRITE = 2, PUT_WRITEV = 4, PUT_SENDMSG = 8, PUT_MORE = 16, PUT_SENDFILE = 32, PUT_SPLICE = 64 };
enum take_way { TAKE_RECV = 1, TAKE_READ = 2, TAKE_READV = 4, TAKE_RECVMSG = 8, TAKE_PEEK = 16, TAKE_WAITALL = 32, TAKE_SPLICE = 64 };

#define PUT_WAYS (PUT_SEND | PUT_WRITE | PUT_WRITEV | PUT_SENDMSG | PUT_MORE | PUT_SENDFILE)
#define TAKE_WAYS (TAKE_RECV | TAKE_READ | TAKE_READV | TAKE_RECVMSG | TAKE_PEEK | TAKE_WAITALL)
/* A short answer of these says that the socket is empty. */
#define TAKES_ALL_THERE_IS (TAKE_RECV | TAKE_READ | TAKE_READV | TAKE_RECVMSG)
#define LARGEST_PUT (4u << 20)
#define LARGEST_TAKE (1u << 18)
#define FEW_BYTES 64u
#define SMALL_BUFFER (64u << 10)

/* What the programs of this run do besides: it is known of a process, not of a connection. */
struct habits {
	bool ask, splice;
};

struct side_plan {
	enum waiting waiting;
	/* Changes between blocking and not between steps. */
	bool switches;
	/* Asks FIONREAD before reading, or, at the edge, instead of reading until EAGAIN. */
	bool asks;
	/* At the edge, takes a read that got less than it asked for as a sign that nothing is left, as epoll(7) allows. */
	bool stops_short;
	/* Closes its half as soon as it has nothing more to say. */
	bool half_closes;
	bool nodelay, cork, quick_ack, low_water, zero_copy, keep_alive, lingers;
	/* Bytes; 0 leaves the kernel's. */
	uint32_t receive_buffer, send_buffer, unsent_low_water, segment;
	uint32_t put_ways, take_ways, largest_put, largest_take;
	/* One step in so many begins with a rest of up to so many microseconds; 0 is never. */
	uint32_t rest_one_in, rest_us;
};

struct plan {
	uint64_t number, seed;
	enum kind kind;
	/* Of TURNS: the largest message. */
	uint32_t steps, largest;
	struct side_plan side[2];
	/* Who closes first. */
	enum side closer;
	enum ending ending;
	/* Not ORDERLY: the closer goes away when it has sent and received so much in all. */
	uint64_t abort_after;
};

/* In a step, both directions have something to carry; unless it is duplex, the follower begins when it has received all of the leader's. */
struct step {
	uint32_t bytes[2];
	enum side leader;
	bool duplex;
};

static inline void plan_buffers(struct plan *plan, struct side_plan *side, struct dice *dice)
{
	/* A stream through buffers of a few kilobytes takes for ever: such connections carry little. */
	uint32_t smallest = plan->kind == TINY ? 12 : plan->kind == TURNS ? 14 : 17;

	if (dice_one_in(dice, 4))
		side->receive_buffer = 1u << (smallest + dice_below(dice, 21 - smallest));
	if (dice_one_in(dice, 4))
		side->send_buffer = 1u << (smallest + dice_below(dice, 21 - smallest));
	if (dice_one_in(dice, 8))
		side->unsent_low_water = SMALL_BUFFER;
	if (dice_one_in(dice, 16))
		side->segment = 536 + dice_below(dice, 900);
}

static inline void plan_side(struct plan *plan, struct side_plan *side, struct dice *dice, const struct habits *habits)
{
	bool small;

	/* Most readers do not block: those are the ones that take the bypass. */
	side->waiting = dice_one_in(dice, 6) ? BLOCKING : POLL + dice_below(dice, 3);
	side->switches = plan->kind != TINY && dice_one_in(dice, 12);
	side->asks = habits->ask && dice_one_in(dice, 2);
	/* Where the answer matters most: who is told that nothing is there waits until something happens. */
	if (side->asks && dice_one_in(dice, 2))
		side->waiting = EDGE;
	side->stops_short = side->waiting == EDGE && dice_one_in(dice, 4);
	side->half_closes = dice_one_in(dice, 2);
	side->nodelay = !dice_one_in(dice, 4);
	side->cork = dice_one_in(dice, 12);
	side->quick_ack = dice_one_in(dice, 8);
	/* A reader that blocks with a low-water mark may sleep for ever on plain TCP: what it has copied counts as gone. */
	side->low_water = !side->asks && !side->switches && dice_one_in(dice, 8) &&
			  (side->waiting == POLL || side->waiting == LEVEL);
	side->zero_copy = plan->kind != TINY && dice_one_in(dice, 16);
	side->keep_alive = dice_one_in(dice, 16);
	side->lingers = dice_one_in(dice, 16);
	plan_buffers(plan, side, dice);
	/* Half of the ends do it one way, the others change from call to call. */
	side->put_ways = PUT_WAYS | (habits->splice ? PUT_SPLICE : 0);
	if (dice_one_in(dice, 2))
		side->put_ways = dice_bit(dice, side->put_ways);
	side->take_ways = dice_bit(dice, TAKE_WAYS);
	if (dice_one_in(dice, 2))
		side->take_ways = side->stops_short ? TAKES_ALL_THERE_IS : TAKE_WAYS;
	/* Who splices does so from the first byte on, as proxies do. */
	if (habits->splice && dice_one_in(dice, 2)) {
		side->take_ways = TAKE_SPLICE;
		side->low_water = side->asks = false;
	}
	if (side->take_ways & ~TAKES_ALL_THERE_IS)
		side->stops_short = false;
	small = plan->kind == TINY || plan->kind == TURNS;
	side->largest_put = small && dice_one_in(dice, 4) ? FEW_BYTES : LARGEST_PUT;
	side->largest_take = small && dice_one_in(dice, 4) ? FEW_BYTES : LARGEST_TAKE;
	if (plan->kind != TINY && dice_one_in(dice, 2)) {
		side->rest_one_in = 1u << dice_below(dice, 7);
		side->rest_us = 1u << dice_below(dice, 14);
	}
}

static inline enum kind plan_kind(uint64_t number, struct dice *dice)
{
	static const enum kind longer[] = { TURNS, TURNS, TURNS, TURNS, TURNS, STREAM, DUPLEX, MIXED, MIXED, MIXED };

	return number % 2 ? longer[dice_below(dice, sizeof(longer) / sizeof(*longer))] : TINY;
}

static inline uint32_t plan_steps(enum kind kind, struct dice *dice)
{
	switch (kind) {
	case TINY: return 1 + dice_below(dice, 4);
	case TURNS: return 32 + dice_size(dice, 2048);
	case STREAM: return 1 + dice_below(dice, 8);
	case DUPLEX: return 1 + dice_below(dice, 4);
	default: return 4 + dice_below(dice, 60);
	}
}

static inline bool plan_may_dawdle(const struct side_plan *side)
{
	return !side->nodelay || side->cork || side->segment;
}

/* A few bytes a call. */
static inline bool plan_is_fiddly(const struct plan *plan)
{
	uint32_t least = LARGEST_TAKE;

	for (int i = 0; i < 2; i++) {
		least = plan->side[i].largest_put < least ? plan->side[i].largest_put : least;
		least = plan->side[i].largest_take < least ? plan->side[i].largest_take : least;
	}
	return least == FEW_BYTES;
}

/* Even numbers are short connections, odd ones the rest. */
static inline struct plan plan_make(uint64_t seed, uint64_t number, const struct habits *habits)
{
	struct dice dice = { .seed = pattern_word(seed, number) };
	struct plan plan = { .number = number, .seed = dice_word(&dice) };

	plan.kind = plan_kind(number, &dice);
	plan.steps = plan_steps(plan.kind, &dice);
	plan.closer = dice_below(&dice, 2);
	if (dice_one_in(&dice, 12)) {
		plan.ending = UNREAD_CLOSE + dice_below(&dice, 2);
		plan.abort_after = dice_size(&dice, plan.kind == TINY ? 1024 : 1 << 22);
	}
	plan_side(&plan, &plan.side[CLIENT], &dice, habits);
	plan_side(&plan, &plan.side[SERVER], &dice, habits);
	plan.largest = 1u << (4 + dice_below(&dice, plan_is_fiddly(&plan) ? 7 : 13));
	/* Nagle's algorithm and delayed ACKs together cost 40 ms a step. */
	if (plan_may_dawdle(&plan.side[CLIENT]) || plan_may_dawdle(&plan.side[SERVER]))
		plan.steps = plan.steps < 64 ? plan.steps : 64;
	return plan;
}

static inline void step_of_turns(struct step *step, struct dice *dice, uint32_t largest)
{
	step->bytes[CLIENT] = dice_size(dice, largest);
	step->bytes[SERVER] = dice_size(dice, largest);
}

static inline void step_of_stream(struct step *step, struct dice *dice)
{
	step->bytes[step->leader] = dice_size(dice, 2 * LARGEST_PUT) + LARGEST_PUT;
	step->bytes[!step->leader] = dice_one_in(dice, 2) ? 0 : dice_size(dice, 64);
}

static inline void step_of_mixture(struct step *step, struct dice *dice)
{
	switch (dice_below(dice, 16)) {
	case 0: step_of_stream(step, dice); break;
	case 1: step->duplex = true, step_of_turns(step, dice, LARGEST_PUT); break;
	case 2: step_of_turns(step, dice, LARGEST_PUT); break;
	default: step_of_turns(step, dice, 16384);
	}
}

/* Who speaks first stays so in half of the connections, and changes at random in the others. */
static inline struct step step_at(const struct plan *plan, uint32_t index)
{
	struct dice dice = { .seed = pattern_word(plan->seed ^ 0x57e9, index) };
	struct step step = { .leader = plan->seed >> 8 & 1 };

	if (plan->seed & 1)
		step.leader = dice_below(&dice, 2);
	switch (plan->kind) {
	case TINY: step_of_turns(&step, &dice, 2048); break;
	case TURNS: step_of_turns(&step, &dice, plan->largest); break;
	case STREAM: step_of_stream(&step, &dice); break;
	case DUPLEX: step.duplex = true, step_of_turns(&step, &dice, LARGEST_PUT); break;
	case MIXED: step_of_mixture(&step, &dice); break;
	}
	return step;
}

static inline uint64_t plan_pattern(const struct plan *plan, enum side sender)
{
	return pattern_word(plan->seed, sender);
}

static inline void plan_print_side(FILE *out, const char *name, const struct side_plan *side)
{
	static const char *const waiting[] = { "blocking", "poll", "epoll level", "epoll edge" };

	fprintf(out, "  %s: %s%s%s%s", name, waiting[side->waiting], side->switches ? ", switches O_NONBLOCK" : "",
		side->asks ? ", asks FIONREAD" : side->stops_short ? ", stops at a short read" : "", side->half_closes ? ", half-closes" : "");
	fprintf(out, "%s%s%s%s%s%s%s", side->nodelay ? ", TCP_NODELAY" : "", side->cork ? ", TCP_CORK" : "",
		side->quick_ack ? ", TCP_QUICKACK" : "", side->low_water ? ", SO_RCVLOWAT" : "",
		side->zero_copy ? ", SO_ZEROCOPY" : "", side->keep_alive ? ", SO_KEEPALIVE" : "",
		side->lingers ? ", SO_LINGER" : "");
	fprintf(out, ", SO_RCVBUF %u, SO_SNDBUF %u, TCP_NOTSENT_LOWAT %u, TCP_MAXSEG %u", side->receive_buffer,
		side->send_buffer, side->unsent_low_water, side->segment);
	fprintf(out, ", puts %#x of up to %u B, takes %#x of up to %u B", side->put_ways, side->largest_put, side->take_ways,
		side->largest_take);
	fprintf(out, ", rests up to %u us one step in %u\n", side->rest_us, side->rest_one_in);
}

static inline void plan_print(FILE *out, const struct plan *plan)
{
	static const char *const kinds[] = { "tiny", "turns", "stream", "duplex", "mixed" };
	static const char *const endings[] = { "closes in order", "closes with bytes unread", "resets" };

	fprintf(out, "connection %lu: %s, %u steps; the %s %s", plan->number, kinds[plan->kind], plan->steps,
		plan->closer == CLIENT ? "client" : "server", endings[plan->ending]);
	if (plan->ending != ORDERLY)
		fprintf(out, " after %lu B", plan->abort_after);
	fputc('\n', out);
	plan_print_side(out, "client", &plan->side[CLIENT]);
	plan_print_side(out, "server", &plan->side[SERVER]);
}
