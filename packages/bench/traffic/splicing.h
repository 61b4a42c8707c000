/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole messages by splice: TCP socket to pipe, pipe to memory. */
#pragma once
#include "clock.h"
#include "splice-call.h"
#include "stop.h"
#include "whole.h"

/* False when nothing comes for too long. */
static inline bool splice_whole(int fd, const int pipe[2], uint8_t *bytes, size_t length)
{
	uint64_t give_up = now_ns() + WHOLE_TIMEOUT_MS * NS_PER_MS;

	while (length) {
		ssize_t moved = call_splice(fd, pipe[1], length, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

		if (moved > 0) {
			if (read(pipe[0], bytes, (size_t)moved) != moved)
				fail("read");
			bytes += moved, length -= (size_t)moved;
		} else if (!moved || !whole_again(fd, POLLIN, false)) {
			return false;
		} else {
			/* poll may say readable while splice sees nothing: not in a busy loop. */
			sleep_ns(NS_PER_MS);
			if (stopping || now_ns() > give_up)
				return false;
		}
	}
	return true;
}
