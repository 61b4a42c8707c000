/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is connected with whom. A listener of ours notes the ISN of each SYN; a client whose own ISN was noted knows that its
 * server is on this host. At establishment both ends see the same two sequence numbers, swapped: two random 32-bit numbers
 * prove that they are one connection, whatever network namespaces or address translation lie between. Data in the SYN
 * (TCP Fast Open) shifts the numbers, and a SYN proxy replaces them: no match, and so the stack. In a crowd all that happens later: late.bpf.h.
 */
#pragma once

#include "address.bpf.h"
#include "arm.bpf.h"
#include "crowd.bpf.h"
#include "join.bpf.h"
#include "record.bpf.h"
#include "short-cut.bpf.h"
#include <bpf/bpf_endian.h>

static __always_inline void describe(struct ss_connection *conn, __u32 side, struct tcp_sock *tp, __u64 cookie,
				     const struct process *process)
{
	struct ss_end *end = &conn->end[side];

	end->netns = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_net.net, net_cookie);
	end->cgroup = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.sk_cgrp_data.cgroup, kn, id);
	end->pid = process->pid;
	__builtin_memcpy(end->comm, process->comm, sizeof(end->comm));
	end->executable = process->executable;
	copy_address(end->address, tp, true);
	end->port = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_num);
	end->cookie = cookie;
	/* Last: a record without a cookie is not complete. */
	conn->cookie[side] = cookie;
}

/*
 * A socket that was disconnected (connect with AF_UNSPEC) and is used again: it is still enrolled, and what its old peer
 * redirected is still in its queue. Out with both.
 */
static __always_inline void forget_earlier(struct flow *flow)
{
	if (flow->kind != FLOW_OURS)
		return;
	bpf_map_delete_elem(&socks, &flow->cookie);
	close_short_cut(flow->cookie);
	flow->connection = 0;
	flow->kind = FLOW_UNUSED;
	flow->lives++;
}

/* Of listen and connect. */
static __always_inline void note_caller(struct process *process)
{
	note_process(&process->pid, process->comm);
	note_executable(&process->executable);
}

static __always_inline void on_listen(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	__u64 cookie = bpf_get_socket_cookie(ops);
	struct ss_totals *count = totals_here();
	struct process process = {};
	struct ss_event *event;
	struct tcp_sock *tp;
	struct flow *flow;

	if (!sk)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	if (flow)
		forget_earlier(flow);
	note_caller(&process);
	/* What the kernel will accept has no file to be known by before that: as long as nothing is known of its listener, it does not join. */
	if (!belongs_to_kernel(tp))
		bpf_map_update_elem(&listeners, &cookie, &process, BPF_ANY);
	if (count)
		__sync_fetch_and_add(&count->events_sent, 1);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		if (count)
			__sync_fetch_and_add(&count->events_lost, 1);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->at = bpf_ktime_get_ns();
	event->kind = SS_EVENT_LISTENING;
	describe(&event->connection, SS_SERVER, tp, cookie, &process);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	report_line("pid %u listens on port %u", process.pid, ops->local_port);
}

static __always_inline void on_connect(struct bpf_sock_ops *ops)
{
	bool crowded = comes_in_a_crowd();
	struct bpf_sock *sk = ops->sk;
	struct flow *flow;

	if (!sk)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, crowded ? 0 : BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow)
		return;
	forget_earlier(flow);
	flow->kind = FLOW_CONNECTING;
	note_caller(&flow->process);
}

/* RWND_INIT on a request socket: a SYN has reached a listener of ours. The context shows no request socket, its address does. */
static __always_inline void on_syn(struct bpf_sock_ops *ops)
{
	struct bpf_sock_ops_kern *kern = (void *)ops;
	struct tcp_request_sock *request;
	struct syn syn = { .mark = SERVER_IS_HERE };
	struct sock_common *listener;
	__u32 isn;

	if (ops->is_fullsock || is_crowded(0))
		return;
	request = (void *)BPF_CORE_READ(kern, sk);
	if (!request)
		return;
	isn = BPF_CORE_READ(request, rcv_isn);
	listener = (void *)BPF_CORE_READ((struct sock_common *)request, skc_listener);
	syn.listener = BPF_CORE_READ(listener, skc_cookie.counter);
	bpf_map_update_elem(&syns, &isn, &syn, BPF_ANY);
}

