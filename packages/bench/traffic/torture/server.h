/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that listens: several threads wait for the same listener, and each serves what it has accepted to its end. */
#pragma once
#include "client.h"

#define STRANGER_MS 5000

struct host {
	int listen_fd;
	const struct habits *habits;
};

/* The client says whose port it is right after it has one. A connection of a client that was killed belongs to nobody. */
static inline struct slot *slot_of_peer(const struct address *peer)
{
	_Atomic uint32_t *entry = &board->slot_of_port[address_port(peer)];
	uint64_t generation = board->generation;

	for (int i = 0; i < STRANGER_MS * 20 && generation == board->generation; i++) {
		uint32_t slot = atomic_exchange(entry, 0);

		if (slot)
			return &board->slots[slot - 1];
		sleep_ns(NS_PER_MS / 20);
	}
	return NULL;
}

static inline void serve(int fd, const struct address *peer, const struct habits *habits, struct bench *bench)
{
	struct slot *slot = slot_of_peer(peer);
	struct plan plan;
	struct end end;

	if (!slot) {
		close(fd);
		return;
	}
	slot->busy[SERVER] = true;
	plan = plan_make(board->seed, slot->number, habits);
	end_begin(&end, slot, &plan, SERVER, bench);
	end.fd = fd;
	set_options(&end);
	converse(&end);
	slot->served = true;
	slot->busy[SERVER] = false;
}

/* Ends with the process. */
__attribute__((noreturn)) static inline void *serve_again_and_again(void *argument)
{
	const struct host *host = argument;
	struct bench bench = bench_make();

	for (;;) {
		struct address peer = { .length = sizeof(struct sockaddr_in6) };
		int fd;

		wait_for(host->listen_fd, POLLIN, -1);
		atomic_fetch_add(&board->serving, 1);
		fd = accept4(host->listen_fd, &peer.any, &peer.length, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			serve(fd, &peer, host->habits, &bench);
		atomic_fetch_sub(&board->serving, 1);
	}
}
