/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HDR_OPT_LEN: runs before each TCP segment of a connection of ours leaves its sender, with the sender's lock held. On the
 * bypass no data segment is sent, so it costs nothing there. On the stack it watches what the connection is like; and whatever
 * has to happen before a byte can reach the other end by TCP happens here.
 */
#pragma once

#include "arm.bpf.h"
#include "known.bpf.h"
#include "overflow.bpf.h"
#include "lend.bpf.h"
#include "record.bpf.h"
#include "remind.bpf.h"
#include "under-way.bpf.h"

/*
 * A connection that could not join at any of ten doubling distances, and has shown turns enough, will not: from here on it costs what plain TCP costs.
 * Whoever allows blocking readers later reaches new connections.
 */
#define GIVE_UP_TURNS 4096

/* A stream does by its length where it cannot sleep until it is asked again, for the kernel cannot wake it. */
static __always_inline bool has_shown_enough(struct ss_connection *conn, struct ss_direction *direction)
{
	return conn->turns >= GIVE_UP_TURNS || (direction->streak >= GIVE_UP_TURNS && census.not_armed && !census.armed);
}

/* It wants to join, and there is nobody who could let it: it is not to pay for being watched until somebody is. Round trips show that: note_sample. */
static __always_inline bool sleeps_without_daemon(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	return is_daemon_gone() && disarm(ops, conn, side, DORMANT);
}

static __always_inline void ask_for_trial(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side, enum ss_trial trial)
{
	if (config.kill || sleeps_without_daemon(ops, conn, side))
		return;
	conn->trial = trial;
	if (conn->armed == BOTH_ENDS)
		ask_for_attention();
	else
		ask_to_be_armed(conn);
}

/*
 * The other end has sent meanwhile; but this one has not read that, or has had bytes under way which the other one had not read: two streams at once, if
 * that goes on, which TCP may carry faster.
 */
static __always_inline bool is_no_turn(struct ss_connection *conn, __u32 side)
{
	struct tcp_sock *me = (void *)conn->sock[side & 1], *peer = (void *)conn->sock[!(side & 1)];
	/* It makes no difference to who stays here for another reason. */
	if (!me || !peer || (conn->vain_looks && !streams_both_ways(conn)))
		return false;
	note_crossing(&conn->direction[side & 1], !all_read(peer, me) || PEEK(me, snd_nxt) != PEEK(peer, copied_seq));
	return streams_both_ways(conn);
}

static __always_inline void observe(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];

	switch (kept_on_stack(conn)) {
	case SS_REASON_KEPT_BY_RULE:
		doze_while_kept(ops, conn, side);
		return;
	case SS_REASON_CHEAPER_ON_TCP:
		doze_between_trials(ops, conn, side);
		return;
	}
	if (conn->given_up || (has_shown_enough(conn, direction) && conn->vain_looks >= MOST_LOOKS_AT_OBSTACLE)) {
		if (disarm(ops, conn, side, BPF_SOCK_OPS_STATE_CB_FLAG))
			conn->given_up = 1;
		return;
	}

	weigh(&direction->mean, ops->skb_len);
	if (conn->last_sender == side + 1 || is_no_turn(conn, side)) {
		conn->last_sender = side + 1;
		if (++direction->streak <= config.stream_after)
			return;
		switch (judge_on_stack(conn, direction, (void *)conn->sock[side & 1], ops->skb_len)) {
		case TAKE_A_GLANCE:
			if (!can_be_armed(conn))
				return;
			direction->stack_rate = 0;
			ask_for_trial(ops, conn, side, SS_TRIAL_GLANCE);
			return;
		case TRY_THE_BYPASS:
			ask_for_trial(ops, conn, side, SS_TRIAL_MEASURED);
			return;
		case LEAVE_TO_TCP:
			doze(ops, conn, side);
			return;
		default:
			return;
		}
	}
	conn->last_sender = side + 1;
	end_glance(conn);
	conn->trial = SS_TRIAL_NONE;
	direction->streak = 1;
	measure_afresh(direction);
	if (++conn->turns >= conn->due && !config.kill && !sleeps_without_daemon(ops, conn, side))
		ask_for_attention();
}

