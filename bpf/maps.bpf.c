// SPDX-License-Identifier: GPL-2.0
/* The maps and variables that all programs share. Each variable has a section of its own, and so a map of its own to pin. */
#include "maps.bpf.h"

struct sock_map socks SEC(".maps");
struct flow_map flows SEC(".maps");
struct connection_map connections SEC(".maps");
struct short_cut_map short_cuts SEC(".maps");
struct slot_queue free_slots SEC(".maps");
struct pending_map pending SEC(".maps");
struct syn_map syns SEC(".maps");
struct listener_map listeners SEC(".maps");
struct splicer_map splicers SEC(".maps");
struct program_map programs SEC(".maps");
struct pair_map cheaper_on_tcp SEC(".maps");
struct race_map races SEC(".maps");
struct process_map fionread_askers SEC(".maps");
struct event_ring events SEC(".maps");
struct totals_map totals SEC(".maps");

volatile struct ss_config config SEC(".data.config") = {
	.queue_cap = 16 * 1024 * 1024,
	.stream_after = 32,
	.settle_turns = 4,
	.rules = 1,
};
const volatile __u32 most_connections SEC(".rodata.limits") = MOST_CONNECTIONS;
volatile __u32 attention SEC(".data.attention") = 0;
volatile __u64 attended SEC(".data.attended") = 0;
volatile __u32 visitor SEC(".data.visitor") = 0;
struct crowd crowd SEC(".data.crowd") = {};
struct ss_census census SEC(".data.census") = {};
__u32 fresh_slots SEC(".data.slots") = 0;

#ifdef SS_TEST_OTHER_PROGRAMS
const __u32 test_build = 1;
#endif

/* So that the layouts stand in BTF although no map has these types. */
const struct ss_event *const event_layout = 0;
const struct ss_wake *const wake_layout = 0;
const enum ss_records records = SS_RECORDS;
const enum ss_examined examined = SS_UNEXAMINED;
