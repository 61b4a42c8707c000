// SPDX-License-Identifier: GPL-2.0
/* sock_ops: one program sees the life of every TCP socket in the cgroup; each moment has a header of its own. */
#include "close.bpf.h"
#include "late.bpf.h"
#include "pair.bpf.h"
#include "transmit.bpf.h"

/* Without a record nobody is told of its end. */
static __always_inline void on_rtt(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct ss_connection *conn;
	struct flow *flow;

	if (!sk)
		return;
	if (!(ops->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_STATE_CB_FLAG)) {
		pair_late(ops, sk);
		return;
	}
	conn = record_of_caller(ops, &flow);
	if (conn)
		note_sample(ops, conn, flow);
}

SEC("sockops")
int sidestep_sockops(struct bpf_sock_ops *ops)
{
	switch (ops->op) {
	case BPF_SOCK_OPS_TCP_LISTEN_CB:
		on_listen(ops);
		break;
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		on_connect(ops);
		break;
	case BPF_SOCK_OPS_RWND_INIT:
		on_syn(ops);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		on_client_established(ops);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		on_server_established(ops);
		break;
	case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
		on_transmit(ops);
		break;
	case BPF_SOCK_OPS_RTT_CB:
		on_rtt(ops);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ops->args[1] == TCP_CLOSE)
			on_closed(ops);
		else if (ops->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG &&
			 (ops->args[1] == TCP_FIN_WAIT1 || ops->args[1] == TCP_LAST_ACK || ops->args[1] == TCP_CLOSING))
			on_closing(ops);
		break;
	}
	return 1;
}
