/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that change their minds about a socket in mid-conversation. */
#pragma once
#include "outcome.h"
#include "sharing.h"
#include <linux/errqueue.h>

/* As converse_as_client and answer_as_server do, in one thread. */
static inline bool converse(int client, int server)
{
	for (uint8_t turn = 0; turn < TURNS; turn++) {
		uint8_t bytes[64] = { turn };

		if (!send_whole(client, bytes, sizeof(bytes), false) || !receive_whole(server, bytes, sizeof(bytes), false) ||
		    !send_whole(server, bytes, sizeof(bytes), false) || !receive_whole(client, bytes, sizeof(bytes), false) ||
		    bytes[0] != turn)
			return false;
	}
	return true;
}

static inline void set_a_low_water_mark(int one, int other)
{
	set_option(one, SOL_SOCKET, SO_RCVLOWAT, 32);
	note("conversed", converse(other, one));
}

static inline void become_blocking(int one, int other)
{
	if (fcntl(one, F_SETFL, fcntl(one, F_GETFL) & ~O_NONBLOCK))
		fail("fcntl");
	note("conversed", converse(other, one));
}

#define ZERO_COPY_SENDS 4

/* Each zero-copy send is completed by a message in the error queue. */
static inline uint32_t completions(int fd)
{
	uint32_t completed = 0;

	for (;;) {
		uint8_t room[128];
		struct msghdr message = { .msg_control = room, .msg_controllen = sizeof(room) };
		struct sock_extended_err *error;

		if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0)
			return completed;
		error = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&message));
		completed += error->ee_data - error->ee_info + 1;
	}
}

static inline void send_zero_copy(int one, int other)
{
	static uint8_t bytes[64];
	uint32_t completed = 0;

	set_option(one, SOL_SOCKET, SO_ZEROCOPY, 1);
	for (int i = 0; i < ZERO_COPY_SENDS; i++) {
		note("send", send(one, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_ZEROCOPY));
		note("received", receive_whole(other, bytes, sizeof(bytes), false));
		settle();
	}
	/* The last one may not be acknowledged yet. */
	for (int look = 0; look < 100 && completed < ZERO_COPY_SENDS; look++, settle())
		completed += completions(one);
	note("completed", completed + completions(one));
	note("conversed", converse(one, other));
}
