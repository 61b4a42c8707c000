// SPDX-License-Identifier: GPL-2.0
/*
 * An iterator over all our sockets, in all network namespaces. The daemon runs it by reading its file when something asked for attention. Only
 * one run at a time.
 */
#include "arm.bpf.h"
#include "close.bpf.h"
#include "join.bpf.h"
#include "known.bpf.h"
#include "pause.bpf.h"
#include "refresh.bpf.h"
#include "settle.bpf.h"
#include "short-cut.bpf.h"
#include "visit.bpf.h"

enum enrolment {
	ENROLLED,
	OVERTAKEN,	/* a data segment aborted the joining meanwhile: taken out again */
	REFUSED,
};

/* The key is the socket's own, wherever the record may have gone meanwhile. */
static __always_inline enum enrolment enrol(struct sock *sk, struct ss_connection *conn, struct flow *flow)
{
	__u64 key = flow->cookie;

	/* The kernel would share a socket with a map whose programs act on what is received: they never see what is redirected. */
	if (psock_of((void *)sk))
		return REFUSED;
	conn->enrolled |= 1 << (flow->side & 1);
	if (bpf_map_update_elem(&socks, &key, sk, BPF_NOEXIST))
		return REFUSED;
	if (state_of(conn) == SS_STATE_JOINING && conn->id == flow->connection) {
		lay_short_cut(key, flow->slot, flow->side & 1);
		return ENROLLED;
	}
	bpf_map_delete_elem(&socks, &key);
	return OVERTAKEN;
}

/* Where it cannot be for long, the stream sleeps on until its next trial. */
static __always_inline void be_armed(struct ss_connection *conn)
{
	__u64 now = bpf_ktime_get_ns();

	census.errands++;
	if (now - conn->arm_since < LONGEST_ARMING_NS)
		return;
	conn->arm = 0;
	/* It was awake all the time, and only to show whether the kernel can wake it: doze_between_trials. */
	if (conn->armed == BOTH_ENDS)
		return;
	conn->dozing = 1;
	conn->trial = SS_TRIAL_NONE;
	postpone_trial(conn, now, false);
}

/* When the connection has gone on for as long again: it costs nothing, and programs change their minds. */
static __always_inline void ask_again_later(struct ss_connection *conn)
{
	__u32 doubled = conn->turns * 2;

	conn->due = doubled > config.settle_turns ? doubled : config.settle_turns;
	if (conn->vain_looks < MOST_LOOKS_AT_OBSTACLE)
		conn->vain_looks++;
}

/* It need not show turns again once the daemon has looked. Until then it asks less and less often: nobody may look. */
static __always_inline void wait_to_be_examined(struct ss_connection *conn)
{
	conn->awaits_look = 1;
	conn->due = conn->turns + config.settle_turns + conn->turns / 8;
}

static __always_inline void note_look(struct ss_connection *conn)
{
	if (!conn->awaits_look || !are_examined(conn))
		return;
	conn->awaits_look = 0;
	conn->due = conn->turns;
	conn->vain_looks = 0;
	if (conn->given_up) {
		conn->given_up = 0;
		ask_to_be_armed(conn);
	}
}

/* The socket is in use by somebody else: another map, SMC, iSCSI. */
static __always_inline void refused(struct ss_connection *conn)
{
	conn->reason = SS_REASON_REFUSED_BY_KERNEL;
	ask_again_later(conn);
}

/*
 * A stream that may not, whatever was measured: it need not be watched meanwhile, where it can be woken. What passes by itself is asked for again soon, by all
 * of them at the same moment, for waking one takes as long as waking all.
 */
static __always_inline void put_off_trial(struct ss_connection *conn, __u32 reason)
{
	__u64 now = bpf_ktime_get_ns();

	if (!conn->trial)
		return;
	/* It may be for good. */
	if (!census.armed) {
		show_whether_it_can_be_armed(conn);
		return;
	}
	conn->trial = SS_TRIAL_NONE;
	if (was_sent_away(reason)) {
		conn->next_trial = next_look_at_obstacle(now);
		return;
	}
	if (conn->trials > MOST_DOUBLINGS_OF_OBSTACLE)
		conn->trials = MOST_DOUBLINGS_OF_OBSTACLE;
	postpone_trial(conn, now, false);
}

/*
 * What may join at a quiet moment alone did not have one. A conversation has many, and shows the next with its turns. A stream has hardly any, and would be
 * enrolled and taken out again at each visit.
 */
