/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * splice(), by the system call as programs in Go do it, and whatever is linked statically: it shows when it is first called. Who calls the C library's
 * (LINKED) is known by its executable before.
 */
#pragma once
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline ssize_t call_splice(int from, int to, size_t length, unsigned int flags)
{
#ifdef LINKED
	return splice(from, NULL, to, NULL, length, flags);
#else
	return syscall(SYS_splice, from, NULL, to, NULL, length, flags);
#endif
}
