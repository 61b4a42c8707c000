/* SPDX-License-Identifier: GPL-2.0 */
/* What the probe's programs in the kernel and the one in user space tell each other. */
#pragma once

#include <linux/types.h>

/* What the verdict does with a message. */
enum probe_path {
	PROBE_PASS,
	PROBE_REDIRECT,
};

/* Of one socket, kept in its storage. */
struct probe_mark {
	__u64 own;	/* its key in the map of sockets */
	__u64 target;	/* of its peer */
};

/* What an iterator saw of one marked socket. */
struct probe_look {
	__u64 key;
	__s32 rmem;		/* sk_rmem_alloc */
	__s32 references;	/* to its psock; 0 without one */
	__u32 holds_messages;	/* redirected ones that wait to be read */
	__u32 sleepers;
	__s32 result;		/* of what the iterator did to it */
	__u32 pad;
};

/* What sock_ops saw of one end of a connection. */
struct probe_end {
	__u64 netns;
	__u32 sent;		/* sequence numbers at establishment */
	__u32 received;
	__u32 pid;		/* of whoever called listen or connect */
	__s32 enrolled;		/* what bpf_sock_hash_update answered; 1 when it was not called */
	__u32 established;	/* times */
	__u32 transmitted;
	__u32 round_trips;
	__u32 closed;
	__s32 lowat;		/* what bpf_setsockopt(TCP_NOTSENT_LOWAT) answered; 1 when it was not called */
	__u32 pad;
};

enum probe_side {
	PROBE_CLIENT,
	PROBE_SERVER,
};

struct probe_calls {
	struct probe_end end[2];
	__u32 syn;		/* the client's ISN as its SYN brought it */
	__u32 isn;		/* as the client knew it when it was established */
};
