/* SPDX-License-Identifier: GPL-2.0-only */
/* What both ends know of each other, and how the sender is told to go on. */
#pragma once
#include "../clock.h"
#include "../fail.h"
#include "../lent.h"
#include "../stop.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

static struct tally {
	/* Set by the sender: the turns are over, and then: the reader may read again. */
	atomic_bool flooding, resumed;
	_Atomic uint64_t sent, received, wrong, errors;
	/* As the kernel has it: twice what was asked for, or what it grew to by itself. Read when the reader stopped, after so many bytes. */
	_Atomic uint64_t buffer, before;
	/* How often poll said that there was room, and send that there was none. */
	_Atomic uint64_t empty_promises;
	/* How long the sender was held up, until it had had enough of it, and what it could send afterwards. */
	_Atomic uint64_t held_ns, afterwards;
	/* When the reader came back, what it was owed then, and how long it took from then on until it had that. */
	_Atomic uint64_t resumed_at, owed, late_ns;
	/* What the sender's socket has at its end. */
	struct lent lent;
	_Atomic int error;
} *tally;

/* SIGUSR1 alone. */
static sigset_t telling(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	return signals;
}

/* It is blocked but here: in the middle of a call it would end that, which is not what this is about. */
static bool told_within_ms(void)
{
	const struct timespec ms = { .tv_nsec = NS_PER_MS };
	sigset_t signals = telling();

	return sigtimedwait(&signals, NULL, &ms) == SIGUSR1;
}

static void hear_when_asked(void)
{
	sigset_t signals = telling();

	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void trouble(void)
{
	atomic_store(&tally->error, errno);
	atomic_fetch_add(&tally->errors, 1);
}

/* Until the next SIGUSR1. */
static void wait_until_told(void)
{
	while (!told_within_ms() && !stopping)
		;
}