/* Its reader may have redirected bytes before it that are still to be read. */
static __always_inline void carry_beside_redirected(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	__u32 state;

	if (spill_of(direction) || direction->overflowed) {
		lend_linear_timeouts(ops, conn, side);
		have_reader_reminded(ops, conn, side);
	}
	/* What TCP sends by itself holds up nobody who looks whether the connection may part. One of us two sees that it was lent: note_lent. */
	if (!direction->lent)
		return;
	full_barrier();
	state = state_of(conn);
	if (state == SS_STATE_STACK || state > SS_STATE_GATE) {
		add_to(&conn->to_take_back, 1 << (side & 1));
		ask_for_attention();
	}
}

/* TCP carries a segment between enrolled sockets. If its send was overtaken, nothing of what follows may be read before it; what is sent once more was read long ago. */
static __always_inline void carry_although_enrolled(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	struct ss_direction *direction = &conn->direction[side & 1];
	struct tcp_sock *own = (void *)conn->sock[side & 1];
	bool overtaken = was_overtaken(direction, PEEK(own, write_seq));

	if (lost_patience(own, ops->skb_len))
		direction->corks = 1;
	if (!direction->ordered && !conn->strict)
		lend_low_water_mark(ops, conn, side);
	/* Outside a call this may be the reader's own, with the lock that others wait for. */
	if ((overtaken || conn->strict) && in_a_call(own))
		await_others(conn, side, 0);
	if (overtaken && may_spill(conn, side, SS_STATE_BYPASS)) {
		spill(direction);
	} else if (overtaken || conn->strict) {
		direction->overflowed = 1;
		begin_leaving(conn, SS_REASON_BYTES_ON_STACK);
	}
	carry_beside_redirected(ops, conn, side);
}

static __always_inline void on_transmit(struct bpf_sock_ops *ops)
{
	struct flow *flow;
	struct ss_connection *conn = record_of_caller(ops, &flow);
	bool data = ops->skb_len > 0;
	__u32 side, state;

	if (!conn)
		return;
	side = flow->side & 1;
	end_keepalive(ops, conn, side, data);
	remind_reader(ops, conn, side);
	state = state_of(conn);
	if (conn->direction[side].lent && (state == SS_STATE_STACK || state == SS_STATE_PARTED)) {
		if (!awaits_probe(&conn->direction[side], data))
			take_back(ops, conn, side);
		else if (state == SS_STATE_STACK)
			return; /* It must not doze with what is given back in this hook. */
	}

	switch (state) {
	case SS_STATE_STACK:
		/* It sends, or acknowledges what it has read. Who only looks at what waits may hand it on. */
		if (!conn->exact[side] && (data || has_read((void *)conn->sock[side])) && is_called_by_its_own(conn, side)) {
			note_process_of(conn, side);
			/* The other end, and whoever has waited in vain, look whether both are known: of any two that come at once, one sees the other. */
			full_barrier();
			if (are_users_known(conn))
				go_on_with_users(conn);
		}
		if (data) {
			observe(ops, conn, side);
			/* It was on for the name alone. */
			if (conn->exact[side] && flow->samples <= SAMPLES_OF_A_SHORT_ONE)
				disarm(ops, conn, side, DORMANT);
		} else if (conn->dozing)
			doze_until_it_sends(ops, conn, flow);
		break;
	case SS_STATE_JOINING:
		if (data && (conn->strict || !conn->late))
			abort_joining(conn);
		break;
	case SS_STATE_DELETING:
		/* On its way to an end that may not be out of the map yet. */
		if (data) {
			add_to(&conn->to_wake, 1 << !side);
			ask_for_attention();
		}
		break;
	case SS_STATE_BYPASS:
		if (data)
			carry_although_enrolled(ops, conn, side);
		break;
	case SS_STATE_LEAVING:
	case SS_STATE_GATE:
		if (data)
			carry_beside_redirected(ops, conn, side);
		break;
	case SS_STATE_PARTED:
		finish_parting(conn);
		break;
	}
}
