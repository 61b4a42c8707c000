/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who sends with MSG_MORE or TCP_CORK has TCP wait for the rest of a segment, for 0.2 s if no acknowledgement comes before. A sender that is to wait as soon as anything is left unsent
 * (lend.bpf.h) would wait for just that, each time. The programs do not see the flag: it shows in what TCP keeps back although nothing is in its way.
 */
#pragma once

#include "record.bpf.h"
#include "socket.bpf.h"

/* Of whatever length: TCP loses its patience after 20 at the least, and a pace leaves no such gap. */
#define LONG_PAUSE_TICKS 16

static __always_inline bool nothing_under_way(struct tcp_sock *own)
{
	return PEEK(own, snd_nxt) == PEEK(own, snd_una);
}

/* With the sender's lock held, before it sends more: less than a segment waits, with room at the reader's, and not for its pace. */
static __always_inline bool keeps_back(struct tcp_sock *own)
{
	__u32 unsent = own->write_seq - own->snd_nxt;

	return unsent && unsent < own->mss_cache && nothing_under_way(own) &&
	       (__s32)(own->snd_una + own->snd_wnd - own->write_seq) >= 0 && own->tcp_wstamp_ns <= bpf_ktime_get_ns();
}

/* TCP sends so much by itself, after a long pause, and with nothing under way that an acknowledgement could have come for. */
static __always_inline bool lost_patience(struct tcp_sock *tp, __u32 bytes)
{
	return !in_a_call(tp) && bytes < PEEK(tp, mss_cache) && nothing_under_way(tp) &&
	       (__u32)bpf_jiffies64() - PEEK(tp, lsndtime) >= LONG_PAUSE_TICKS;
}
