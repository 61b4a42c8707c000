/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a field of a socket whose address is only a number to the verifier, and may be stale. Since Linux 6.2 such an address can be
 * declared to be what it is, and is then read by a load of its own, which answers 0 where there is no memory. The helper that older
 * kernels need takes three times as long: 6 ns against 2 where the field is in the cache.
 */
#pragma once

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

/* Came with the same version. A weak function's own absence cannot be asked for by the libbpf of Debian 12. */
enum bpf_map_type___of_6_2 {
	BPF_MAP_TYPE_CGRP_STORAGE___of_6_2 = 32,
};

/* Of this structure alone: where a kernel describes one twice, as happens to those that everything includes, its type has no one number. */
#define can_cast() bpf_core_enum_value_exists(enum bpf_map_type___of_6_2, BPF_MAP_TYPE_CGRP_STORAGE___of_6_2)
#define cast(sock) ((struct tcp_sock *)bpf_rdonly_cast(sock, bpf_core_type_id_kernel(struct tcp_sock)))

/* Volatile, for somebody else writes to it, and what is looked at first and what second often matters: calls of the helper keep their order, too. */
#define peek_by_load(tp, field) (*(volatile typeof((tp)->field) *)&cast(tp)->field)

/* Of a variable: the way to a field of a record of ours would become part of what older kernels are asked for, and they refuse the program. */
#define PEEK(tp, field) (can_cast() ? peek_by_load(tp, field) : BPF_CORE_READ(tp, field))
#define PEEK_BITFIELD(tp, field) (can_cast() ? BPF_CORE_READ_BITFIELD(cast(tp), field) : BPF_CORE_READ_BITFIELD_PROBED(tp, field))
