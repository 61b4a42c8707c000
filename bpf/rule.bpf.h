/* SPDX-License-Identifier: GPL-2.0 */
/* What is kept on the stack: by the operator the connections of servers with certain ports, by the daemon those that it has found to cost less there. */
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

static __always_inline bool costs_less_on_tcp(struct ss_connection *conn)
{
	struct ss_pair pair = pair_of(conn);

	return bpf_map_lookup_elem(&cheaper_on_tcp, &pair);
}

#define RULED_BITS 2
#define RULED_BY_PORT 1
#define RULED_BY_COST 2
#define RULED 3

static __always_inline __u32 ruled_by(struct ss_connection *conn)
{
	if (is_kept(conn->end[SS_SERVER].port))
		return RULED_BY_PORT;
	return costs_less_on_tcp(conn) ? RULED_BY_COST : 0;
}

/* The rules have been changed. */
RARE __u32 ruled_anew(struct ss_connection *conn, __u32 rules)
{
	__u32 ruled;

	full_barrier();
	ruled = rules << RULED_BITS | ruled_by(conn);
	/* Until the server has said so itself, its port is what its client calls; and who it is may not be known before it sends. */
	if (conn->sock[SS_SERVER] && conn->end[SS_SERVER].pid)
		*(volatile __u32 *)&conn->ruled = ruled;
	return ruled;
}

/*
 * Why it is kept on the stack, or SS_REASON_NONE. Asked on each message: the rules are looked at only when they were changed since. User space
 * writes their number last, so whoever reads it finds what it stands for; and the answer is in the same word as the number.
 */
static __always_inline __u32 kept_on_stack(struct ss_connection *conn)
{
	__u32 rules = config.rules, ruled = *(volatile __u32 *)&conn->ruled;

	if (unlikely(ruled >> RULED_BITS != rules))
		ruled = ruled_anew(conn, rules);
	if (likely(!(ruled & RULED)))
		return SS_REASON_NONE;
	return ruled & RULED_BY_PORT ? SS_REASON_KEPT_BY_RULE : SS_REASON_CHEAPER_ON_TCP;
}
