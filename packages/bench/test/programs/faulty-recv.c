// SPDX-License-Identifier: GPL-2.0-only
/* To be preloaded: recv() as a kernel would answer it that has the fault which the environment names. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has(const char *fault)
{
	return !strcmp(getenv("FAULT"), fault);
}

ssize_t recv(int fd, void *bytes, size_t length, int flags)
{
	bool blocks = !(flags & MSG_DONTWAIT) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ssize_t received;

	if ((has("EAGAIN") && blocks) || (has("gone after a peek") && flags & MSG_DONTWAIT))
		return errno = EAGAIN, -1;
	if (has("short") && flags & MSG_WAITALL && length > 1)
		length--;
	received = syscall(SYS_recvfrom, fd, bytes, length, flags, NULL, NULL);
	if (has("wrong peek") && flags & MSG_PEEK && received > 0)
		*(uint8_t *)bytes ^= 1;
	return received;
}
