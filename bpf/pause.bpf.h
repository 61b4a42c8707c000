/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An iterator runs in the kernel from its first socket to its last, and most kernels let nothing else have that CPU until it returns: for a
 * hundred thousand connections that were 170 ms. So it writes something now and then, and its reader asks for no more than that at a time: the
 * read returns, others have their turn, and the next one goes on from there. Sockets that come or go in between may be visited twice or not
 * at all: sidestep_look, which goes through the records, asks for another visit where sidestep_tend has left something undone.
 */
#pragma once

#include "kernel.h"

/* Some 5 ms. */
#define PAUSE_AFTER 4096

/* First of all at each visit. `word` is what its reader knows to be none of its own. */
static __always_inline void pause_now_and_then(struct bpf_iter_meta *meta, const void *word, __u32 size)
{
	if (meta->seq_num % PAUSE_AFTER == PAUSE_AFTER - 1)
		bpf_seq_write(meta->seq, word, size);
}

/* Of an iterator that has nothing else to say. */
static __always_inline void pause_quietly(struct bpf_iter_meta *meta)
{
	__u64 nothing = 0;

	pause_now_and_then(meta, &nothing, sizeof(nothing));
}
