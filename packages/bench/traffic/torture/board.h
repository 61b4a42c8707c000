/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processes of a run know of each other: shared memory, so that nothing has to be said on the wire. */
#pragma once
#include "../address.h"
#include "../clock.h"
#include "../fail.h"
#include "plan.h"
#include <stdatomic.h>
#include <sched.h>
#include <sys/mman.h>

#define SLOTS 64
#define PORTS 65536
#define FAILURE_TEXT 8192

/* One direction of a connection: its sender's and its receiver's account. */
struct road {
	_Alignas(64) _Atomic uint64_t sent;
	/* Since when the receiver has something to wait for. */
	_Atomic uint64_t owed_since;
	atomic_bool shut;
	_Alignas(64) _Atomic uint64_t received;
	_Atomic uint64_t taken_at;
	atomic_bool ended;
};

enum doing { IDLE, CONNECTING, RESTING, SENDING, RECEIVING, WAITING, SETTLING, ENDING };

/* A connection that is open. It belongs to one thread of the client, which uses it again and again. */
struct slot {
	_Atomic uint64_t number, generation, opened;
	struct road road[2];
	_Atomic uint32_t doing[2], step[2], client_port;
	/* Set by the closer before it goes away early. */
	atomic_bool aborted;
	/* Between accept or connect and close; and the server is through with it. */
	atomic_bool busy[2], served;
};

struct board {
	uint64_t seed;
	/* For so long bytes may wait for a reader who waits for them. */
	uint64_t late_ns;
	/* The next connection of each kind: even and odd numbers. */
	_Atomic uint64_t next[2];
	/* Grows with each process that is killed; connections of an earlier one may end early. */
	_Atomic uint64_t generation, go;
	/* No new connections. */
	atomic_bool stopping;
	atomic_int failed;
	char failure[FAILURE_TEXT];
	uint32_t failure_port;
	_Atomic uint64_t connections, cut, bytes, odd_again, kills, longest_gap_ns;
	/* Threads of the server that have accepted a connection. */
	_Atomic uint32_t serving;
	/* The server takes part; its address with the port that it was given. */
	atomic_bool listening;
	struct address address;
	/* A wake without data may answer EAGAIN to a call that blocks, and end one that waits for all: what is known of the bypass. */
	bool may_wake;
	/* Which slot the client's port belongs to, plus one. */
	_Atomic uint32_t slot_of_port[PORTS];
	struct slot slots[SLOTS];
};

static struct board *board;

static inline void board_make(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		fail("mmap");
}

static inline void board_note_longest(uint64_t gap)
{
	uint64_t longest = atomic_load(&board->longest_gap_ns);

	while (gap > longest && !atomic_compare_exchange_weak(&board->longest_gap_ns, &longest, gap))
		;
}

static inline void road_clear(struct road *road)
{
	road->sent = road->owed_since = road->received = 0;
	road->taken_at = now_ns();
	road->shut = road->ended = false;
}

static inline bool road_owes(const struct road *road)
{
	return road->sent > road->received || (road->shut && !road->ended);
}

static inline void road_sent(struct road *road, uint64_t length)
{
	uint64_t before = atomic_fetch_add(&road->sent, length);

	if (before <= atomic_load(&road->received))
		atomic_store(&road->owed_since, now_ns());
}

static inline void road_shut(struct road *road)
{
	if (road->sent <= road->received)
		atomic_store(&road->owed_since, now_ns());
	atomic_store(&road->shut, true);
}

/* `waiting_since` is when the receiver began to wait for these bytes. */
static inline void road_received(struct road *road, uint64_t length, uint64_t waiting_since)
{
	uint64_t now = now_ns(), since = atomic_load(&road->owed_since);

	if (since < waiting_since)
		since = waiting_since;
	if (since && now > since)
		board_note_longest(now - since);
	atomic_fetch_add(&road->received, length);
	atomic_store(&road->taken_at, now);
}

/* Whether this connection may end before its plan does: the closer went away, or a process was killed. */
static inline bool slot_may_end_early(const struct slot *slot)
{
	return slot->aborted || slot->generation != board->generation;
}
