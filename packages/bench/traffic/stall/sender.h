/* SPDX-License-Identifier: GPL-2.0-only */
/* The end that is held up. */
#pragma once
#include "../passing.h"
#include "reader.h"

#define STALL_MS 1000

static bool has_been_given_back(struct lent lent)
{
	return (!lent.linear || options.only_keepalive) && lent.keep_idle == (int)options.keep_idle;
}

static void say_read(void)
{
	printf("{\"read\":%lu}\n", tally->received);
	fflush(stdout);
}

/* No process has it, until SIGUSR1. */
static int keep_out_of_reach(int fd)
{
	int over[2], again;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, over))
		fail("socketpair");
	pass(over[0], fd);
	close(fd);
	say_read();
	wait_until_told();
	again = take(over[1]);
	close(over[0]);
	close(over[1]);
	return again;
}

/*
 * What Sidestep lends a sender must be given back, also to one that sends nothing more: the keepalive when its reader needs it no longer, the other things when its connection has
 * left.
 */
static int wait_until_given_back(int fd)
{
	uint64_t end = now_ns() + 2 * WHOLE_TIMEOUT_MS * NS_PER_MS;

	while (tally->received < tally->sent && now_ns() < end)
		usleep(1000);
	if (options.out_of_reach)
		return keep_out_of_reach(fd);
	say_read();
	while (!has_been_given_back(lent_of(fd)) && now_ns() < end)
		usleep(1000);
	return fd;
}

static bool take_turn(int fd)
{
	uint8_t bytes[TURN_BYTES], answer[TURN_BYTES];

	pattern_fill(bytes, sizeof(bytes), options.seed, tally->sent);
	if (!send_whole(fd, bytes, sizeof(bytes), options.blocking) ||
	    !receive_whole(fd, answer, sizeof(answer), options.blocking))
		return false;
	atomic_fetch_add(&tally->sent, sizeof(bytes));
	if (memcmp(bytes, answer, sizeof(bytes)))
		atomic_fetch_add(&tally->wrong, 1);
	return true;
}

/* Requests and answers, so that the connection shows what it is: until SIGUSR1, or for the time that was asked. */
static bool take_turns(int fd)
{
	uint64_t end = now_ns() + options.warm_ms * NS_PER_MS;

	do {
		if (!take_turn(fd))
			return false;
	} while (!told_within_ms() && !stopping && (!options.warm_ms || now_ns() < end));
	return true;
}

/* Sends up to `limit` bytes; less when the socket took nothing for STALL_MS. */
static uint64_t flood(int fd, uint64_t limit)
{
	uint8_t *buffer = malloc(options.send_size.max);
	uint64_t accepted = 0;
	bool promised = false;

	if (!buffer)
		fail("out of memory");
	for (uint64_t index = 0; accepted < limit; index++) {
		size_t length = range_draw(&options.send_size, options.seed, index), done = 0;

		pattern_fill(buffer, length, options.seed, tally->sent);
		while (done < length) {
			uint64_t began = now_ns();
			ssize_t sent = send(fd, buffer + done, length - done, MSG_NOSIGNAL);

			if (sent < 0 && promised)
				atomic_fetch_add(&tally->empty_promises, 1);
			promised = false;
			if (sent >= 0) {
				done += (size_t)sent;
				accepted += (uint64_t)sent;
				atomic_fetch_add(&tally->sent, (uint64_t)sent);
			} else if (errno == EAGAIN) {
				if (options.blocking || !wait_for(fd, POLLOUT, STALL_MS)) {
					atomic_store(&tally->held_ns, now_ns() - began);
					goto out;
				}
				promised = true;
			} else if (errno != EINTR) {
				trouble();
				goto out;
			}
		}
	}
out:
	free(buffer);
	return accepted;
}

static void hold_up_after(int fd, uint32_t ms)
{
	struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		fail("setsockopt");
}

/* As long as somebody looks at the connection. */
static void hold_until_told(const char *what, uint64_t bytes, struct lent lent)
{
	printf("{\"%s\":%lu,\"linearTimeouts\":%d,\"keepIdle\":%d}\n", what, bytes, lent.linear, lent.keep_idle);
	fflush(stdout);
	wait_until_told();
}

/* The bytes that were accepted before the sender was held up. */
static uint64_t send_all(int fd)
{
	uint64_t accepted;
	struct lent lent;

	if (!take_turns(fd)) {
		trouble();
		shutdown(fd, SHUT_WR);
		return 0;
	}
	if (options.hold)
		hold_until_told("turns", tally->sent, lent_of(fd));
	atomic_store(&tally->flooding, true);
	if (options.blocking)
		hold_up_after(fd, STALL_MS);
	accepted = flood(fd, options.limit);
	lent = lent_of(fd);
	if (options.shut)
		shutdown(fd, SHUT_WR);
	if (options.gone)
		close(fd);
	if (options.hold)
		hold_until_told("before", tally->before, lent);
	atomic_store(&tally->owed, tally->sent);
	atomic_store(&tally->resumed_at, now_ns());
	atomic_store(&tally->resumed, true);
	if (options.gone)
		return accepted;
	if (options.blocking)
		hold_up_after(fd, WHOLE_TIMEOUT_MS);
	atomic_store(&tally->afterwards, flood(fd, options.after));
	if (options.until_given_back)
		fd = wait_until_given_back(fd);
	tally->lent = lent_of(fd);
	shutdown(fd, SHUT_WR);
	return accepted;
}