static __always_inline void never_quiet(struct ss_connection *conn)
{
	conn->due = conn->turns + config.settle_turns;
	put_off_trial(conn, SS_REASON_BYTES_ON_STACK);
}

/* They show themselves in a moment, or never: then it is asked for again as whatever stands in the way of others. */
static __always_inline void await_users(struct ss_connection *conn)
{
	__u64 now = bpf_ktime_get_ns(), since;

	/* What is older was another trial's. */
	if (now - conn->users_awaited > 2 * SHOWS_ITSELF_NS) {
		conn->users_awaited = now;
		conn->reason = SS_REASON_WARMING_UP;
	}
	since = *(volatile __u64 *)&conn->users_awaited;
	full_barrier();
	if (!are_users_known(conn)) {
		/* 0: they have just become known. */
		if (!since || now - since < SHOWS_ITSELF_NS)
			return;
		conn->users_awaited = 0;
		ask_again_later(conn);
		put_off_trial(conn, SS_REASON_WARMING_UP);
		conn->users_missed = 1;
		full_barrier();
		if (!are_users_known(conn))
			return;
	}
	go_on_with_users(conn);
}

/* The first of the two visits: enrols one end, if nothing is under way to it. What it sends still goes by TCP to a TCP socket. */
static __always_inline void start_joining(struct sock *sk, struct ss_connection *conn, struct flow *flow)
{
	__u32 reason;

	wake_up_in_time(conn);
	if (conn->arm)
		be_armed(conn);
	note_look(conn);
	if ((conn->turns < conn->due && !conn->trial) || conn->given_up || conn->armed != BOTH_ENDS)
		return;
	/* It has left what looked like turns, and would at once look like them again. */
	if (!conn->trial && streams_both_ways(conn) && bpf_ktime_get_ns() < conn->next_trial)
		return;
	reason = obstacle(conn, false);
	explain(conn, reason);
	if (reason) {
		if (reason == SS_REASON_UNREADABLE_PROGRAM)
			conn->awaits_look = 1;
		if (!was_sent_away(reason)) {
			ask_again_later(conn);
			if (reason != SS_REASON_WARMING_UP)
				end_glance(conn);
		} else if (reason == SS_REASON_SHORT_OF_MEMORY && !conn->trial) {
			/* Nor is a conversation to ask at each turn. */
			conn->due = conn->turns + config.settle_turns + conn->turns / 8;
		}
		if (reason != SS_REASON_WARMING_UP)
			put_off_trial(conn, reason);
		return;
	}
	if (!are_users_known(conn)) {
		await_users(conn);
		return;
	}
	/* What follows is to be asked of who they turned out to be. */
	full_barrier();
	if (!are_examined(conn)) {
		wait_to_be_examined(conn);
		return;
	}
	conn->strict = must_be_strict(conn);
	if (conn->strict && is_streaming(conn) && !quiet_on_stack(conn)) {
		never_quiet(conn);
		return;
	}
	if (conn->strict && !nothing_under_way_to(conn, flow->side)) {
		census.candidates++;
		return;
	}
	start_afresh(&conn->direction[SS_CLIENT], &conn->direction[SS_SERVER]);
	start_afresh(&conn->direction[SS_SERVER], &conn->direction[SS_CLIENT]);
	if (!change_state(conn, SS_STATE_STACK, SS_STATE_JOINING))
		return;
	/* It may have begun to doze meanwhile: arm.bpf.h. */
	if (*(volatile __u32 *)&conn->armed != BOTH_ENDS) {
		abort_joining(conn);
		return;
	}
	conn->late = 1;
	if (enrol(sk, conn, flow) != REFUSED) {
		census.candidates++;
		return;
	}
	abort_joining(conn);
	refused(conn);
}

/* The second visit, microseconds later: enrols the other end, if not a byte has slipped by since. */
static __always_inline void finish_joining(struct sock *sk, struct ss_connection *conn, struct flow *flow)
{
	__u64 key = flow->cookie;

	if (config.kill) {
		abort_joining(conn);
		return;
	}
	if (!conn->late)
		return;
	census.candidates++;
	if (conn->enrolled & (1 << (flow->side & 1)) || obstacle(conn, false)) {
		abort_joining(conn);
		return;
	}
	switch (enrol(sk, conn, flow)) {
	case OVERTAKEN:
		return;
	case REFUSED:
		abort_joining(conn);
		refused(conn);
		return;
	case ENROLLED:
		if ((!conn->strict || quiet_on_stack(conn)) && complete_joining(conn))
			return;
		abort_joining(conn);
		bpf_map_delete_elem(&socks, &key);
		never_quiet(conn);
	}
}

