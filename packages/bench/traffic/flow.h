/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moving a pattern through one direction of a socket in a thread of its own: send_flow() puts it in, receive_flow() takes it out and
 * compares every byte. The socket blocks, or the thread waits in poll or epoll, as the caller chose.
 */
#pragma once
#include "clock.h"
#include "pattern.h"
#include "range.h"
#include "sockets.h"
#include "stop.h"
#include <stdatomic.h>
#include <sys/epoll.h>

enum waiting { WAIT_BLOCKING, WAIT_POLL, WAIT_EPOLL };

/* Of all flows of all processes that share it, so everything is atomic; senders and receivers each write a cache line of their own. */
struct flow_tally {
	_Alignas(64) _Atomic uint64_t sent;
	_Alignas(64) _Atomic uint64_t received;
	_Atomic uint64_t wrong, first_wrong, longest_gap_ns;
	_Alignas(64) _Atomic uint64_t errors;
	_Atomic int error;
};

struct flow {
	int fd;
	enum waiting waiting;
	uint64_t seed;
	/* How much is asked of the kernel in one send or recv. */
	struct range size;
	/* When the sender stops: after so many bytes, or at this moment, or on SIGTERM, or when the peer has; 0 is never. */
	uint64_t bytes, until;
	/* Bytes a second, until it is hurried; 0 as fast as it goes. */
	uint64_t rate;
	const atomic_bool *peer_done;
	struct flow_tally *tally;
	uint64_t position;
};

#define FLOW_WAIT_MS 100

/* Of all flows of this process. */
static volatile sig_atomic_t hurrying;

static inline void flow_trouble(struct flow *flow, int error)
{
	atomic_fetch_add(&flow->tally->errors, 1);
	atomic_store(&flow->tally->error, error);
}

static inline int flow_epoll(const struct flow *flow, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, flow->fd, &event))
		fail("epoll");
	return fd;
}

static inline void flow_wait(const struct flow *flow, int epoll_fd, short events)
{
	struct epoll_event event;

	if (epoll_fd >= 0)
		epoll_wait(epoll_fd, &event, 1, FLOW_WAIT_MS);
	else
		wait_for(flow->fd, events, FLOW_WAIT_MS);
}

static inline void flow_pace(const struct flow *flow, uint64_t start)
{
	uint64_t due = start + (uint64_t)((double)flow->position / (double)flow->rate * 1e9), now = now_ns();

	if (due > now)
		sleep_ns(due - now);
}

static inline bool flow_goes_on(const struct flow *flow)
{
	if (stopping || (flow->peer_done && atomic_load(flow->peer_done)))
		return false;
	if (flow->until && now_ns() >= flow->until)
		return false;
	return !flow->bytes || flow->position < flow->bytes;
}

/* Half-closes at the end. Whole messages only: what was begun is sent to its last byte. */
static inline void send_flow(struct flow *flow)
{
	int epoll_fd = flow->waiting == WAIT_EPOLL ? flow_epoll(flow, EPOLLOUT) : -1;
	uint8_t *buffer = malloc(flow->size.max);
	uint64_t start = now_ns();

	if (!buffer)
		fail("out of memory");
	for (uint64_t index = 0; flow_goes_on(flow); index++) {
		uint32_t length = range_draw(&flow->size, flow->seed, index), done = 0;

		pattern_fill(buffer, length, flow->seed, flow->position);
		while (done < length) {
			ssize_t sent = send(flow->fd, buffer + done, length - done, MSG_NOSIGNAL);

			if (sent >= 0) {
				done += (uint32_t)sent;
				flow->position += (uint64_t)sent;
				atomic_fetch_add(&flow->tally->sent, (uint64_t)sent);
			} else if (errno == EAGAIN && flow->waiting != WAIT_BLOCKING) {
				flow_wait(flow, epoll_fd, POLLOUT);
			} else if (errno != EINTR) {
				flow_trouble(flow, errno);
				goto out;
			}
		}
		if (flow->rate && !hurrying)
			flow_pace(flow, start);
	}
out:
	shutdown(flow->fd, SHUT_WR);
	free(buffer);
	if (epoll_fd >= 0)
		close(epoll_fd);
}

/* For the side that has nothing to send: half-closes when a sender would. */
static inline void idle_flow(struct flow *flow)
{
	while (flow_goes_on(flow))
		sleep_ns(2 * NS_PER_MS);
	shutdown(flow->fd, SHUT_WR);
}

static inline void flow_note_gap(struct flow *flow, uint64_t gap)
{
	uint64_t longest = atomic_load(&flow->tally->longest_gap_ns);

	while (gap > longest && !atomic_compare_exchange_weak(&flow->tally->longest_gap_ns, &longest, gap))
		;
}

static inline void flow_check(struct flow *flow, const uint8_t *bytes, size_t length)
{
	uint64_t first = 0, wrong = pattern_check(bytes, length, flow->seed, flow->position, &first);

	flow->position += length;
	atomic_fetch_add(&flow->tally->received, length);
	if (wrong && !atomic_fetch_add(&flow->tally->wrong, wrong))
		atomic_store(&flow->tally->first_wrong, first);
}

/* Until the end of the stream. */
static inline void receive_flow(struct flow *flow)
{
	int epoll_fd = flow->waiting == WAIT_EPOLL ? flow_epoll(flow, EPOLLIN) : -1;
	uint8_t *buffer = malloc(flow->size.max);
	uint64_t last = 0;

	if (!buffer)
		fail("out of memory");
	for (uint64_t index = 0;; index++) {
		ssize_t received = recv(flow->fd, buffer, range_draw(&flow->size, flow->seed, index), 0);

		if (received > 0) {
			uint64_t now = now_ns();

			flow_note_gap(flow, last ? now - last : 0);
			last = now;
			flow_check(flow, buffer, (size_t)received);
		} else if (!received) {
			break;
		} else if (errno == EAGAIN && flow->waiting != WAIT_BLOCKING) {
			flow_wait(flow, epoll_fd, POLLIN);
		} else if (errno != EINTR) {
			flow_trouble(flow, errno);
			break;
		}
	}
	free(buffer);
	if (epoll_fd >= 0)
		close(epoll_fd);
}
