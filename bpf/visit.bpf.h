/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How an iterator comes by all our sockets, in every network namespace: by the storage that they carry, which is what a BY_STORAGE program visits,
 * and nothing else. Some kernels refuse to iterate over what is in a map. There a BY_FILES program visits every open file of every process, of which
 * some are our sockets; what is open nowhere, such as a socket that is being passed to another process, it misses. Each iterator is there both
 * ways, and user space loads one of the two.
 */
#pragma once

#include "arm.bpf.h"

#define BY_STORAGE "iter/bpf_sk_storage_map"
#define BY_FILES "iter/task_file"

/* The socket whose file it is, or 0. */
static __always_inline struct sock *visited_socket(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct socket *socket = file ? bpf_sock_from_file(file) : 0;

	return socket ? socket->sk : 0;
}

/*
 * What it carries, or 0: at the first of its files. Where the visitor wrote more than there was room for, the kernel comes to the same file again. A
 * visitor may have the last hold of a file that is being closed: then it is who closes the socket.
 */
static __always_inline struct flow *visited_flow(struct bpf_iter_meta *meta, struct sock *sk)
{
	struct flow *flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	__u64 visit = meta->session_id << 32 | (__u32)meta->seq_num;

	if (!flow || (flow->visit >> 32 == visit >> 32 && flow->visit != visit))
		return 0;
	flow->visit = visit;
	note_visitor();
	return flow;
}
