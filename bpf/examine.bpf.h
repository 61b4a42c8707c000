/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that splices for the first time from a socket with redirected bytes before it hangs: splice does not see them. So nobody's
 * connections join before the daemon has looked whether its executable could: docs/decisions/examine-executables.md. Only where blocking readers are
 * allowed, those join that are new.
 */
#pragma once

#include "maps.bpf.h"

/*
 * Asks the daemon for what it has not looked at. Whose process had ended before it came is let in as long as no other process of it comes, and only
 * where that is the one that uses the socket: a listener's may have ended long ago.
 */
static __always_inline bool was_looked_at(struct ss_end *end, bool exact)
{
	struct ss_executable executable = end->executable;
	struct ss_program program = { .pid = end->pid }, *known;

	/* A thread of the kernel's. */
	if (!executable.inode)
		return true;
	known = bpf_map_lookup_elem(&programs, &executable);
	if (known && (known->examined == SS_EXAMINED || (known->examined == SS_OUT_OF_REACH && known->pid == end->pid && exact)))
		return true;
	if (known && (known->examined == SS_COULD_SPLICE || known->examined == SS_UNREADABLE))
		return false;
	if (!known || (known->examined == SS_OUT_OF_REACH && known->pid != end->pid))
		bpf_map_update_elem(&programs, &executable, &program, BPF_ANY);
	__sync_fetch_and_add(&census.unexamined, 1);
	return false;
}

static __always_inline bool is_examined(struct ss_connection *conn, __u32 side)
{
	if (!conn->examined[side & 1] && was_looked_at(&conn->end[side & 1], conn->exact[side & 1]))
		conn->examined[side & 1] = 1;
	return conn->examined[side & 1];
}

/* The daemon has tried to look at what this end executes, and could not: it may splice. */
static __always_inline bool is_unreadable(struct ss_connection *conn, __u32 side)
{
	struct ss_executable executable = conn->end[side & 1].executable;
	struct ss_program *known;

	if (conn->examined[side & 1])
		return false;
	known = bpf_map_lookup_elem(&programs, &executable);
	return known && known->examined == SS_UNREADABLE;
}

/* Both are asked for at once. */
static __always_inline bool are_examined(struct ss_connection *conn)
{
	bool client = is_examined(conn, SS_CLIENT);

	return is_examined(conn, SS_SERVER) && client;
}
