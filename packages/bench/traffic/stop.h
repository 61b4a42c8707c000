/* SPDX-License-Identifier: GPL-2.0-only */
/* SIGTERM and SIGINT ask a traffic program to finish what is under way and to report. */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static volatile sig_atomic_t stopping;

static void on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

/* Without SA_RESTART, so that a wait ends; a peer that goes away is an error of that send and no signal. */
static inline void stop_on_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop };

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
}
