/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors on their way over a UNIX socket: in between they are in nobody's hands. */
#pragma once
#include "fail.h"
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union descriptor_message {
	struct cmsghdr header;
	uint8_t room[CMSG_SPACE(sizeof(int))];
};

static inline void pass(int over, int fd)
{
	union descriptor_message control = { .header = { CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec byte = { "", 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(over, &message, 0) != 1)
		fail("sendmsg");
}

static inline int take(int over)
{
	union descriptor_message control;
	char byte;
	struct iovec place = { &byte, 1 };
	struct msghdr message = { .msg_iov = &place, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(over, &message, MSG_CMSG_CLOEXEC) != 1 || message.msg_controllen < CMSG_LEN(sizeof(fd)))
		fail("recvmsg");
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}
