/* SPDX-License-Identifier: GPL-2.0 */
/* Every map and variable that the programs share; maps.bpf.c defines them. */
#pragma once

#include "kernel.h"
#include "sidestep.h"
#include <bpf/bpf_helpers.h>

/* The sequence numbers that both ends of one connection see at establishment; the other end sees them swapped. */
struct isn_pair {
	__u32 sent;
	__u32 received;
};

/* Where a record is, and whose it must be. */
struct place {
	__u64 connection;
	__u64 listener;		/* cookie of the socket that accepts it; 0: not known */
	__u32 slot;
	__u32 pad;
};

/* Who called listen or connect: these callbacks run in its context. */
struct process {
	struct ss_executable executable;
	char comm[16];
	__u32 pid;		/* thread group id; 0: not known */
	__u32 pad;
};

enum flow_kind {
	FLOW_UNUSED = 0,
	FLOW_CONNECTING = 1,
	FLOW_OURS = 2,		/* one end of a connection that has a record */
};

/* What a socket carries with it. */
struct flow {
	__u64 connection;	/* id, once kind is FLOW_OURS */
	__u64 cookie;		/* the socket's own */
	__u32 slot;		/* of the connection's record */
	__u32 kind;
	__u32 side;
	struct process process;
	__u64 visit;		/* the last one by its file: visit.bpf.h */
	__u32 lives;		/* how often the socket was disconnected and used again */
	__u32 samples;		/* of the round-trip time, before its transmit hook was switched on; without a record: looks in vain for the other end */
};

/* Enrolled sockets by their own cookie. Eight-byte values let user space dump it. */
struct sock_map {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, __u64);
};

struct flow_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow);
};

/* Unless user space sizes the maps otherwise before it loads them, and says so in most_connections. */
#define MOST_CONNECTIONS 65536

/* Records by slot: the verdict finds its record without a hash. Values that can be mapped begin where a page does, and so where a cache line does. */
struct connection_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MOST_CONNECTIONS);
	__type(key, __u32);
	__type(value, struct ss_connection);
};

/* Where the records of enrolled sockets are, by the lower bits of their cookies: short-cut.bpf.h. */
#ifdef SS_TEST_ONE_SHORT_CUT
#define SHORT_CUTS 1
#else
#define SHORT_CUTS (1 << 17)
#endif

struct short_cut_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHORT_CUTS);
	__type(key, __u32);
	__type(value, __u64);
};

/* Slots that were used and are free again, the one that is free longest first. */
struct slot_queue {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MOST_CONNECTIONS);
	__type(value, __u32);
};

/* Clients that are established and wait for their server's half of the handshake. In a crowd that may be all that the table has room for. */
struct pending_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MOST_CONNECTIONS);
	__type(key, struct isn_pair);
	__type(value, struct place);
};

enum syn_mark {
	SERVER_IS_HERE = 1,	/* how a client learns that its server is on this host */
	CLIENT_WAITS = 2,	/* it has learnt it, but must wait for its turn to make a record: crowd.bpf.h */
};

struct syn {
	__u64 listener;		/* the socket's cookie; 0: not known */
	__u32 mark;		/* see syn_mark */
	__u32 pad;
};

/* SYNs that reached a listener of ours, by their ISN. */
struct syn_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MOST_CONNECTIONS);
	__type(key, __u32);
	__type(value, struct syn);
};

/*
 * Who listens, by the socket's cookie. The kernel could clone the same into each socket that it accepts, which would cost a connection of one
 * request 3 % of its time.
 */
struct listener_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct process);
};

/* Thread group ids of processes that ask FIONREAD. */
struct process_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
};

/* Executables that splice from TCP sockets. User space puts back those that it remembers. */
struct splicer_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct ss_executable);
	__type(value, struct ss_splicer);
};

/* Executables whose connections want to join. */
struct program_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct ss_executable);
	__type(value, struct ss_program);
};

/* Written by the daemon alone. */
struct pair_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct ss_pair);
	__type(value, __u8);
};

struct race_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ss_pair);
	__type(value, struct ss_race);
};

/* The four numbers that TCP knows a connection by, as one end sees them. Network order but for the own port. */
struct tuple {
	__u8 address[16];
	__u8 peer_address[16];
	__u16 port;
	__u16 peer_port;
};

/* An end of a connection that was open before we were switched on. */
struct open_end {
	__u64 sock;
	__u64 cookie;
};

struct listening_port {
	__u64 netns;
	__u32 port;
	__u32 pad;
};

struct event_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
};

struct totals_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ss_totals);
};

extern struct sock_map socks SEC(".maps");
extern struct flow_map flows SEC(".maps");
extern struct connection_map connections SEC(".maps");
extern struct short_cut_map short_cuts SEC(".maps");
extern struct slot_queue free_slots SEC(".maps");
extern struct pending_map pending SEC(".maps");
extern struct syn_map syns SEC(".maps");
extern struct listener_map listeners SEC(".maps");
extern struct splicer_map splicers SEC(".maps");
extern struct program_map programs SEC(".maps");
extern struct pair_map cheaper_on_tcp SEC(".maps");
extern struct race_map races SEC(".maps");
extern struct process_map fionread_askers SEC(".maps");
extern struct event_ring events SEC(".maps");
extern struct totals_map totals SEC(".maps");

extern volatile struct ss_config config;
/* Set when a connection is due to join or leave: the daemon clears it and runs the iterator. */
extern volatile __u32 attention;
/* CLOCK_MONOTONIC, ns: when a daemon last said that it was there; 0: none of this version has yet. */
extern volatile __u64 attended;
extern struct ss_census census;
/* The process that last visited sockets by an iterator that locks them: what a socket does as it is unlocked, it does in that one's name. */
extern volatile __u32 visitor;

/* How many connections came of late: crowd.bpf.h. All times are CLOCK_MONOTONIC, ns. */
struct crowd {
	__u64 since;		/* when this window began */
	__u64 until;		/* how long it counts as a crowd; 0: never was one */
	__u32 connects;		/* in this window */
	__u32 late_records;	/* made in this window */
};

extern struct crowd crowd;
extern const volatile __u32 most_connections;
/* Slots from here on were never used. */
extern __u32 fresh_slots;

static __always_inline struct ss_totals *totals_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&totals, &zero);
}
