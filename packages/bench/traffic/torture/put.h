/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways of sending. */
#pragma once
#include "../splice-call.h"
#include "trouble.h"
#include <linux/errqueue.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define PIPE_BYTES (64u << 10)

static inline void put_into_file(struct end *end, const uint8_t *bytes, size_t length)
{
	/* The socket may still hold the old pages: they go away, and are not written to. */
	if (ftruncate(end->bench->file, 0) || pwrite(end->bench->file, bytes, length, 0) != (ssize_t)length)
		fail("file");
}

static inline void prepare_piece(struct end *end)
{
	uint32_t length = dice_size(&end->putting, end->side->largest_put);

	end->way = dice_bit(&end->putting, end->side->put_ways);
	if (end->way == PUT_SPLICE && length > PIPE_BYTES)
		length = PIPE_BYTES;
	if (length > end->out_left)
		length = end->out_left;
	pattern_fill(end->bench->put, length, plan_pattern(end->plan, end->me), end->out_total);
	if (end->way == PUT_SENDFILE)
		put_into_file(end, end->bench->put, length);
	else if (end->way == PUT_SPLICE && write(end->bench->put_pipe[1], end->bench->put, length) != (ssize_t)length)
		fail("pipe");
	end->piece = length;
	end->piece_done = 0;
}

static inline ssize_t put_vector(struct end *end, const uint8_t *bytes, size_t length, bool message)
{
	size_t half = length / 2;
	struct iovec parts[] = { { (void *)bytes, half }, { (void *)(bytes + half), 0 }, { (void *)(bytes + half), length - half } };
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 3 };

	return message ? sendmsg(end->fd, &header, MSG_NOSIGNAL) : writev(end->fd, parts, 3);
}

static inline ssize_t put_once(struct end *end)
{
	const uint8_t *bytes = end->bench->put + end->piece_done;
	size_t length = end->piece - end->piece_done;
	bool last = end->piece == end->out_left;
	off_t offset = end->piece_done;
	ssize_t sent;

	switch (end->way) {
	case PUT_WRITE: return write(end->fd, bytes, length);
	case PUT_WRITEV: return put_vector(end, bytes, length, false);
	case PUT_SENDMSG: return put_vector(end, bytes, length, true);
	case PUT_MORE: return send(end->fd, bytes, length, MSG_NOSIGNAL | (last ? 0 : MSG_MORE));
	case PUT_SENDFILE: return sendfile(end->fd, end->bench->file, &offset, length);
	case PUT_SPLICE:
		return call_splice(end->bench->put_pipe[0], end->fd, length, end->waiting == BLOCKING ? 0 : SPLICE_F_NONBLOCK);
	default: break;
	}
	if (!end->zero_copy || end->step.duplex)
		return send(end->fd, bytes, length, MSG_NOSIGNAL);
	sent = send(end->fd, bytes, length, MSG_NOSIGNAL | MSG_ZEROCOPY);
	end->copies_due += sent > 0;
	return sent;
}

/* One completion may stand for several sends. */
static inline void reap_copies(struct end *end)
{
	uint8_t control[256];
	struct msghdr header = { .msg_control = control, .msg_controllen = sizeof(control) };

	while (recvmsg(end->fd, &header, MSG_ERRQUEUE) >= 0) {
		struct cmsghdr *part = CMSG_FIRSTHDR(&header);

		if (part) {
			struct sock_extended_err *error = (void *)CMSG_DATA(part);

			end->copies_due -= error->ee_data - error->ee_info + 1;
		}
		header.msg_controllen = sizeof(control);
	}
}

/* The buffer may be used again when the kernel has let go of it. */
static inline void settle_copies(struct end *end)
{
	end_is(end, SETTLING);
	for (reap_copies(end); end->copies_due; reap_copies(end))
		wait_for(end->fd, 0, 10);
}

/* What a message through a pipe left there when its connection ended. */
static inline void empty_pipe(const int pipe[2])
{
	uint8_t bytes[4096];

	while (wait_for(pipe[0], POLLIN, 0) && read(pipe[0], bytes, sizeof(bytes)) > 0)
		;
}
