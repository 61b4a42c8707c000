/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a socket to its record. What the socket carries with it (struct flow) says where the record is, and to get there takes half the time that our
 * programs have for a message: a call, and three lines of memory, each of which says where the next one is. Its cookie, which the kernel
 * has at hand, leads there by way of one line. It only leads there: the record says itself whose it is, and where another socket's cookie
 * has the same lower bits, the long way goes to the same place.
 */
#pragma once

#include "record.bpf.h"

static __always_inline __u64 *short_cut_of(__u64 cookie)
{
	__u32 at = cookie & (SHORT_CUTS - 1);

	return bpf_map_lookup_elem(&short_cuts, &at);
}

static __always_inline void lay_short_cut(__u64 cookie, __u32 slot, __u32 side)
{
	__u64 *place = short_cut_of(cookie);

	if (place)
		*place = (__u64)slot << 1 | side;
}

/* A place that is no longer anybody's, or by now another's, who then goes the long way. */
static __always_inline void close_short_cut(__u64 cookie)
{
	lay_short_cut(cookie, 0, 0);
}

/* The record of this enrolled socket, and which end of it this is; null where only the long way leads there, if any. */
static __always_inline struct ss_connection *record_by_short_cut(__u64 cookie, __u32 *side)
{
	__u64 *place = short_cut_of(cookie), found;
	struct ss_connection *conn;
	__u32 slot;

	if (unlikely(!place))
		return 0;
	found = *(volatile __u64 *)place;
	slot = found >> 1;
	conn = bpf_map_lookup_elem(&connections, &slot);
	if (unlikely(!conn))
		return 0;
	*side = found & 1;
	/* A socket that was closed, or disconnected and used again, is asked itself whose it is. */
	return likely(conn->id && conn->cookie[*side & 1] == cookie && !(conn->closed & 1 << *side)) ? conn : 0;
}

RARE struct ss_connection *record_by_storage(struct bpf_sock *sk, __u32 *side)
{
	struct flow *flow = bpf_sk_storage_get(&flows, sk, 0, 0);

	if (!flow)
		return 0;
	*side = flow->side;
	return record_of(flow);
}

/* The record of a socket that sends, and which end of it that is; null where there is none. */
static __always_inline struct ss_connection *record_of_sender(struct bpf_sock *sk, struct tcp_sock *own, __u32 *side)
{
	struct ss_connection *conn = record_by_short_cut(own->inet_conn.icsk_inet.sk.__sk_common.skc_cookie.counter, side);

	return likely(conn) ? conn : record_by_storage(sk, side);
}
