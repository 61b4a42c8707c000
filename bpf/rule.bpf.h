/* SPDX-License-Identifier: GPL-2.0 */
/* What an operator keeps on the stack: the connections of servers with certain ports. */
#pragma once

#include "leave.bpf.h"

static __always_inline bool is_kept(__u32 port)
{
	volatile struct ss_ports *range = config.kept;
	__u32 i;

	for (i = 0; i < SS_MOST_RULES; i++) {
		if (i >= config.kept_count)
			return false;
		if (range[i].first <= port && port <= range[i].last)
			return true;
	}
	return false;
}

/*
 * Asked on each message: the ports are compared only when the rules were changed since. User space writes the number last, so whoever reads
 * it finds what it stands for; and the answer is in the same word as the number.
 */
static __always_inline bool kept_by_rule(struct ss_connection *conn)
{
	__u32 rules = config.rules, ruled = *(volatile __u32 *)&conn->ruled;

	if (ruled >> 1 == rules)
		return ruled & 1;
	full_barrier();
	ruled = rules << 1 | is_kept(conn->end[SS_SERVER].port);
	/* Until the server has said so itself, its port is what its client calls. */
	if (conn->sock[SS_SERVER])
		*(volatile __u32 *)&conn->ruled = ruled;
	return ruled & 1;
}
