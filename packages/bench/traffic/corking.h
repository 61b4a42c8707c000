/* SPDX-License-Identifier: GPL-2.0-only */
/* A sender that says that more is to come, so that TCP waits for the rest of a segment: for 0.2 s, if no acknowledgement comes before. */
#pragma once
#include "outcome.h"
#include "whole.h"

#define STREAM_MESSAGES 100
#define STREAM_MESSAGE_BYTES 4000

/* So much that its reader's queue is full and TCP has some of it, too. */
static inline size_t stream_to_nobody(int client)
{
	static uint8_t bytes[STREAM_MESSAGE_BYTES];
	size_t all = 0;

	for (int i = 0; i < STREAM_MESSAGES; i++) {
		ssize_t sent = send(client, bytes, sizeof(bytes), MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			fail("send");
		if (sent < 0)
			break;
		all += (size_t)sent;
	}
	return all;
}

/* Its reader is one byte behind. */
static inline void say_that_more_is_to_come(int client, int server)
{
	static uint8_t bytes[STREAM_MESSAGES * STREAM_MESSAGE_BYTES];

	set_option(client, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!receive_whole(server, bytes, stream_to_nobody(client) - 1, false))
		fail("receive");
	/* The first time it may have to wait until TCP loses patience, for until now it has not said so. */
	for (int i = 0; i < 2; i++) {
		/* TCP has nothing on its way then, nor an acknowledgement to come. */
		sleep_ns(100 * NS_PER_MS);
		note("send", send(client, bytes, STREAM_MESSAGE_BYTES, MSG_NOSIGNAL | MSG_MORE));
		note(i ? "has room" : "has room, sooner or later", wait_for(client, POLLOUT, i ? 100 : 1000));
		if (!wait_for(server, POLLIN, 1000) || !receive_whole(server, bytes, STREAM_MESSAGE_BYTES, false))
			fail("receive");
	}
	note("send the rest", send(client, bytes, 1, MSG_NOSIGNAL));
	note("received", receive_whole(server, bytes, 2, false));
}
