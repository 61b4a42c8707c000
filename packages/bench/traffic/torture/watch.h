/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks at all open connections from outside, for those that have come to a standstill. */
#pragma once
#include "trouble.h"

__attribute__((format(printf, 3, 4))) static inline void late(const struct slot *slot, const struct habits *habits,
							      const char *format, ...)
{
	struct plan plan = plan_make(board->seed, slot->number, habits);
	va_list arguments;

	va_start(arguments, format);
	tell(slot, &plan, format, arguments);
	va_end(arguments);
}

/* Bytes, or the end of the stream, that are on their way for too long to a reader that waits for them. */
static inline bool road_is_late(const struct slot *slot, enum side sender, uint64_t now)
{
	const struct road *road = &slot->road[sender];
	uint64_t since = road->taken_at > road->owed_since ? road->taken_at : road->owed_since;

	return road_owes(road) && slot->busy[!sender] && slot->doing[!sender] == WAITING && now > since + board->late_ns;
}

/*
 * Plans rest for milliseconds: whoever moves nothing for so long is stuck. What was sent last has moved, too: where somebody waits for it,
 * it is late first.
 */
static inline bool slot_stands_still(const struct slot *slot, uint64_t now)
{
	uint64_t since = slot->opened;

	for (int i = 0; i < 2; i++) {
		const struct road *road = &slot->road[i];

		if (road->taken_at > since)
			since = road->taken_at;
		if (road->owed_since > since)
			since = road->owed_since;
	}
	return now > since + board->late_ns;
}

static inline void watch_slots(const struct habits *habits)
{
	uint64_t now = now_ns();

	for (uint32_t i = 0; i < SLOTS; i++) {
		const struct slot *slot = &board->slots[i];

		if (!slot->busy[CLIENT] && !slot->busy[SERVER])
			continue;
		if (road_is_late(slot, CLIENT, now) || road_is_late(slot, SERVER, now))
			late(slot, habits, "bytes are late by more than %g s", (double)board->late_ns / NS_PER_S);
		else if (slot_stands_still(slot, now))
			late(slot, habits, "nothing has moved for %g s", (double)board->late_ns / NS_PER_S);
	}
}
