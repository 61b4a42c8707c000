// SPDX-License-Identifier: GPL-2.0
/*
 * Small programs that do to scratch sockets what the data plane does to real ones. Each is loaded by itself, so that one that a kernel
 * refuses takes no other down.
 */
#include "../kernel.h"
#include "probe.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define SOL_SOCKET 1
#define SO_RCVLOWAT 18
#define SOL_TCP 6
#define TCP_NOTSENT_LOWAT 25
#define TCP_BPF_SOCK_OPS_CB_FLAGS 1008
#define WATCHED (BPF_SOCK_OPS_STATE_CB_FLAG | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG)
#define SK_USER_DATA_PSOCK 4UL
#define SK_USER_DATA_FLAGS 7UL
#define MOST_SLEEPERS 8

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16);
	__type(key, __u64);
	__type(value, __u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct probe_mark);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} path SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct probe_calls);
} calls SEC(".maps");

/* By the thread group id of whoever is watched: how often a tracepoint was passed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} passed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

extern const void woken_wake_function __ksym __weak;

SEC("sk_msg")
int probe_verdict(struct sk_msg_md *msg)
{
	struct bpf_sock *sk = msg->sk;
	struct probe_mark *mark;
	__u32 zero = 0, *wanted = bpf_map_lookup_elem(&path, &zero);
	__u64 target;

	if (!sk || !wanted || *wanted != PROBE_REDIRECT)
		return SK_PASS;
	mark = bpf_sk_storage_get(&marks, sk, 0, 0);
	if (!mark)
		return SK_PASS;
	target = mark->target;
	bpf_msg_redirect_hash(msg, &sockets, &target, BPF_F_INGRESS);
	return SK_PASS;
}

static __always_inline struct probe_calls *seen_calls(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&calls, &zero);
}

static __always_inline void on_established(struct bpf_sock_ops *ops, struct probe_end *end, __u64 key)
{
	end->established++;
	end->sent = ops->snd_nxt;
	end->received = ops->rcv_nxt;
	end->netns = bpf_get_netns_cookie(ops);
	end->enrolled = bpf_sock_hash_update(ops, &sockets, &key, BPF_NOEXIST);
	bpf_map_delete_elem(&sockets, &key);
	bpf_sock_ops_cb_flags_set(ops, WATCHED | BPF_SOCK_OPS_RTT_CB_FLAG);
}

SEC("sockops")
int probe_sockops(struct bpf_sock_ops *ops)
{
	struct bpf_sock_ops_kern *kern = (void *)ops;
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct probe_calls *seen = seen_calls();
	struct probe_end *end;
	int one = 1;

	if (!seen)
		return 1;
	/* The scratch namespace has one connection, and its server's port is below 1024. */
	end = &seen->end[ops->local_port < 1024 ? PROBE_SERVER : PROBE_CLIENT];
	switch (ops->op) {
	case BPF_SOCK_OPS_TCP_LISTEN_CB:
		seen->end[PROBE_SERVER].pid = BPF_CORE_READ(task, tgid);
		break;
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		seen->end[PROBE_CLIENT].pid = BPF_CORE_READ(task, tgid);
		break;
	case BPF_SOCK_OPS_RWND_INIT:
		if (!ops->is_fullsock) {
			struct tcp_request_sock *request = (void *)BPF_CORE_READ(kern, sk);

			seen->syn = BPF_CORE_READ(request, rcv_isn);
		}
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		seen->isn = ops->snd_una - (__u32)ops->bytes_acked;
		on_established(ops, end, PROBE_CLIENT);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		on_established(ops, end, PROBE_SERVER);
		break;
	case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
		end->transmitted++;
		end->lowat = bpf_setsockopt(ops, SOL_TCP, TCP_NOTSENT_LOWAT, &one, sizeof(one));
		break;
	case BPF_SOCK_OPS_RTT_CB:
		end->round_trips++;
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ops->args[1] == TCP_CLOSE)
			end->closed++;
		break;
	}
	return 1;
}

static __always_inline struct sk_psock *psock_of(struct sock *sk)
{
	unsigned long data = (unsigned long)BPF_CORE_READ(sk, sk_user_data);

	return data & SK_USER_DATA_PSOCK ? (void *)(data & ~SK_USER_DATA_FLAGS) : 0;
}

static __always_inline __u32 sleepers(struct sock *sk)
{
	struct socket_wq *wq = BPF_CORE_READ(sk, sk_wq);
	struct list_head *head, *at;
	__u32 count = 0;
	int i;

	if (!wq || !&woken_wake_function)
		return 0;
	head = (void *)wq + bpf_core_field_offset(struct socket_wq, wait.head);
	at = BPF_CORE_READ(head, next);
	for (i = 0; i < MOST_SLEEPERS && at && at != head; i++) {
		struct wait_queue_entry *entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);

		if (BPF_CORE_READ(entry, func) == &woken_wake_function)
			count++;
		at = BPF_CORE_READ(at, next);
	}
	return count;
}