/*
 * Where redirected bytes end and TCP's begin, a read comes short although more is there. A reader that takes that for the end, as epoll(7)
 * allows at the edge, is told that there is more, unless it goes on by itself.
 */
static __always_inline void watch_spill(struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[!(side & 1)];
	struct tcp_sock *reader = (void *)conn->sock[side & 1], *sender = (void *)conn->sock[!(side & 1)];
	__u32 copied, spill = *(volatile __u32 *)&direction->spill;

	if (state_of_spill(spill) != SS_SPILL_WATCHED)
		return;
	copied = BPF_CORE_READ(reader, copied_seq);
	if (has_redirected_to_read(sender, reader) || (queued_bytes(reader) && direction->spilled_at != copied)) {
		direction->spilled_at = copied;
		census.candidates++;
		return;
	}
	if (settle_spill(direction, spill) && queued_bytes(reader))
		add_to(&conn->to_wake, 1 << (side & 1));
}

/* The end of `side` may have bytes before it that TCP carried although it is enrolled. */
static __always_inline bool may_have_been_misled(struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[!(side & 1)];

	return spill_of(direction) ||
	       (!direction->ordered && !all_read((void *)conn->sock[!(side & 1)], (void *)conn->sock[side & 1]));
}

/*
 * A program has asked FIONREAD for the first time since its connection joined, and may have been told too little; or a sender that had not seen that yet has
 * gone over to TCP since.
 */
static __always_inline void become_strict(struct ss_connection *conn)
{
	conn->strict = 1;
	if (may_have_been_misled(conn, SS_CLIENT) || may_have_been_misled(conn, SS_SERVER))
		begin_leaving(conn, SS_REASON_BYTES_ON_STACK);
}

static __always_inline void tend_socket(struct bpf_iter_meta *meta, struct sock *sk, struct flow *flow)
{
	struct ss_connection *conn = record_of(flow);
	__u32 side, kept, habit;

	if (!conn)
		return;
	side = flow->side & 1;
	kept = kept_on_stack(conn);
	habit = bad_habit(&conn->end[side]);

	if (config.kill)
		begin_leaving(conn, SS_REASON_SWITCHED_OFF);
	else if (kept)
		begin_leaving(conn, kept);
	else if (habit)
		begin_leaving(conn, habit);
	else if (state_of(conn) == SS_STATE_BYPASS && (conn->strict || must_be_strict(conn)))
		become_strict(conn);
	switch (state_of(conn)) {
	case SS_STATE_STACK:
		start_joining(sk, conn, flow);
		break;
	case SS_STATE_JOINING:
		finish_joining(sk, conn, flow);
		break;
	case SS_STATE_BYPASS:
		/* It joined at its establishment, as long as blocking readers were allowed. Whoever has turned out to use it since then is asked for in any case. */
		if (!is_examined(conn, side) && !config.allow_blocking)
			begin_leaving(conn, SS_REASON_WARMING_UP);
		watch_spill(conn, side);
		await_refreshing(conn);
		break;
	case SS_STATE_LEAVING:
		if (try_to_part(conn, side, 0))
			finish_parting(conn);
		break;
	case SS_STATE_PARTED:
		finish_parting(conn);
		break;
	}
	settle(meta, conn, side);
	if (state_of(conn) > SS_STATE_BYPASS || is_unsettled(conn))
		census.unsettled++;
}

static __always_inline void pause_tending(struct bpf_iter_meta *meta)
{
	struct ss_wake nobody = {};

	pause_now_and_then(meta, &nobody, sizeof(nobody));
}

SEC(BY_STORAGE)
int sidestep_tend(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct flow *flow = ctx->value;
	struct sock *sk = ctx->sk;

	pause_tending(ctx->meta);
	if (sk && flow)
		tend_socket(ctx->meta, sk, flow);
	return 0;
}

SEC(BY_FILES)
int sidestep_tend_files(struct bpf_iter__task_file *ctx)
{
	struct flow *flow;
	struct sock *sk;

	pause_tending(ctx->meta);
	sk = visited_socket(ctx);
	flow = sk ? visited_flow(ctx->meta, sk) : 0;
	if (flow)
		tend_socket(ctx->meta, sk, flow);
	return 0;
}
