/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether memory for the receiver is short. TCP closes its window then; a redirect fails, and its sender is told ENOMEM, which no program expects of a
 * send. Redirected bytes are charged as TCP's are: to the host (tcp_mem) and to the receiver's memory cgroup.
 */
#pragma once

#include "peek.bpf.h"

#define PAGE_SHIFT 12
/* The kernel takes more than a message at a time, and another processor may, too. */
#define SPARE_PAGES 64
/* A cgroup's limit may be that of one above it. */
#define MOST_LEVELS 8

/* tcp_mem: above the second of its values, until below the first. */
static __always_inline bool host_is_short(struct sock *sk)
{
	unsigned long *word = BPF_CORE_READ(sk, __sk_common.skc_prot, memory_pressure), pressure = 0;

	return word && !bpf_probe_read_kernel(&pressure, sizeof(pressure), word) && pressure;
}

/* Hierarchy v1: memory.kmem.tcp.limit_in_bytes. */
static __always_inline bool limit_is_near(struct mem_cgroup *memcg, __u32 bytes)
{
	struct page_counter *counter = (void *)memcg + bpf_core_field_offset(struct mem_cgroup, tcpmem);
	unsigned long wanted = (bytes >> PAGE_SHIFT) + SPARE_PAGES;
	int level;

	for (level = 0; counter && level < MOST_LEVELS; level++) {
		if (BPF_CORE_READ(counter, usage.counter) + wanted > BPF_CORE_READ(counter, max))
			return true;
		counter = BPF_CORE_READ(counter, parent);
	}
	return false;
}

/* Hierarchy v2: pages are hardly to be had by reclaiming. So its own sockets are told for a second. */
static __always_inline bool cgroup_is_short(struct mem_cgroup *memcg, __u32 bytes)
{
	if (bpf_core_field_exists(memcg->socket_pressure) && (long long)(BPF_CORE_READ(memcg, socket_pressure) - bpf_jiffies64()) > 0)
		return true;
	return bpf_core_field_exists(memcg->tcpmem) && limit_is_near(memcg, bytes);
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
	return memcg && cgroup_is_short(memcg, bytes);
}
