// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layout.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct everything);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 8);
	__type(key, __u64);
	__type(value, __u64);
} sockets SEC(".maps");

const volatile __u32 before = 7;
const volatile __u64 step = 1;

static int count(void)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&seen, &key);

	if (value)
		__sync_fetch_and_add(value, step + before);
	return 1;
}

SEC("sockops")
int watch(struct bpf_sock_ops *ops)
{
	return ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB ? count() : 1;
}

SEC("sockops")
int ignore(struct bpf_sock_ops *ops)
{
	return 1;
}

SEC("sk_msg")
int pass(struct sk_msg_md *message)
{
	return SK_PASS;
}

// Which process to look at: a tracepoint is hit by the whole host.
const volatile __u32 caller = 0;

SEC("tracepoint/syscalls/sys_enter_getpriority")
int asked(void *ctx)
{
	return bpf_get_current_pid_tgid() >> 32 == caller ? count() : 0;
}

char LICENSE[] SEC("license") = "GPL";
