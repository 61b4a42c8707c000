/* SPDX-License-Identifier: GPL-2.0 */
/* Reporting what happened: a record in the ring, or a count of what the ring had no room for. */
#pragma once

#include "maps.bpf.h"

#define report_line(fmt, args...)                  \
	do {                                       \
		if (config.printk)                 \
			bpf_printk("sidestep: " fmt, ##args); \
	} while (0)

/*
 * The daemon drains on a timer, so nobody needs to be woken. What is sent and lost is counted exactly, also where a softirq interrupts one
 * of us.
 */
static __always_inline void report(__u32 kind, const struct ss_connection *conn, __u32 reason)
{
	struct ss_totals *count = totals_here();
	struct ss_event *event;

	if (count)
		__sync_fetch_and_add(&count->events_sent, 1);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		if (count)
			__sync_fetch_and_add(&count->events_lost, 1);
		return;
	}
	event->at = bpf_ktime_get_ns();
	event->kind = kind;
	event->reason = reason;
	__builtin_memcpy(&event->connection, conn, sizeof(*conn));
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}
