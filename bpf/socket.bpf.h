/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Questions about a socket, answered from its kernel address (peek.bpf.h). The address may be stale, when that end has
 * just closed: then the answers are wrong and harmless, for a redirect looks its target up by cookie, and fails.
 */
#pragma once

#include "maps.bpf.h"
#include "peek.bpf.h"

#define SK_USER_DATA_PSOCK 4UL
#define SK_USER_DATA_FLAGS 7UL
#define MOST_SLEEPERS 8
#define MOST_MAPS 4
#define SOL_SOCKET 1
#define SO_KEEPALIVE 9
#define SO_RCVLOWAT 18
#define SOL_TCP 6
#define TCP_KEEPIDLE 4
#define TCP_KEEPINTVL 5
#define TCP_KEEPCNT 6
#define TCP_THIN_LINEAR_TIMEOUTS 16
#define TCP_USER_TIMEOUT 18
#define TCP_NOTSENT_LOWAT 25
#define TCP_BPF_SNDCWND_CLAMP 1002
/* What TCP_NOTSENT_LOWAT is set to where a sender is to wait for its reader, and where it must be able to fill a segment meanwhile: lend.bpf.h, corking.bpf.h. Numbers by which it is known. */
#define PLUGGED_LOWAT 1
#define CORKED_LOWAT 131073

/* Sleepers inside recv or inside a send that waits for memory have this wake function; pollers have another. */
extern const void woken_wake_function __ksym __weak;

static __always_inline bool is_lent_mark(__u32 mark)
{
	return mark == PLUGGED_LOWAT || mark == CORKED_LOWAT;
}

/* Bytes that wait to be read, whichever path they came by. */
static __always_inline int queued_bytes(struct tcp_sock *tp)
{
	return PEEK(tp, inet_conn.icsk_inet.sk.sk_backlog.rmem_alloc.counter);
}

static __always_inline struct sk_psock *psock_of(struct tcp_sock *tp)
{
	unsigned long data = (unsigned long)PEEK(tp, inet_conn.icsk_inet.sk.sk_user_data);

	return data & SK_USER_DATA_PSOCK ? (void *)(data & ~SK_USER_DATA_FLAGS) : 0;
}

/* Redirected messages that wait to be read. */
static __always_inline bool holds_redirected(struct tcp_sock *tp)
{
	struct sk_psock *psock = psock_of(tp);

	return psock && (void *)BPF_CORE_READ(psock, ingress_msg.next) !=
				(void *)psock + bpf_core_field_offset(struct sk_psock, ingress_msg);
}

#define has_socket_flag(tp, flag) \
	(PEEK(tp, inet_conn.icsk_inet.sk.__sk_common.skc_flags) & (1UL << bpf_core_enum_value(enum sock_flags, flag)))

/* Its program has set TCP_USER_TIMEOUT, or we have when it was closed. */
static __always_inline bool has_user_timeout(struct tcp_sock *tp)
{
	return PEEK(tp, inet_conn.icsk_user_timeout);
}

/* How many threads sleep inside a recv or send call on this socket. */
static __always_inline int sleepers(struct tcp_sock *tp)
{
	struct socket_wq *wq = PEEK(tp, inet_conn.icsk_inet.sk.sk_wq);
	struct list_head *head, *at;
	int i, count = 0;

	if (!wq || !&woken_wake_function)
		return 0;
	head = (void *)wq + bpf_core_field_offset(struct socket_wq, wait.head);
	at = BPF_CORE_READ(head, next);
	for (i = 0; i < MOST_SLEEPERS; i++) {
		struct wait_queue_entry *entry;

		if (!at || at == head)
			break;
		entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);
		if (BPF_CORE_READ(entry, func) == &woken_wake_function)
			count++;
		at = BPF_CORE_READ(at, next);
	}
	return count;
}

/* Ours, and those of other programs that have put the socket into theirs since then. */
static __always_inline int maps_of(struct sk_psock *psock)
{
	struct list_head *head = (void *)psock + bpf_core_field_offset(struct sk_psock, link);
	struct list_head *at = BPF_CORE_READ(psock, link.next);
	int count;

	for (count = 0; count < MOST_MAPS && at && at != head; count++)
		at = BPF_CORE_READ(at, next);
	return count;
}

