// SPDX-License-Identifier: GPL-2.0
/* An iterator that names what keeps sockets in the map: it writes an ss_hold for each that is still enrolled. */
#include "leave.bpf.h"
#include "record.bpf.h"
#include "visit.bpf.h"

/* So that its layout stands in BTF although no map has the type. */
const struct ss_hold *const hold_layout = 0;

/* A closed socket stays enrolled, and readable, until its program closes the file. Its record is gone: what it carries itself must do. */
static __always_inline void name_itself(struct ss_end *end, struct flow *flow)
{
	end->cookie = flow->cookie;
	end->pid = flow->process.pid;
	__builtin_memcpy(end->comm, flow->process.comm, sizeof(end->comm));
}

static __always_inline void name_holder(struct bpf_iter_meta *meta, struct tcp_sock *me, struct flow *flow)
{
	struct ss_connection *conn;
	struct ss_hold hold = {};
	struct file *file;
	__u32 side;

	if (flow->kind != FLOW_OURS || !psock_of(me))
		return;
	side = flow->side & 1;
	conn = record_of(flow);
	hold.closed = !conn || conn->closed & (1 << side);
	if (conn)
		hold.end = conn->end[side];
	else
		name_itself(&hold.end, flow);
	hold.connection = flow->connection;
	hold.side = side;
	hold.locked = in_a_call(me);
	hold.unread = holds_redirected(me) ? queued_bytes(me) : 0;
	file = file_of(me);
	if (file)
		hold.inode = BPF_CORE_READ(file, f_inode, i_ino);
	/* Without room the same socket is visited again, with an empty buffer. */
	bpf_seq_write(meta->seq, &hold, sizeof(hold));
}

SEC(BY_STORAGE)
int sidestep_hold(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct flow *flow = ctx->value;
	struct sock *sk = ctx->sk;

	if (sk && flow)
		name_holder(ctx->meta, (void *)sk, flow);
	return 0;
}

SEC(BY_FILES)
int sidestep_hold_files(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = visited_socket(ctx);
	struct flow *flow = sk ? visited_flow(ctx->meta, sk) : 0;

	if (flow)
		name_holder(ctx->meta, (void *)sk, flow);
	return 0;
}
