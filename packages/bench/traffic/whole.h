/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole messages through a socket that may block or not: all of it or false, with errno saying why. */
#pragma once
#include "sockets.h"

#define WHOLE_TIMEOUT_MS 10000

/* A socket that blocks gives up after as long as one that is polled. */
static inline void limit_blocking(int fd)
{
	struct timeval limit = { .tv_sec = WHOLE_TIMEOUT_MS / 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		fail("setsockopt");
}

static inline bool whole_again(int fd, short events, bool blocking)
{
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN || blocking)
		return false;
	if (wait_for(fd, events, WHOLE_TIMEOUT_MS))
		return true;
	errno = ETIMEDOUT;
	return false;
}

static inline bool send_whole(int fd, const uint8_t *bytes, size_t length, bool blocking)
{
	while (length) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent >= 0)
			bytes += sent, length -= (size_t)sent;
		else if (!whole_again(fd, POLLOUT, blocking))
			return false;
	}
	return true;
}

/* EPIPE when the stream ends before. */
static inline bool receive_whole(int fd, uint8_t *bytes, size_t length, bool blocking)
{
	while (length) {
		ssize_t received = recv(fd, bytes, length, 0);

		if (received > 0)
			bytes += received, length -= (size_t)received;
		else if (!received)
			return errno = EPIPE, false;
		else if (!whole_again(fd, POLLIN, blocking))
			return false;
	}
	return true;
}

/* The peer must have nothing more to say. */
static inline bool receive_end(int fd, bool blocking)
{
	uint8_t byte;

	if (receive_whole(fd, &byte, 1, blocking))
		return errno = EPROTO, false;
	return errno == EPIPE;
}
