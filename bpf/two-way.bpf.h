/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Streams in both directions at once look like turns: whoever counts messages until the other end sends never counts far. In a conversation
 * an end has read what the other one said before it says something itself; here it sends while that waits. So it is what waits for a sender that tells the two apart.
 * Where TCP gathers what is written it may carry as much in one segment as the bypass in a hundred messages, or, with both ends on one processor, less than half as much; and where each
 * end has a processor it may be the faster one without that. Requests that do not wait for each other's answers (a pipeline of many writes) are the same in this.
 */
#pragma once

#include "socket.bpf.h"

/* A reader that has a thread of its own has often just read everything; in a conversation all have, always. One look in eight that finds something is enough. */
#define CROSSING 7
#define ENOUGH_CROSSINGS 28
#define MOST_CROSSINGS (2 * ENOUGH_CROSSINGS)

static __always_inline void note_crossing(struct ss_direction *direction, bool something_waits)
{
	if (something_waits)
		direction->crossings += direction->crossings < MOST_CROSSINGS ? CROSSING : 0;
	else
		direction->crossings -= direction->crossings > 0;
}

/* Who has sent so much without an answer does not cross anybody any more, whatever was before. Where both ends share a processor, each may send hundreds before the other one has a turn. */
#define ONE_WAY_AFTER 4096

static __always_inline void end_crossings(struct ss_connection *conn)
{
	conn->direction[SS_CLIENT].crossings = 0;
	conn->direction[SS_SERVER].crossings = 0;
}

static __always_inline bool sends_against_the_stream(struct ss_direction *direction)
{
	return direction->crossings >= ENOUGH_CROSSINGS;
}

static __always_inline bool streams_both_ways(struct ss_connection *conn)
{
	return sends_against_the_stream(&conn->direction[SS_CLIENT]) || sends_against_the_stream(&conn->direction[SS_SERVER]);
}
