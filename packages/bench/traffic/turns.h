/* SPDX-License-Identifier: GPL-2.0-only */
/* A conversation that goes on until SIGUSR1, and may be begun again. */
#pragma once
#include "clock.h"
#include "stop.h"
#include "whole.h"
#include <signal.h>

#define TURN_BYTES 64

static volatile sig_atomic_t told;
/* Nobody is waited for. */
static bool told_at_once;

static inline void on_told(int signal)
{
	(void)signal;
	told = 1;
}

static inline void take_turns(int client, int server)
{
	uint8_t bytes[TURN_BYTES] = { 0 };

	while (!told && !stopping) {
		if (!send_whole(client, bytes, sizeof(bytes), false) || !receive_whole(server, bytes, sizeof(bytes), false) ||
		    !send_whole(server, bytes, sizeof(bytes), false) || !receive_whole(client, bytes, sizeof(bytes), false))
			fail("take turns");
		sleep_ns(NS_PER_MS);
	}
	told = told_at_once;
}

/* Without saying anything meanwhile. */
static inline void wait_until_told(void)
{
	while (!told && !stopping)
		sleep_ns(NS_PER_MS);
	told = told_at_once;
}
