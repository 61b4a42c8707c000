// SPDX-License-Identifier: GPL-2.0
/* An iterator that brings the records up to date before somebody reads them: what TCP has carried, and why it did. */
#include "arm.bpf.h"
#include "close.bpf.h"
#include "join.bpf.h"
#include "pause.bpf.h"
#include "visit.bpf.h"

static __always_inline void begin_look(struct bpf_iter_meta *meta)
{
	if (!meta->seq_num)
		census.looks++;
	pause_quietly(meta);
}

/* Both ends are visited, by their files more than once: each connection is looked at once. */
static __always_inline void look_at(struct ss_connection *conn)
{
	if (conn->looked == (__u32)census.looks)
		return;
	conn->looked = census.looks;
	refresh_counters(conn);
	census.stack_messages += conn->direction[0].stack_messages + conn->direction[1].stack_messages;
	census.stack_bytes += conn->direction[0].stack_bytes + conn->direction[1].stack_bytes;
	wake_up_in_time(conn);
	if (state_of(conn) > SS_STATE_BYPASS || conn->to_wake | conn->to_unplug)
		ask_for_attention();
	if (state_of(conn) == SS_STATE_STACK)
		explain(conn, obstacle(conn, config.allow_blocking));
}

SEC(BY_STORAGE)
int sidestep_look(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct flow *flow = ctx->value;
	struct ss_connection *conn;

	begin_look(ctx->meta);
	conn = flow ? record_of(flow) : 0;
	if (conn)
		look_at(conn);
	return 0;
}

SEC(BY_FILES)
int sidestep_look_files(struct bpf_iter__task_file *ctx)
{
	struct ss_connection *conn;
	struct flow *flow;
	struct sock *sk;

	begin_look(ctx->meta);
	sk = visited_socket(ctx);
	flow = sk ? visited_flow(ctx->meta, sk) : 0;
	conn = flow ? record_of(flow) : 0;
	if (conn)
		look_at(conn);
	return 0;
}
