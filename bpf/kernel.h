/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel structures that we read, cut down to the fields that we read. CO-RE finds the real offsets when the object
 * is loaded, so no generated vmlinux.h is needed and one object runs on every kernel with BTF.
 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>

/* Program contexts and helper arguments come from the stable header; everything else is a view. */
#include <linux/bpf.h>

/*
 * What runs on each message is to lie in few lines of the processor's cache, together: what is rare goes out of its way. A call that is rare
 * costs nothing when it is not made.
 */
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define RARE static __attribute__((noinline, unused))

/* Of a task. */
#define PF_IO_WORKER 0x10
#define PF_KTHREAD 0x200000

#define AF_INET 2
#define AF_INET6 10
#define TCP_ESTABLISHED 1
#define TCP_FIN_WAIT1 4
#define TCP_CLOSE 7
#define TCP_LAST_ACK 9
#define TCP_CLOSING 11
#define TCP_LISTEN 10
#define TCP_NAGLE_OFF 1
#define O_NONBLOCK 04000
#define RCV_SHUTDOWN 1
#define SEND_SHUTDOWN 2
#define S_IFMT 0170000
#define S_IFSOCK 0140000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic64_t;
typedef struct { atomic_t refs; } refcount_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node **pprev; /* null: in no list */
};

struct timer_list {
	struct hlist_node entry;
};

/* It is to fire: each kernel has one of the two. */
struct hrtimer {
	__u8 state;
	bool is_queued;
};

struct wait_queue_head {
	struct list_head head;
};

struct wait_queue_entry {
	void *func;
	struct list_head entry;
};

struct socket_wq {
	struct wait_queue_head wait;
};

struct super_block {
	__u32 s_dev;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	__s64 i_mtime_sec;
	__u32 i_mtime_nsec;
	__u32 i_generation;
};

struct inode___before_6_11 {
	struct timespec64 __i_mtime;
};

struct inode___before_6_7 {
	struct timespec64 i_mtime;
};

struct file {
	unsigned int f_flags;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct sock;

struct socket {
	struct file *file;
	struct sock *sk;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t fsuid;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct in6_addr {
	struct {
		__u8 u6_addr8[16];
	} in6_u;
};

struct netns_ipv4 {
	int sysctl_tcp_rmem[3];
};

struct net {
	__u64 net_cookie;
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	long counter;
} atomic_long_t;

struct page_counter {
	atomic_long_t usage; /* pages */
	unsigned long max;
	struct page_counter *parent;
};

struct mem_cgroup {
	struct page_counter memory;
	unsigned long socket_pressure; /* jiffies: until when */
	struct page_counter tcpmem;    /* of hierarchy v1 */
};

struct proto {
	unsigned long *memory_pressure;
	long *memory_allocated; /* pages; to be read as one number */
	long *sysctl_mem;
};

struct sock_common {
	possible_net_t skc_net;
	struct proto *skc_prot;
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned long skc_flags;
	struct sock *skc_listener; /* of a request */
	atomic64_t skc_cookie;
	refcount_t skc_refcnt;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

typedef struct {
	int owned;
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	int sk_rcvlowat;
	void *sk_user_data;
	struct socket *sk_socket;
	struct socket_wq *sk_wq;
	struct sock_cgroup_data sk_cgrp_data;
	kuid_t sk_uid;
	unsigned char sk_shutdown;
	__u8 sk_userlocks : 4;
	int sk_rcvbuf;
	struct mem_cgroup *sk_memcg;
	struct timer_list sk_timer; /* elsewhere that of the keepalive */
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct timer_list icsk_retransmit_timer;
	struct timer_list icsk_delack_timer;
	struct timer_list icsk_keepalive_timer; /* came with Linux 6.19, and to older ones as a correction */
	const void *icsk_ulp_ops;
	__u8 icsk_probes_out;
	__u32 icsk_user_timeout; /* ms; 0: as many retransmissions as tcp_retries2 says */
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u64 bytes_received;
	__u16 urg_data;
	__u32 copied_seq;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u32 data_segs_out;
	__u32 total_retrans;
	__u64 tcp_mstamp;
	__u64 tcp_wstamp_ns;
	__u32 lsndtime;
	struct {
		__u64 time;
	} rcvq_space;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	bool is_mptcp;
	__u8 nonagle : 4;
	__u8 thin_lto : 1;
	__u32 notsent_lowat;
	__u32 snd_ssthresh;
	__u32 snd_cwnd_clamp;
	__u32 snd_wnd;
	__u32 mss_cache;
	struct hrtimer pacing_timer;
	struct hrtimer compressed_ack_timer;
};

struct tcp_request_sock {
	__u32 rcv_isn;
};

struct sk_psock {
	struct list_head ingress_msg;
	/* Bytes in it, for FIONREAD; older kernels have no such field, and do not count them. */
	__u32 msg_tot_len;
	refcount_t refcnt;
	/* The maps that have the socket. */
	struct list_head link;
};

struct mm_struct {
	struct file *exe_file;
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct sched_info {
	unsigned long long run_delay;
};

struct task_struct {
	struct sched_entity se;
	struct sched_info sched_info;
	struct mm_struct *mm;
	const struct cred *cred;
	__u64 start_time;
	unsigned int flags;
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct files_struct *files;
};

struct bpf_sock_ops_kern {
	struct sock *sk;
};

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	__u32 uid;
};

enum sock_flags {
	SOCK_KEEPOPEN,
	SOCK_ZEROCOPY,
};

#pragma clang attribute pop
