/* SPDX-License-Identifier: GPL-2.0 */
/* What an end calls itself and the other end, and whether somebody between them may know their connection. */
#pragma once

#include "record.bpf.h"
#include <bpf/bpf_endian.h>

/* IPv4 as v4-mapped: this end's own, or the one that it is connected with. */
static __always_inline void copy_address(__u8 *into, struct tcp_sock *tp, bool local)
{
	struct sock_common *common = (void *)tp + bpf_core_field_offset(struct tcp_sock, inet_conn.icsk_inet.sk.__sk_common);
	__u32 v4;

	if (BPF_CORE_READ(common, skc_family) == AF_INET6) {
		if (local)
			bpf_core_read(into, 16, &common->skc_v6_rcv_saddr);
		else
			bpf_core_read(into, 16, &common->skc_v6_daddr);
		return;
	}
	v4 = local ? BPF_CORE_READ(common, skc_rcv_saddr) : BPF_CORE_READ(common, skc_daddr);
	__builtin_memset(into, 0, 10);
	into[10] = 0xff;
	into[11] = 0xff;
	__builtin_memcpy(into + 12, &v4, 4);
}

static __always_inline bool calls_otherwise(struct ss_connection *conn, __u32 side)
{
	struct tcp_sock *me = (void *)conn->sock[side & 1];
	struct ss_end *other = &conn->end[!(side & 1)];
	__u64 called[2], own[2];

	copy_address((__u8 *)called, me, false);
	__builtin_memcpy(own, other->address, sizeof(own));
	return called[0] != own[0] || called[1] != own[1] ||
	       bpf_ntohs(BPF_CORE_READ(me, inet_conn.icsk_inet.sk.__sk_common.skc_dport)) != other->port;
}

/*
 * NAT, a balancer (IPVS), or a firewall between two network namespaces: whoever keeps an entry for a connection forgets it when no segment has come for too long, and knows
 * nothing of what is redirected. The first segment afterwards would be lost, or reset the connection.
 */
static __always_inline bool has_somebody_between(struct ss_connection *conn)
{
	return conn->end[SS_CLIENT].netns != conn->end[SS_SERVER].netns || calls_otherwise(conn, SS_CLIENT) || calls_otherwise(conn, SS_SERVER);
}
