/* SPDX-License-Identifier: GPL-2.0-only */
/* The end that stops reading. */
#pragma once
#include "../hello.h"
#include "../pattern.h"
#include "../whole.h"
#include "options.h"
#include "tally.h"
#include <sys/prctl.h>

#define TURN_BYTES 64
/* Without data. */
#define MOST_WAKES 100

static uint64_t receive_buffer(int fd)
{
	socklen_t size = sizeof(int);
	int bytes = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size))
		fail("getsockopt");
	return (uint64_t)bytes;
}

static void check(const uint8_t *bytes, size_t length)
{
	uint64_t first;

	atomic_fetch_add(&tally->wrong, pattern_check(bytes, length, options.seed, tally->received, &first));
	atomic_fetch_add(&tally->received, length);
}

/* A FIN on the bypass, or a wake without data, answers EAGAIN to a reader that blocks, now and then. So does its patience when that ends, if it has one. */
static bool was_woken_for_nothing(uint64_t began)
{
	static uint32_t times;

	if (!options.blocking || errno != EAGAIN)
		return false;
	if (options.whole && now_ns() - began >= WHOLE_TIMEOUT_MS / 2 * NS_PER_MS)
		return false;
	return ++times < MOST_WAKES;
}

/* It hears nothing more as long as nobody can reach its sender. */
static bool waits_for_longer(int fd)
{
	return options.out_of_reach && tally->resumed && errno == EAGAIN && wait_for(fd, POLLIN, 10 * WHOLE_TIMEOUT_MS);
}

/* Answers turns until the flood begins, reads the first bytes of it, then nothing until told to, then everything. */
static void read_all(int fd)
{
	static uint8_t buffer[1 << 20];
	uint64_t pause_at = 0;

	for (;;) {
		bool whole = options.whole && tally->resumed;
		/* Who is to stop at once takes nothing along of the flood. */
		size_t at_most = whole ? sizeof(buffer) : options.first || tally->resumed ? 65536 : TURN_BYTES;
		uint64_t began = now_ns();
		ssize_t received = recv(fd, buffer, at_most, whole ? MSG_WAITALL : 0);

		if (received < 0 && (was_woken_for_nothing(began) || waits_for_longer(fd) || whole_again(fd, POLLIN, options.blocking)))
			continue;
		if (received < 0)
			trouble();
		if (received <= 0)
			return;
		if (!tally->flooding && !send_whole(fd, buffer, (size_t)received, options.blocking))
			trouble();
		check(buffer, (size_t)received);
		if (tally->resumed && !tally->late_ns && tally->received >= tally->owed)
			atomic_store(&tally->late_ns, now_ns() - tally->resumed_at);
		if (tally->flooding && !pause_at)
			pause_at = tally->received + options.first;
		if (pause_at && tally->received >= pause_at && !tally->before) {
			atomic_store(&tally->before, tally->received);
			while (!tally->resumed)
				usleep(1000);
			atomic_store(&tally->buffer, receive_buffer(fd));
		}
	}
}

static void run_reader(int listen_fd)
{
	int fd = -1;

	if (wait_for(listen_fd, POLLIN, WHOLE_TIMEOUT_MS))
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | (options.blocking ? 0 : SOCK_NONBLOCK));
	if (fd < 0)
		fail("accept");
	set_nodelay(fd, &options.address);
	if (options.whole)
		limit_blocking(fd);
	read_all(fd);
	_exit(EXIT_RIGHT);
}
