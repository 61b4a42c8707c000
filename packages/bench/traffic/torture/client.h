/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that connects: each thread opens one connection after the other. */
#pragma once
#include "drive.h"

static inline struct bench bench_make(void)
{
	struct bench bench = { .put = malloc(LARGEST_PUT), .take = malloc(LARGEST_TAKE) };

	bench.file = memfd_create("torture", MFD_CLOEXEC);
	if (!bench.put || !bench.take || bench.file < 0 || pipe2(bench.put_pipe, O_CLOEXEC) ||
	    pipe2(bench.take_pipe, O_CLOEXEC))
		fail("no room to work");
	return bench;
}

static inline void slot_open(struct slot *slot, uint64_t number, uint64_t generation)
{
	road_clear(&slot->road[CLIENT]);
	road_clear(&slot->road[SERVER]);
	slot->number = number;
	slot->generation = generation;
	slot->aborted = slot->served = false;
	slot->step[CLIENT] = slot->step[SERVER] = slot->client_port = 0;
	slot->doing[CLIENT] = CONNECTING;
	slot->doing[SERVER] = IDLE;
	slot->opened = now_ns();
	slot->busy[CLIENT] = true;
}

/* So that the server knows whose connection it has accepted; the port is chosen as soon as connect is called. */
static inline void tell_port(struct end *end)
{
	struct address own = { .length = sizeof(struct sockaddr_in6) };

	if (getsockname(end->fd, &own.any, &own.length))
		fail("getsockname");
	end->slot->client_port = address_port(&own);
	atomic_store(&board->slot_of_port[address_port(&own)], (uint32_t)(end->slot - board->slots) + 1);
}

static inline bool reach_server(struct end *end, const struct address *target)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (connect(end->fd, &target->any, target->length) && errno != EINPROGRESS)
		return false;
	tell_port(end);
	wait_for(end->fd, POLLOUT, -1);
	if (getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &error, &length))
		fail("SO_ERROR");
	errno = error;
	return !error;
}

static inline void visit(struct slot *slot, const struct plan *plan, const struct address *target, struct bench *bench)
{
	struct end end;

	end_begin(&end, slot, plan, CLIENT, bench);
	end.fd = open_socket(target, end.waiting == BLOCKING);
	set_options(&end);
	if (reach_server(&end, target)) {
		converse(&end);
		atomic_fetch_add(&board->connections, 1);
		if (end.cut)
			atomic_fetch_add(&board->cut, 1);
	} else {
		broken(&end, "connect");
		close(end.fd);
	}
}

/* The slot may be used again when the server has come to the end of the connection too. */
static inline void wait_for_server(struct slot *slot)
{
	while (!slot->served && !slot_may_end_early(slot))
		sleep_ns(NS_PER_MS / 20);
	while (slot->busy[SERVER])
		sleep_ns(NS_PER_MS / 20);
	slot->busy[CLIENT] = false;
}

struct visitor {
	uint32_t index;
	const struct address *target;
	const struct habits *habits;
	uint64_t limit;
};

static inline void *visit_again_and_again(void *argument)
{
	const struct visitor *visitor = argument;
	struct slot *slot = &board->slots[visitor->index];
	struct bench bench = bench_make();
	uint32_t parity = visitor->index % 2;

	while (!board->stopping) {
		uint64_t number = 2 * atomic_fetch_add(&board->next[parity], 1) + parity;
		uint64_t generation = board->generation;
		struct plan plan;

		if (number >= visitor->limit)
			break;
		/* A killed process is being replaced. */
		for (; board->go != generation && !board->stopping; generation = board->generation)
			sleep_ns(NS_PER_MS);
		plan = plan_make(board->seed, number, visitor->habits);
		slot_open(slot, number, generation);
		visit(slot, &plan, visitor->target, &bench);
		wait_for_server(slot);
	}
	return NULL;
}
