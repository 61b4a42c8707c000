// SPDX-License-Identifier: GPL-2.0-only
// What samples show: a program that asks to be called at each round trip, and does not keep what others of the same cgroup have asked for.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("sockops")
int careless_sockops(struct bpf_sock_ops *ops)
{
	if (ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB || ops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_RTT_CB_FLAG);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
