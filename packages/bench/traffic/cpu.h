/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a program runs, and what it has used. */
#pragma once
#include "clock.h"
#include "fail.h"
#include <sched.h>

/* Binds the calling process to one CPU; a negative number leaves it free. */
static inline void run_on_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU %d", cpu);
}

/* User and system time of this process so far. */
static inline uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}
