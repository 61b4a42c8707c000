/* SPDX-License-Identifier: GPL-2.0-only */
/* Readers that are not where they seem to be: asleep in a call that began earlier, or always one message behind. */
#pragma once
#include "outcome.h"
#include "pattern.h"
#include "turns.h"
#include <pthread.h>

/* Turns that somebody sleeps through. */
#define SLEPT_TURNS 300

struct sleeper {
	int fd;
	uint8_t bytes[SLEPT_TURNS * TURN_BYTES];
	ssize_t received;
};

/* In one call, that takes what comes and goes on sleeping until it has all of it. */
static inline void *sleep_in_recv(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->received = recv(sleeper->fd, sleeper->bytes, sizeof(sleeper->bytes), MSG_WAITALL);
	return NULL;
}

static inline void turn_while_asleep(int client, int server, const uint8_t *request)
{
	uint8_t answer[TURN_BYTES] = { 0 };

	if (!send_whole(client, request, TURN_BYTES, false) || !send_whole(server, answer, sizeof(answer), false) ||
	    !receive_whole(client, answer, sizeof(answer), false))
		fail("take turns");
	sleep_ns(NS_PER_MS);
}

/* A call that began before its file became non-blocking goes on as it began. */
static inline void become_non_blocking_while_asleep(int client, int server)
{
	static uint8_t requests[SLEPT_TURNS * TURN_BYTES];
	static struct sleeper sleeper;
	int flags = fcntl(server, F_GETFL);
	pthread_t thread;

	pattern_fill(requests, sizeof(requests), 1, 0);
	if (fcntl(server, F_SETFL, flags & ~O_NONBLOCK))
		fail("fcntl");
	limit_blocking(server);
	take_turns(client, server);
	turn_while_asleep(client, server, requests);
	sleeper.fd = server;
	if (!wait_for(server, POLLIN, WHOLE_TIMEOUT_MS) || pthread_create(&thread, NULL, sleep_in_recv, &sleeper))
		fail("fall asleep");
	/* What has arrived is gone: the call is under way. */
	while (wait_for(server, POLLIN, 0))
		sleep_ns(NS_PER_MS);
	if (fcntl(server, F_SETFL, flags))
		fail("fcntl");
	for (int turn = 1; turn < SLEPT_TURNS; turn++)
		turn_while_asleep(client, server, requests + turn * TURN_BYTES);
	pthread_join(thread, NULL);
	note("recv", sleeper.received);
	note("in order", !memcmp(sleeper.bytes, requests, sizeof(requests)));
	take_turns(client, server);
}

static inline void turn_behind(int client, int server, uint64_t turn, uint64_t *wrong)
{
	uint8_t bytes[TURN_BYTES];
	uint64_t first;

	pattern_fill(bytes, sizeof(bytes), 1, (turn + 1) * TURN_BYTES);
	if (!send_whole(client, bytes, sizeof(bytes), false) || !receive_whole(server, bytes, sizeof(bytes), false))
		fail("take turns");
	*wrong += pattern_check(bytes, sizeof(bytes), 1, turn * TURN_BYTES, &first);
	if (!send_whole(server, bytes, sizeof(bytes), false) || !receive_whole(client, bytes, sizeof(bytes), false))
		fail("take turns");
	sleep_ns(NS_PER_MS);
}

/* A reader that always has one message unread, the first of them one that TCP brought: it has left the bypass for its mark. */
static inline void stay_behind(int client, int server)
{
	uint8_t bytes[TURN_BYTES];
	uint64_t wrong = 0, turn, first;

	set_option(server, SOL_SOCKET, SO_RCVLOWAT, 2);
	take_turns(client, server);
	pattern_fill(bytes, sizeof(bytes), 1, 0);
	if (!send_whole(client, bytes, sizeof(bytes), false))
		fail("send");
	set_option(server, SOL_SOCKET, SO_RCVLOWAT, 1);
	for (turn = 0; !told && !stopping; turn++)
		turn_behind(client, server, turn, &wrong);
	note("received", receive_whole(server, bytes, sizeof(bytes), false));
	note("wrong", (ssize_t)(wrong + pattern_check(bytes, sizeof(bytes), 1, turn * TURN_BYTES, &first)));
}