static __always_inline void look(struct seq_file *seq, struct sock *sk, struct probe_mark *mark)
{
	struct probe_look look = { .key = mark->own };
	struct sk_psock *psock = psock_of(sk);

	look.rmem = BPF_CORE_READ(sk, sk_backlog.rmem_alloc.counter);
	look.sleepers = sleepers(sk);
	if (psock) {
		look.references = BPF_CORE_READ(psock, refcnt.refs.counter);
		look.holds_messages = (void *)BPF_CORE_READ(psock, ingress_msg.next) !=
				      (void *)psock + bpf_core_field_offset(struct sk_psock, ingress_msg);
	}
	bpf_seq_write(seq, &look, sizeof(look));
}

static __always_inline void enrol(struct seq_file *seq, struct sock *sk, struct probe_mark *mark)
{
	struct probe_look look = { .key = mark->own };
	__u64 key = mark->own;

	look.result = bpf_map_update_elem(&sockets, &key, sk, BPF_NOEXIST);
	bpf_seq_write(seq, &look, sizeof(look));
}

static __always_inline void release(struct seq_file *seq, struct sock *sk, struct probe_mark *mark)
{
	struct probe_look look = { .key = mark->own };
	__u64 key = mark->own;

	(void)sk;
	look.result = bpf_map_delete_elem(&sockets, &key);
	bpf_seq_write(seq, &look, sizeof(look));
}

/* Both ways to come by marked sockets, as in ../visit.bpf.h. */
#define VISITOR(act)                                                                            \
	SEC("iter/bpf_sk_storage_map")                                                          \
	int probe_##act(struct bpf_iter__bpf_sk_storage_map *ctx)                               \
	{                                                                                       \
		struct probe_mark *mark = ctx->value;                                           \
		struct sock *sk = ctx->sk;                                                      \
												\
		if (sk && mark)                                                                 \
			act(ctx->meta->seq, sk, mark);                                          \
		return 0;                                                                       \
	}                                                                                       \
												\
	SEC("iter/task_file")                                                                   \
	int probe_##act##_files(struct bpf_iter__task_file *ctx)                                \
	{                                                                                       \
		struct file *file = ctx->file;                                                  \
		struct socket *socket = file ? bpf_sock_from_file(file) : 0;                    \
		struct sock *sk = socket ? socket->sk : 0;                                      \
		struct probe_mark *mark = sk ? bpf_sk_storage_get(&marks, sk, 0, 0) : 0;        \
												\
		if (mark)                                                                       \
			act(ctx->meta->seq, sk, mark);                                          \
		return 0;                                                                       \
	}

VISITOR(look)
VISITOR(enrol)
VISITOR(release)

/* Has sock_ops called for connections that were open before. */
SEC("iter/tcp")
int probe_survey(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct probe_look look = {};
	struct probe_mark *mark;
	struct tcp_sock *tp;
	int flags = WATCHED;

	tp = common ? bpf_skc_to_tcp_sock(common) : 0;
	if (!tp || common->skc_state != TCP_ESTABLISHED)
		return 0;
	mark = bpf_sk_storage_get(&marks, tp, 0, 0);
	if (!mark)
		return 0;
	look.key = mark->own;
	look.result = bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB_FLAGS, &flags, sizeof(flags));
	bpf_seq_write(ctx->meta->seq, &look, sizeof(look));
	return 0;
}

/* Does what no program does to a socket that it only looks at: signals its reader, and sets an option that is its owner's. */
SEC("iter/tcp")
int probe_errand(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct probe_look look = {};
	struct probe_mark *mark;
	struct tcp_sock *tp;
	int one = 1;

	tp = common ? bpf_skc_to_tcp_sock(common) : 0;
	if (!tp || common->skc_state != TCP_ESTABLISHED)
		return 0;
	mark = bpf_sk_storage_get(&marks, tp, 0, 0);
	if (!mark)
		return 0;
	look.key = mark->own;
	look.result = bpf_setsockopt(tp, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	if (!look.result)
		look.result = bpf_setsockopt(tp, SOL_TCP, TCP_NOTSENT_LOWAT, &one, sizeof(one));
	bpf_seq_write(ctx->meta->seq, &look, sizeof(look));
	return 0;
}

/* False for processes that are not watched. */
static __always_inline bool pass(void *call)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 *times = bpf_map_lookup_elem(&passed, &pid);

	(void)call;
	if (times)
		__sync_fetch_and_add(times, 1);
	return times;
}

SEC("tracepoint/syscalls/sys_enter_ioctl")
int probe_ioctl(void *call)
{
	pass(call);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_splice")
int probe_splice(void *call)
{
	pass(call);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_ioctl")
int probe_printk(void *call)
{
	if (pass(call))
		bpf_printk("sidestep: a probe of the check-up, process %d", (int)(bpf_get_current_pid_tgid() >> 32));
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_ioctl")
int probe_ring(void *call)
{
	__u64 *record;

	if (!pass(call))
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return 0;
	*record = bpf_ktime_get_ns();
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}