/* Sleepers and all. A map that takes the socket in or gives it back in between is not to hide a call: rather one too many. */
static __always_inline int psock_calls(struct tcp_sock *tp)
{
	struct sk_psock *psock = psock_of(tp);
	int before, references, after;

	if (!psock)
		return 0;
	before = maps_of(psock);
	references = BPF_CORE_READ(psock, refcnt.refs.counter);
	after = maps_of(psock);
	return references - (before < after ? before : after);
}

/*
 * How many calls are inside the socket's send or receive path, sleepers apart: an enrolled socket's psock is referenced
 * once by each map and once during every sendmsg, recvmsg and redirect into it. A sleeper is not between its verdict and its
 * enqueue, which is all that matters here: it will run the verdict again before it sends.
 */
static __always_inline int calls_inside(struct tcp_sock *tp)
{
	int calls = psock_calls(tp);

	return calls > 0 ? calls - sleepers(tp) : calls;
}

/* Redirected messages wait at the reader, or are on their way to it: who is past its verdict has its message yet to put there. So first the calls: try_to_part says why. */
static __always_inline bool has_redirected_to_read(struct tcp_sock *sender, struct tcp_sock *reader)
{
	return calls_inside(sender) > 0 || holds_redirected(reader);
}

/* Whether redirected bytes could surprise this end, as a reader or as a sender, whoever has it: the reason, or SS_REASON_NONE. */
static __always_inline __u32 misfit_but_for_file(struct tcp_sock *tp)
{
	if (PEEK(tp, inet_conn.icsk_ulp_ops))
		return SS_REASON_SPECIAL_SOCKET;
	if (bpf_core_field_exists(tp->is_mptcp) && PEEK(tp, is_mptcp))
		return SS_REASON_SPECIAL_SOCKET;
	if (PEEK(tp, inet_conn.icsk_inet.sk.sk_rcvlowat) > 1)
		return SS_REASON_LOW_WATER_MARK;
	if (has_socket_flag(tp, SOCK_ZEROCOPY))
		return SS_REASON_ZERO_COPY_SENDER;
	return SS_REASON_NONE;
}

static __always_inline struct file *file_of(struct tcp_sock *tp)
{
	struct socket *socket = PEEK(tp, inet_conn.icsk_inet.sk.sk_socket);

	return socket ? BPF_CORE_READ(socket, file) : 0;
}

/* Its program has closed it. */
static __always_inline bool is_orphan(struct tcp_sock *tp)
{
	return !PEEK(tp, inet_conn.icsk_inet.sk.sk_socket);
}

/* Whoever accepts or makes a socket for a program has a file for it first. */
static __always_inline bool belongs_to_kernel(struct tcp_sock *tp)
{
	return PEEK(tp, inet_conn.icsk_inet.sk.sk_socket) && !file_of(tp);
}

static __always_inline __u32 misfit(struct tcp_sock *tp, struct file *file, bool may_block)
{
	__u32 reason = misfit_but_for_file(tp);

	if (reason)
		return reason;
	if (!file)
		return belongs_to_kernel(tp) ? SS_REASON_SPECIAL_SOCKET : SS_REASON_WARMING_UP; /* not accepted yet */
	if (!may_block && !(BPF_CORE_READ(file, f_flags) & O_NONBLOCK))
		return SS_REASON_BLOCKING_READER;
	return SS_REASON_NONE;
}

/* The peer has read every byte that TCP ever carried in this direction. */
static __always_inline bool all_read(struct tcp_sock *sender, struct tcp_sock *reader)
{
	return PEEK(sender, write_seq) == PEEK(reader, copied_seq);
}

/* Somebody holds the socket's lock in process context. */
static __always_inline bool in_a_call(struct tcp_sock *tp)
{
	return PEEK(tp, inet_conn.icsk_inet.sk.sk_lock.owned);
}

/* Nanoseconds since 1970. */
static __always_inline __u64 written_at(struct inode *inode)
{
	struct inode___before_6_11 *older = (void *)inode;
	struct inode___before_6_7 *oldest = (void *)inode;
	__u64 seconds, rest;

	if (bpf_core_field_exists(inode->i_mtime_sec)) {
		seconds = BPF_CORE_READ(inode, i_mtime_sec);
		rest = BPF_CORE_READ(inode, i_mtime_nsec);
	} else if (bpf_core_field_exists(older->__i_mtime)) {
		seconds = BPF_CORE_READ(older, __i_mtime.tv_sec);
		rest = BPF_CORE_READ(older, __i_mtime.tv_nsec);
	} else {
		seconds = BPF_CORE_READ(oldest, i_mtime.tv_sec);
		rest = BPF_CORE_READ(oldest, i_mtime.tv_nsec);
	}
	return seconds * 1000 * 1000 * 1000 + rest;
}

