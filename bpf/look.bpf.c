// SPDX-License-Identifier: GPL-2.0
/* An iterator that brings the records up to date before somebody reads them: what TCP has carried, and why it did. */
#include "arm.bpf.h"
#include "close.bpf.h"
#include "join.bpf.h"
#include "pause.bpf.h"

SEC("iter/bpf_sk_storage_map")
int sidestep_look(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct flow *flow = ctx->value;
	struct ss_connection *conn;

	if (!ctx->meta->seq_num)
		census.looks++;
	pause_quietly(ctx->meta);
	if (!flow)
		return 0;
	conn = record_of(flow);
	if (!conn || !speaks_for(conn, flow->side) || conn->looked == (__u32)census.looks)
		return 0;
	conn->looked = census.looks;
	refresh_counters(conn);
	census.stack_messages += conn->direction[0].stack_messages + conn->direction[1].stack_messages;
	census.stack_bytes += conn->direction[0].stack_bytes + conn->direction[1].stack_bytes;
	if (conn->dozing && !kept_by_rule(conn) && conn->next_trial < bpf_ktime_get_ns())
		ask_to_be_armed(conn);
	if (state_of(conn) > SS_STATE_BYPASS || conn->to_wake | conn->to_unplug)
		ask_for_attention();
	if (state_of(conn) == SS_STATE_STACK)
		explain(conn, obstacle(conn, config.allow_blocking));
	return 0;
}
