/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of a sender that Sidestep may lend it, as the kernel has them. */
#pragma once
#include "sockets.h"

struct lent {
	/* TCP_THIN_LINEAR_TIMEOUTS. */
	int linear;
	/* A keepalive's seconds of silence before it, and between its probes, and how many may be lost. 0: it is off. */
	int keep_idle, keep_interval, keep_probes;
};

/* A UNIX socket has none. */
static inline struct lent lent_of(int fd)
{
	socklen_t size = sizeof(int);
	struct lent lent = {};
	int on = 0;

	getsockopt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, &lent.linear, &size);
	if (!getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size) && on) {
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &lent.keep_idle, &size);
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &lent.keep_interval, &size);
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &lent.keep_probes, &size);
	}
	return lent;
}

/* Of the program's own. */
static inline void set_keepalive(int fd, uint32_t idle)
{
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)idle);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 20);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
}
