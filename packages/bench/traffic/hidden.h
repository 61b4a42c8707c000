/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets in a network namespace without a name and without a process: nobody can enter it, only the sockets keep it. */
#pragma once
#include "fail.h"
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Makes it and goes there. The way home. */
static inline int hide(void)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (home < 0 || unshare(CLONE_NEWNET))
		fail("a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback))
		fail("loopback");
	close(fd);
	return home;
}

static inline void come_home(int home)
{
	if (setns(home, CLONE_NEWNET))
		fail("the way back from a network namespace");
	close(home);
}
