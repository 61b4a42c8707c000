// SPDX-License-Identifier: GPL-2.0
/*
 * An iterator that brings the records up to date before somebody reads them: what TCP has carried, and why it did. It goes through the records,
 * not through the sockets, and so comes to each connection once, to those of the kernel's own sockets, too. What it is called for, the tasks of
 * the host, gives it its turns: there are some hundred at least.
 */
#include "arm.bpf.h"
#include "close.bpf.h"
#include "join.bpf.h"
#include "refresh.bpf.h"
#include "settle.bpf.h"

/* Some 4 ms. After each of them others have the CPU: pause.bpf.h. */
#define RECORDS_AT_ONCE 2048

/* Whatever a visit to its sockets has missed, or was never asked for. */
static __always_inline bool wants_a_visit(struct ss_connection *conn)
{
	__u32 state = state_of(conn);

	return state > SS_STATE_BYPASS || (state == SS_STATE_JOINING && conn->late) || is_unsettled(conn) ||
	       state_of_spill(conn->direction[SS_CLIENT].spill) == SS_SPILL_WATCHED ||
	       state_of_spill(conn->direction[SS_SERVER].spill) == SS_SPILL_WATCHED;
}

static __always_inline void look_at(struct ss_connection *conn)
{
	refresh_counters(conn);
	census.stack_messages += conn->direction[0].stack_messages + conn->direction[1].stack_messages;
	census.stack_bytes += conn->direction[0].stack_bytes + conn->direction[1].stack_bytes;
	wake_up_in_time(conn);
	see_to_refreshing(conn);
	if (wants_a_visit(conn))
		ask_for_attention();
	if (state_of(conn) == SS_STATE_STACK)
		explain(conn, obstacle(conn, config.allow_blocking));
}

static __always_inline bool is_through(void)
{
	return census.next_slot >= *(volatile __u32 *)&fresh_slots;
}

/* False to go on, as bpf_loop wants it. */
static long look_at_next(__u32 turn, void *nothing)
{
	__u32 slot = census.next_slot;
	struct ss_connection *conn;

	(void)turn;
	(void)nothing;
	if (is_through())
		return 1;
	census.next_slot = slot + 1;
	conn = bpf_map_lookup_elem(&connections, &slot);
	if (conn && conn->id)
		look_at(conn);
	return 0;
}

SEC("iter/task")
int sidestep_look(struct bpf_iter__task *ctx)
{
	__u64 session = ctx->meta->session_id, nothing = 0;
	/* At the end there are no turns any more. */
	__u32 turns = ctx->task ? RECORDS_AT_ONCE : most_connections;

	if (census.look != session) {
		census.look = session;
		census.next_slot = 0;
	}
	bpf_loop(turns, look_at_next, 0, 0);
	if (!is_through())
		bpf_seq_write(ctx->meta->seq, &nothing, sizeof(nothing));
	return 0;
}
