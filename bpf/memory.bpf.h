/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether memory for the receiver is short. TCP closes its window then; a redirect fails, and its sender is told ENOMEM, which no program expects of a
 * send. Redirected bytes are charged as TCP's are: to the host (tcp_mem) and to the receiver's memory cgroup.
 */
#pragma once

#include "peek.bpf.h"

#define PAGE_SHIFT 12
/*
 * The kernel takes memory for as much of a send as 17 pages of 32 KiB hold, all of it or nothing, before we are called; refused it says EAGAIN, while poll says
 * that there is room, and a sender that believes both goes round and round until its reader reads. Another processor may take some, too.
 */
#define SPARE_PAGES 144
/* Of a cgroup's limit, in pages. */
#define NO_LIMIT (1UL << 50)
/* A cgroup's limit may be that of one above it. */
#define MOST_LEVELS 8

/* tcp_mem: above the second of its values, until below the first. */
static __always_inline bool host_is_short(struct sock *sk)
{
	unsigned long *word = BPF_CORE_READ(sk, __sk_common.skc_prot, memory_pressure), pressure = 0;

	return word && !bpf_probe_read_kernel(&pressure, sizeof(pressure), word) && pressure;
}

/* Hierarchy v1: memory.kmem.tcp.limit_in_bytes. */
static __always_inline bool limit_is_near(struct page_counter *counter, __u32 bytes)
{
	unsigned long max = BPF_CORE_READ(counter, max), wanted = (bytes >> PAGE_SHIFT) + SPARE_PAGES;

	return max < NO_LIMIT && BPF_CORE_READ(counter, usage.counter) + wanted > max;
}

/* Hierarchy v2: pages are hardly to be had by reclaiming. So its sockets are told for a second. */
static __always_inline bool is_under_pressure(struct mem_cgroup *memcg)
{
	return (long long)(BPF_CORE_READ(memcg, socket_pressure) - bpf_jiffies64()) > 0;
}

static __always_inline struct mem_cgroup *parent_of(struct mem_cgroup *memcg)
{
	struct page_counter *parent = BPF_CORE_READ(memcg, memory.parent);

	return parent ? (void *)parent - bpf_core_field_offset(struct mem_cgroup, memory) : 0;
}

static __always_inline bool cgroup_is_short(struct mem_cgroup *memcg, __u32 bytes)
{
	int level;

	for (level = 0; memcg && level < MOST_LEVELS; level++) {
		if (bpf_core_field_exists(memcg->socket_pressure) && is_under_pressure(memcg))
			return true;
		if (bpf_core_field_exists(memcg->tcpmem) &&
		    limit_is_near((void *)memcg + bpf_core_field_offset(struct mem_cgroup, tcpmem), bytes))
			return true;
		memcg = parent_of(memcg);
	}
	return false;
}

RARE bool memory_is_short(struct tcp_sock *receiver, __u32 bytes)
{
	struct sock *sk = (struct sock *)receiver;
	struct mem_cgroup *memcg;

	if (host_is_short(sk))
		return true;
	if (!bpf_core_field_exists(sk->sk_memcg))
		return false;
	memcg = BPF_CORE_READ(sk, sk_memcg);
	return cgroup_is_short(memcg, bytes);
}
