/* SPDX-License-Identifier: GPL-2.0 */
/* Whether TCP may carry a direction for a while although both ends are enrolled, and from when on it does. */
#pragma once

#include "join.bpf.h"

/* A server that was not accepted yet has nobody who could block, so its reader starts on the bypass. */
static __always_inline bool blocks(struct ss_connection *conn, __u32 side)
{
	struct file *file = (void *)conn->file[side & 1];

	if (unlikely(!file)) {
		file = file_of((void *)conn->sock[side & 1]);
		conn->file[side & 1] = (__u64)file;
	}
	return file && !(BPF_CORE_READ(file, f_flags) & O_NONBLOCK);
}

/*
 * A stream whose reader is behind stays, and TCP, with its own limits, carries it until the reader has caught up: bytes of both paths
 * are read in order. Not where a program asks FIONREAD, which may be told that what TCP brought is not there. Nor where the reader blocks: it falls asleep in TCP's own
 * recv when it wants more than TCP brought, hears nothing of what is redirected meanwhile, and would read what TCP brings after that first. Nor where the sender has a
 * TCP_USER_TIMEOUT, which counts while TCP waits for what was redirected before.
 */
static __always_inline bool may_spill(struct ss_connection *conn, __u32 side, __u32 state)
{
	return state == SS_STATE_BYPASS && !conn->strict && streams(conn, side) && !blocks(conn, !(side & 1)) &&
	       !has_user_timeout((void *)conn->sock[side & 1]);
}

/*
 * Another thread's send that had waited for the socket's lock since before it was enrolled, and so has given its bytes to TCP, after the first redirect. They may
 * still be there (Nagle, a pace): if what the same thread sends next were redirected, it would be read first.
 */
static __always_inline bool was_overtaken(struct ss_direction *direction, __u32 write_seq)
{
	return direction->ordered && write_seq != direction->ordered_at;
}

/* With the sender's lock held. */
static __always_inline void spill(struct ss_direction *direction)
{
	direction->ordered = 0;
	direction->pauses |= SS_HELD_UP;
	if (!spill_of(direction)) {
		begin_spill(direction);
		ask_for_attention();
	}
}
