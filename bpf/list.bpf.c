// SPDX-License-Identifier: GPL-2.0
/* An iterator that writes out the record of each open connection, as it is now. Run by reading its file. */
#include "close.bpf.h"
#include "join.bpf.h"

SEC("iter/bpf_sk_storage_map")
int sidestep_list(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct flow *flow = ctx->value;
	struct ss_connection *conn;

	if (!flow)
		return 0;
	conn = record_of(flow);
	if (!conn || !speaks_for(conn, flow->side))
		return 0;
	refresh_counters(conn);
	if (state_of(conn) == SS_STATE_STACK)
		explain(conn, obstacle(conn, config.allow_blocking));
	bpf_seq_write(ctx->meta->seq, conn, sizeof(*conn));
	return 0;
}
