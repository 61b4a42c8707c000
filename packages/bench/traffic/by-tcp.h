/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of what was sent went by TCP. */
#pragma once
#include "fail.h"
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>

/* That TCP has sent since the connection began. The C library's struct ends before that field. */
static inline uint64_t bytes_by_tcp(int fd)
{
	struct {
		uint8_t before[200];
		uint64_t bytes_sent;
	} info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) || size != sizeof(info))
		fail("getsockopt");
	return info.bytes_sent;
}
