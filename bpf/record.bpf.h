/* SPDX-License-Identifier: GPL-2.0 */
/* Records of connections: found by slot, checked by id. */
#pragma once

#include "maps.bpf.h"

/* A record is made by copying this, then filled in place: it is too large for the stack, and per-CPU scratch is not safe here. */
static const struct ss_connection blank_connection = {};

/* Several processors at a time: a mask is never written but in one step. */
static __always_inline void add_to(__u32 *mask, __u32 bits)
{
	__sync_fetch_and_or(mask, bits);
}

/* The ones that it had. */
static __always_inline __u32 take_from(__u32 *mask, __u32 bits)
{
	return *(volatile __u32 *)mask & bits ? __sync_fetch_and_and(mask, ~bits) & bits : 0;
}

static __always_inline struct ss_pair pair_of(struct ss_connection *conn)
{
	struct ss_end *client = &conn->end[SS_CLIENT], *server = &conn->end[SS_SERVER];

	return (struct ss_pair){
		.client = client->executable,
		.server = server->executable,
		.netns = server->netns,
		.port = server->port,
	};
}

static __always_inline struct ss_connection *record_at(__u32 slot, __u64 id)
{
	struct ss_connection *conn = bpf_map_lookup_elem(&connections, &slot);

	return conn && conn->id == id ? conn : 0;
}

static __always_inline struct ss_connection *record_of(struct flow *flow)
{
	return flow->kind == FLOW_OURS ? record_at(flow->slot, flow->connection) : 0;
}

/* Of the socket that sock_ops is called for, and what that carries; 0 where it has no record. */
static __always_inline struct ss_connection *record_of_caller(struct bpf_sock_ops *ops, struct flow **flow)
{
	struct bpf_sock *sk = ops->sk;

	if (!sk)
		return 0;
	*flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	return *flow ? record_of(*flow) : 0;
}

/*
 * Fresh slots first, then the one that is free longest: a program that still holds a pointer to a closed connection's record
 * is long gone before somebody else gets it. False: the table is full.
 */
static __always_inline bool take_slot(__u32 *slot)
{
	if (*(volatile __u32 *)&fresh_slots < most_connections) {
		*slot = __sync_fetch_and_add(&fresh_slots, 1);
		if (*slot < most_connections)
			return true;
	}
	return !bpf_map_pop_elem(&free_slots, slot);
}

static __always_inline void give_slot_back(struct ss_connection *conn, __u32 slot)
{
	conn->id = 0;
	bpf_map_push_elem(&free_slots, &slot, 0);
}
