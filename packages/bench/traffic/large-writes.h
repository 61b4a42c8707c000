/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes that are larger than what finds room, so that each ends in the middle. */
#pragma once
#include "by-tcp.h"
#include "outcome.h"
#include "whole.h"

#define WRITE_BYTES 65536
#define WRITES 100
#define MORE_THAN_FITS (32 * 1024 * 1024)
#define TIMES_FULL 4

/* All that finds room. */
static inline size_t fill(int client, const uint8_t *bytes)
{
	size_t all = 0;
	ssize_t sent;

	while ((sent = send(client, bytes, MORE_THAN_FITS, MSG_NOSIGNAL)) > 0)
		all += (size_t)sent;
	if (errno != EAGAIN)
		fail("send");
	return all;
}

/* A stream whose reader reads everything each time that nothing more has room: then it is its redirected bytes that fill the room again. */
static inline void fill_again_and_again(int client, int server)
{
	uint8_t *bytes = calloc(1, MORE_THAN_FITS);

	if (!bytes)
		fail("calloc");
	for (int i = 0; i < WRITES; i++)
		if (!send_whole(client, bytes, WRITE_BYTES, false) || !receive_whole(server, bytes, WRITE_BYTES, false))
			fail("stream");
	for (int i = 0; i < TIMES_FULL; i++) {
		uint64_t before = bytes_by_tcp(client);
		size_t sent = fill(client, bytes);

		if (!receive_whole(server, bytes, sent, false))
			fail("receive");
		note("by TCP", bytes_by_tcp(client) > before);
		note("redirected", bytes_by_tcp(client) - before < sent);
	}
}