/* The same as long as its content is, whatever it is called and whoever may execute it. Some systems give all files one date, others know no generations. */
static __always_inline __u64 version_of(struct inode *inode)
{
	return written_at(inode) + BPF_CORE_READ(inode, i_generation) * 0x9e3779b97f4a7c15;
}

/* The file that the running process executes. */
static __always_inline void note_executable(struct ss_executable *executable)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);

	executable->device = BPF_CORE_READ(inode, i_sb, s_dev);
	executable->inode = BPF_CORE_READ(inode, i_ino);
	executable->version = version_of(inode);
}

/* The process that runs: its id, and its name rather than that of one of its threads. */
static __always_inline void note_process(__u32 *pid, char *comm)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	*pid = BPF_CORE_READ(task, tgid);
	bpf_probe_read_kernel_str(comm, sizeof(leader->comm),
				  (void *)leader + bpf_core_field_offset(struct task_struct, comm));
}

/*
 * Somebody holds the socket's lock in process context, and it is its program that does, as far as can be seen: others do so, too, for a moment (a
 * socket listing, our own iterators), and what has waited for the lock runs in their name.
 */
static __always_inline bool in_a_call_of_its_own(struct tcp_sock *tp)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	return in_a_call(tp) && task->tgid != (int)visitor &&
	       BPF_CORE_READ(task, cred, fsuid.val) == PEEK(tp, inet_conn.icsk_inet.sk.sk_uid.val);
}

/* In a row, by the same process of another user: nobody else looks into one socket so often while its program does nothing. One call may come here several times. */
#define ENOUGH_CALLS 4
#define LONGEST_CALL_NS (1000 * 1000ULL)

/* A program may have become another user since it made its socket. */
static __always_inline bool is_called_by_its_own(struct ss_connection *conn, __u32 side)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct tcp_sock *tp = (void *)conn->sock[side & 1];
	__u64 now;

	if (in_a_call_of_its_own(tp))
		return true;
	if (!in_a_call(tp) || task->tgid == (int)visitor)
		return false;
	now = bpf_ktime_get_ns();
	if (conn->caller[side & 1] != (__u32)task->tgid) {
		conn->caller[side & 1] = task->tgid;
		conn->calls[side & 1] = 0;
	} else if (now - conn->called_at[side & 1] < LONGEST_CALL_NS) {
		return false;
	}
	conn->called_at[side & 1] = now;
	return ++conn->calls[side & 1] >= ENOUGH_CALLS;
}

static __always_inline bool is_same(struct ss_executable *one, struct ss_executable *other)
{
	return one->device == other->device && one->inode == other->inode && one->version == other->version;
}

/* A fetching atomic orders everything on both sides, on every architecture. */
static __always_inline void full_barrier(void)
{
	__u64 somewhere = 0;

	__sync_val_compare_and_swap(&somewhere, 0, 1);
}

RARE void note_running_process(struct ss_connection *conn, __u32 side)
{
	struct ss_end *end = &conn->end[side & 1];
	struct ss_executable before = end->executable;
	__u32 pid = end->pid;

	note_process(&end->pid, end->comm);
	note_executable(&end->executable);
	if (pid == end->pid && is_same(&before, &end->executable)) {
		conn->exact[side & 1] = 1;
		return;
	}
	conn->examined[side & 1] = 0;
	/* What is cheaper on TCP is known of pairs of programs: rule.bpf.h. */
	conn->ruled = 0;
	/* Whoever sees that it is known is to see this, too. */
	full_barrier();
	conn->exact[side & 1] = 1;
	if (conn->state != SS_STATE_STACK)
		attention = 1;
}

/* Only where the running process is the one that uses the socket: its pid, name and executable replace those of whoever listens. */
static __always_inline void note_process_of(struct ss_connection *conn, __u32 side)
{
	if (unlikely(!conn->exact[side & 1]))
		note_running_process(conn, side);
}
