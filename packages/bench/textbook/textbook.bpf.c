// SPDX-License-Identifier: GPL-2.0-only
// What the textbooks show, as the yardstick for the benchmark: every established IPv4 socket goes into a SOCKHASH under its
// addresses and ports, and every message to the socket whose key has them swapped. No guard of any kind: never use it.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2

struct tuple {
	__u32 local_ip, remote_ip, local_port, remote_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 65536);
	__type(key, struct tuple);
	__type(value, __u64);
} textbook_socks SEC(".maps");

SEC("sockops")
int textbook_sockops(struct bpf_sock_ops *ops)
{
	struct tuple own;

	if (ops->family != AF_INET || (ops->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && ops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB))
		return 1;
	own = (struct tuple){ ops->local_ip4, ops->remote_ip4, ops->local_port, bpf_ntohl(ops->remote_port) };
	bpf_sock_hash_update(ops, &textbook_socks, &own, BPF_NOEXIST);
	return 1;
}

SEC("sk_msg")
int textbook_redirect(struct sk_msg_md *msg)
{
	struct tuple peer = { msg->remote_ip4, msg->local_ip4, bpf_ntohl(msg->remote_port), msg->local_port };

	bpf_msg_redirect_hash(msg, &textbook_socks, &peer, BPF_F_INGRESS);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
