// SPDX-License-Identifier: GPL-2.0
// The verifier must refuse this: it reads through a pointer that may be NULL.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

SEC("sockops")
int careless(struct bpf_sock_ops *ops)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&table, &key);

	return *value;
}

char LICENSE[] SEC("license") = "GPL";
