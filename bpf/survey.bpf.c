// SPDX-License-Identifier: GPL-2.0
/*
 * An iterator over every TCP socket of one network namespace. The daemon runs it several times after switching on, in each namespace, so that
 * connections that were open before are ours, too. They are found by their addresses, and proven by their sequence numbers: at a moment
 * in which nothing is under way, each end has received exactly what the other has sent, and these two numbers began at random.
 */
#include "close.bpf.h"
#include "pair.bpf.h"
#include "pause.bpf.h"

#define DEEPEST_CGROUP 32

/* Ends that accept connections: found by their addresses when their clients are visited. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct tuple);
	__type(value, struct open_end);
} open_servers SEC(".maps");

/* Servers whose client has been visited, by cookie: their record waits for them. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct place);
} half_paired SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct listening_port);
	__type(value, __u8);
} listening_ports SEC(".maps");

static __always_inline struct listening_port local_port(struct tcp_sock *tp)
{
	struct listening_port port = {
		.netns = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_net.net, net_cookie),
		.port = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_num),
	};

	return port;
}

/* sock_ops only runs for sockets below the cgroup that it is attached to. */
static __always_inline bool covered(struct tcp_sock *tp)
{
	struct cgroup *cgroup = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.sk_cgrp_data.cgroup);
	int i;

	for (i = 0; i < DEEPEST_CGROUP && cgroup; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == config.cgroup)
			return true;
		cgroup = (void *)BPF_CORE_READ(cgroup, self.parent);
	}
	return false;
}

/* As this end sees it, or as its peer does. */
static __always_inline void name_connection(struct tuple *tuple, struct tcp_sock *tp, bool as_peer)
{
	__u16 port = BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_num);
	__u16 peer = bpf_ntohs(BPF_CORE_READ(tp, inet_conn.icsk_inet.sk.__sk_common.skc_dport));

	copy_address(tuple->address, tp, !as_peer);
	copy_address(tuple->peer_address, tp, as_peer);
	tuple->port = as_peer ? peer : port;
	tuple->peer_port = as_peer ? port : peer;
}

/* `tp` is locked by the iterator; what its peer does meanwhile shows in the peer's numbers, and then they do not match. */
static __always_inline bool proven(struct tcp_sock *tp, struct open_end *peer)
{
	struct tcp_sock *other = (void *)peer->sock;

	return BPF_CORE_READ(other, inet_conn.icsk_inet.sk.__sk_common.skc_cookie.counter) == (long)peer->cookie &&
	       BPF_CORE_READ(other, inet_conn.icsk_inet.sk.__sk_common.skc_state) == TCP_ESTABLISHED &&
	       BPF_CORE_READ(tp, snd_nxt) == BPF_CORE_READ(other, rcv_nxt) &&
	       BPF_CORE_READ(tp, rcv_nxt) == BPF_CORE_READ(other, snd_nxt);
}

/* There is no record for it: nothing may be called. What it carries with it goes, unless that says that it has had another connection before. */
static __always_inline void leave_unwatched(struct tcp_sock *tp, struct flow *flow)
{
	set_hooks_of(tp, 0);
	if (!flow || !flow->lives)
		bpf_sk_storage_delete(&flows, tp);
}

static __always_inline void visit_server(struct tcp_sock *tp)
{
	struct open_end end = { .sock = (__u64)tp, .cookie = bpf_get_socket_cookie(tp) };
	struct place *place = bpf_map_lookup_elem(&half_paired, &end.cookie);
	struct ss_connection *conn;
	struct tuple tuple = {};
	struct flow *flow;

	if (!place) {
		name_connection(&tuple, tp, false);
		bpf_map_update_elem(&open_servers, &tuple, &end, BPF_ANY);
		return;
	}
	flow = bpf_sk_storage_get(&flows, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	conn = flow && watch(tp) ? take_server(place, tp, end.cookie, flow) : 0;
	if (conn) {
		count_from_now_on(&conn->direction[SS_SERVER], tp);
		__sync_fetch_and_or(&conn->armed, 1 << SS_SERVER);
		report(SS_EVENT_PAIRED, conn, SS_REASON_NONE);
	} else {
		leave_unwatched(tp, flow);
	}
	bpf_map_delete_elem(&half_paired, &end.cookie);
}

/* The run that has told its reader of a client whose server is to be visited. */
__u64 told_of_client SEC(".data.visitor") = 0;

/* The daemon makes another run after one with a client: else what the last one finds would never be whole. */
static __always_inline void tell_of_client(struct bpf_iter_meta *meta)
{
	__u64 yes = 1;

	if (told_of_client == meta->session_id)
		return;
	told_of_client = meta->session_id;
	bpf_seq_write(meta->seq, &yes, sizeof(yes));
}

static __always_inline void visit_client(struct bpf_iter_meta *meta, struct tcp_sock *tp)
{
	__u64 cookie = bpf_get_socket_cookie(tp);
	struct ss_connection *conn;
	struct tuple tuple = {};
	struct open_end *server;
	struct place place = {};
	struct flow *flow;

#ifdef SS_TEST_SELDOM_AT_REST
	if (bpf_get_prandom_u32() % 8)
		return;
#endif
	name_connection(&tuple, tp, true);
	server = bpf_map_lookup_elem(&open_servers, &tuple);
	if (!server || !proven(tp, server))
		return;
	flow = bpf_sk_storage_get(&flows, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flow)
		return;
	conn = watch(tp) ? new_record(&place, tp, cookie, flow) : 0;
	if (!conn) {
		leave_unwatched(tp, flow);
		return;
	}
	count_from_now_on(&conn->direction[SS_CLIENT], tp);
	conn->armed = 1 << SS_CLIENT;
	conn->id = place.connection;
	bpf_map_update_elem(&half_paired, &server->cookie, &place, BPF_ANY);
	tell_of_client(meta);
	report(SS_EVENT_ESTABLISHED, conn, SS_REASON_NONE);
}

SEC("iter/tcp")
int sidestep_survey(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct listening_port port;
	struct tcp_sock *tp;
	struct flow *flow;
	__u8 yes = 1;

	pause_quietly(ctx->meta);
	/* It may have stood at a locked socket since before it was switched off: others see to these sockets now. */
	if (config.kill)
		return 0;
	tp = common ? bpf_skc_to_tcp_sock(common) : 0;
	if (!tp)
		return 0;
	note_visitor();
	port = local_port(tp);
	if (common->skc_state == TCP_LISTEN) {
		bpf_map_update_elem(&listening_ports, &port, &yes, BPF_ANY);
		return 0;
	}
	if (common->skc_state != TCP_ESTABLISHED || !covered(tp))
		return 0;
	flow = bpf_sk_storage_get(&flows, tp, 0, 0);
	/* A socket that is in another map, perhaps that of programs before us, may come when it has left that. */
	if ((flow && flow->kind == FLOW_OURS) || psock_of(tp))
		return 0;
	if (bpf_map_lookup_elem(&listening_ports, &port))
		visit_server(tp);
	else
		visit_client(ctx->meta, tp);
	return 0;
}