/* With blocking readers allowed a connection must join before anybody can be inside recv, that is now. */
static __always_inline bool enrol_now(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 slot, __u32 side)
{
	__u64 key = conn->cookie[side];

	/* Another program's map has it: tend.bpf.c says why not. */
	if (psock_of((void *)conn->sock[side & 1]))
		return false;
	if (bpf_sock_hash_update(ops, &socks, &key, BPF_NOEXIST))
		return false;
	conn->enrolled |= 1 << side;
	lay_short_cut(key, slot, side);
	return true;
}

static __always_inline void become_ours(struct flow *flow, struct place *place, __u32 side, __u64 cookie)
{
	flow->connection = place->connection;
	flow->slot = place->slot;
	flow->side = side;
	flow->cookie = cookie;
	flow->kind = FLOW_OURS;
	flow->samples = 0;
}

/* Whoever joins at its establishment needs the hook at once, and who accepts from a listener older than we are is not known before it sends. */
static __always_inline void watch_from_now_on(struct bpf_sock_ops *ops, struct ss_connection *conn, __u32 side)
{
	if (state_of(conn) == SS_STATE_JOINING || !conn->end[side & 1].pid)
		arm(ops, conn, side);
	else
		set_hooks(ops, DORMANT);
}

/* A record for the connection of this client; null when the table is full. It is not to be found before its id is written. */
static __always_inline struct ss_connection *new_record(struct place *place, struct tcp_sock *tp, __u64 cookie, struct flow *flow)
{
	struct ss_connection *conn;
	struct ss_totals *count;

	if (!take_slot(&place->slot)) {
		count = totals_here();
		if (count)
			count->untracked++;
		return 0;
	}
	bpf_map_update_elem(&connections, &place->slot, &blank_connection, BPF_ANY);
	conn = bpf_map_lookup_elem(&connections, &place->slot);
	if (!conn)
		return 0;
	place->connection = cookie | (__u64)flow->lives << SS_LIVES_SHIFT;
	conn->opened = bpf_ktime_get_ns();
	conn->sock[SS_CLIENT] = (__u64)tp;
	conn->reason = SS_REASON_NOT_PAIRED;
	conn->due = config.settle_turns;
	describe(conn, SS_CLIENT, tp, cookie, &flow->process);
	/* What the client knows of the server's address, until the server says so itself. */
	copy_address(conn->end[SS_SERVER].address, tp, false);
	conn->end[SS_SERVER].port = bpf_ntohs(BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_dport));
	become_ours(flow, place, SS_CLIENT, cookie);
	return conn;
}

/* Completes the record that this server's client has made; null when that one is gone again. */
static __always_inline struct ss_connection *take_server(struct place *place, struct tcp_sock *tp, __u64 cookie, struct flow *flow)
{
	struct ss_connection *conn = record_at(place->slot, place->connection);
	struct process *process;

	if (!conn)
		return 0;
	/* Either its client sees this when it closes, or we see here that it has closed, and that the record is anybody's. */
	if (__sync_fetch_and_or(&conn->closed, SS_PAIRED) & SS_BOTH_ENDS)
		return 0;
	if (*(volatile __u64 *)&conn->id != place->connection) {
		take_from(&conn->closed, SS_PAIRED);
		return 0;
	}
	process = bpf_map_lookup_elem(&listeners, &place->listener);
	if (process)
		flow->process = *process;
	describe(conn, SS_SERVER, tp, cookie, &flow->process);
	become_ours(flow, place, SS_SERVER, cookie);
	conn->reason = SS_REASON_WARMING_UP;
	conn->sock[SS_SERVER] = (__u64)tp;
	return conn;
}

/* Nothing of ours is to cost this socket anything any more. That it was ours once is remembered: join.bpf.h says what for. */
static __always_inline void leave_alone(struct bpf_sock_ops *ops, struct bpf_sock *sk)
{
	struct flow *flow = bpf_sk_storage_get(&flows, sk, 0, 0);

	set_hooks(ops, 0);
	if (flow && !flow->lives)
		bpf_sk_storage_delete(&flows, sk);
}

/* No trace of the other end. In a crowd it may leave one later; else it is on another host. */
static __always_inline bool look_again_later(struct bpf_sock_ops *ops, struct bpf_sock *sk, bool crowded, __u32 hooks)
{
	if (crowded || is_crowded(AFTERMATH_NS)) {
		set_hooks(ops, hooks);
		return true;
	}
	leave_alone(ops, sk);
	return false;
}

/* The sequence number that this end began with. Not the next one less one: Fast Open has sent data with the SYN. */
static __always_inline __u32 first_sent(struct bpf_sock_ops *ops)
{
	return ops->snd_una - (__u32)ops->bytes_acked;
}

