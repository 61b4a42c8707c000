/* SPDX-License-Identifier: GPL-2.0-only */
/* What calls answered, one after the other, so that two runs can be compared. */
#pragma once
#include "clock.h"
#include "sockets.h"

#define SETTLE_MS 30

static char outcome[1024];

static inline void settle(void)
{
	sleep_ns(SETTLE_MS * NS_PER_MS);
}

/* A call's name, and the number of bytes or the error that it answered. */
static inline void note(const char *call, ssize_t answer)
{
	size_t length = strlen(outcome);

	if (answer < 0)
		snprintf(outcome + length, sizeof(outcome) - length, "%s%s %s", length ? ", " : "", call, strerrorname_np(errno));
	else
		snprintf(outcome + length, sizeof(outcome) - length, "%s%s %zd", length ? ", " : "", call, answer);
}

static inline void try_to_send(int fd)
{
	note("send", send(fd, "late", 4, MSG_NOSIGNAL));
	settle();
}

static inline void try_to_receive(int fd)
{
	uint8_t bytes[256];

	note("recv", recv(fd, bytes, sizeof(bytes), 0));
}

/* How many bytes come, and what recv answers when there are no more. */
static inline void receive_rest(int fd)
{
	uint8_t bytes[4096];
	ssize_t received, whole = 0;

	do {
		wait_for(fd, POLLIN, 300);
		received = recv(fd, bytes, sizeof(bytes), 0);
		whole += received > 0 ? received : 0;
	} while (received > 0);
	note("last recv", received);
	note("received", whole);
}