static __always_inline void on_client_established(struct bpf_sock_ops *ops)
{
	struct isn_pair pair = { .sent = ops->snd_nxt, .received = ops->rcv_nxt };
	struct bpf_sock *sk = ops->sk;
	struct ss_connection *conn;
	struct ss_totals *count;
	__u32 isn = first_sent(ops);
	struct place place = {};
	struct tcp_sock *tp;
	struct flow *flow;
	struct syn *syn;

	if (!sk)
		return;
	flow = bpf_sk_storage_get(&flows, sk, 0, 0);
	tp = flow ? bpf_skc_to_tcp_sock(sk) : 0;
	syn = tp ? bpf_map_lookup_elem(&syns, &isn) : 0;
	if (!syn) {
		count = totals_here();
		/* It called connect in a crowd if it has nothing with it, however long the handshake took. */
		if (look_again_later(ops, sk, !flow, CLIENT_LEFT_OUT) && count)
			__sync_fetch_and_add(&count->left_out, 1);
		return;
	}
	place.listener = syn->listener;
	bpf_map_delete_elem(&syns, &isn);
	conn = new_record(&place, tp, bpf_get_socket_cookie(ops), flow);
	if (!conn) {
		leave_alone(ops, sk);
		return;
	}
	/* A socket without a file belongs to the kernel. */
	if (config.allow_blocking && !config.kill && !kept_on_stack(conn) && !bad_habit(&conn->end[SS_CLIENT]) && !sends_urgent_bytes(conn) &&
	    !is_used_again(place.connection) && !misfit(tp, file_of(tp), true)) {
		conn->state = SS_STATE_JOINING;
		if (!enrol_now(ops, conn, place.slot, SS_CLIENT))
			conn->state = SS_STATE_STACK;
	}
	conn->id = place.connection;
	watch_from_now_on(ops, conn, SS_CLIENT);
	bpf_map_update_elem(&pending, &pair, &place, BPF_ANY);
	report(SS_EVENT_ESTABLISHED, conn, SS_REASON_NONE);
	report_line("connection %llu established by pid %u", place.connection, flow->process.pid);
}

static __always_inline void on_server_established(struct bpf_sock_ops *ops)
{
	struct isn_pair swapped = { .sent = ops->rcv_nxt, .received = ops->snd_nxt };
	struct bpf_sock *sk = ops->sk;
	struct place *found, place;
	struct ss_connection *conn;
	struct tcp_sock *tp;
	struct flow *flow;
	bool crowded;
	__u32 reason;

	if (!sk)
		return;
	/* In a crowd hardly any client has left one. Whose client has finds it when it sends again; where connections join at their establishment that would be too late. */
	crowded = !config.allow_blocking && is_crowded(0);
	found = crowded ? 0 : bpf_map_lookup_elem(&pending, &swapped);
	if (!found) {
		look_again_later(ops, sk, crowded, SERVER_LEFT_OUT);
		return;
	}
	place = *found;
	bpf_map_delete_elem(&pending, &swapped);
	tp = bpf_skc_to_tcp_sock(sk);
	flow = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!tp || !flow)
		return;
	conn = take_server(&place, tp, bpf_get_socket_cookie(ops), flow);
	if (!conn)
		return;
	watch_from_now_on(ops, conn, SS_SERVER);
	report(SS_EVENT_PAIRED, conn, SS_REASON_NONE);
	report_line("connection %llu paired", place.connection);
	if (state_of(conn) != SS_STATE_JOINING)
		return;
	/* Its client may have called another port, of which the rules say nothing: address translation. */
	reason = config.kill ? SS_REASON_SWITCHED_OFF : kept_on_stack(conn);
	if (!reason)
		reason = bad_habit(&conn->end[SS_SERVER]);
	if (!reason)
		reason = misfit_but_for_file(tp);
	if (reason) {
		abort_joining(conn);
		conn->reason = reason;
		return;
	}
	if (enrol_now(ops, conn, place.slot, SS_SERVER)) {
		if (complete_joining(conn)) {
			/* Whoever allows blocking readers does not wait for it, or connections that block would never join: they leave if it is found. */
			are_examined(conn);
			return;
		}
		bpf_map_delete_elem(&socks, &flow->cookie);
		conn->reason = SS_REASON_NOT_PAIRED;
		return;
	}
	abort_joining(conn);
	conn->reason = SS_REASON_REFUSED_BY_KERNEL;
}
