/* SPDX-License-Identifier: GPL-2.0-only */
/* A whole connection, from its first byte to its end, by blocking calls or by waiting for what the kernel says. */
#pragma once
#include "move.h"
#include <pthread.h>
#include <sys/epoll.h>

static inline void set_options(struct end *end)
{
	const struct side_plan *side = end->side;
	struct linger linger = { .l_onoff = 1, .l_linger = 1 };

	if (side->receive_buffer)
		set_option(end->fd, SOL_SOCKET, SO_RCVBUF, (int)side->receive_buffer);
	if (side->send_buffer)
		set_option(end->fd, SOL_SOCKET, SO_SNDBUF, (int)side->send_buffer);
	/* From the beginning: asked for in mid-life, the first send may be completed under more than one number. */
	if (side->zero_copy)
		set_option(end->fd, SOL_SOCKET, SO_ZEROCOPY, 1);
	end->zero_copy = side->zero_copy;
	if (side->keep_alive)
		set_option(end->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (side->nodelay)
		set_option(end->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (side->unsent_low_water)
		set_option(end->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, (int)side->unsent_low_water);
	if (side->quick_ack)
		set_option(end->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	if (side->segment)
		setsockopt(end->fd, IPPROTO_TCP, TCP_MAXSEG, &side->segment, sizeof(side->segment));
	if (side->lingers && setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		fail("SO_LINGER");
}

static inline void *send_the_rest(void *argument)
{
	struct end *end = argument;

	while (end->out_left && !end->cut)
		send_some(end);
	return NULL;
}

/* Both directions at once take two threads where calls block. */
static inline void block_on_both(struct end *end)
{
	pthread_t helper;

	end->helped = true;
	if (pthread_create(&helper, NULL, send_the_rest, end))
		fail("pthread_create");
	while (end->in_left && !end->cut)
		receive_some(end);
	pthread_join(helper, NULL);
	end->helped = false;
	if (end->in_ended && !end->broke)
		expect_all_sent(end);
	if (!end->cut)
		end_next_step(end);
}

static inline void block_once(struct end *end)
{
	if (end->step.duplex && end->out_left && end->in_left)
		block_on_both(end);
	else if (end_may_send(end))
		send_some(end);
	else
		receive_some(end);
}

static inline void note_events(struct end *end, uint32_t events)
{
	end->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	end->writable |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
	end->peer_shut |= (events & EPOLLRDHUP) != 0;
	if (events & EPOLLERR)
		reap_copies(end);
}

static inline void watch_socket(struct end *end, uint32_t wanted)
{
	uint32_t edge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	struct epoll_event event = { .events = end->waiting == EDGE ? edge : wanted };

	if (end->poller < 0) {
		end->poller = epoll_create1(EPOLL_CLOEXEC);
		if (end->poller < 0 || epoll_ctl(end->poller, EPOLL_CTL_ADD, end->fd, &event))
			fail("epoll");
	} else if (event.events != end->watched && epoll_ctl(end->poller, EPOLL_CTL_MOD, end->fd, &event)) {
		fail("epoll");
	}
	end->watched = event.events;
}

/* For as long as it takes: nothing is tried that the kernel has not said to be possible. */
static inline void wait_once(struct end *end)
{
	uint32_t wanted = (end->in_ended ? 0 : EPOLLIN) | (end_may_send(end) ? EPOLLOUT : 0);
	struct pollfd polled = { .fd = end->fd, .events = (short)wanted };
	struct epoll_event event = { 0 };

	end_is(end, WAITING);
	end->waiting_since = now_ns();
	if (end->side->low_water)
		raise_low_water(end);
	if (end->waiting == POLL) {
		if (poll(&polled, 1, -1) > 0)
			note_events(end, (uint32_t)polled.revents);
		return;
	}
	watch_socket(end, wanted);
	if (epoll_wait(end->poller, &event, 1, -1) > 0)
		note_events(end, event.events);
}

static inline void move_on(struct end *end)
{
	bool moved = false;

	if (end->waiting == BLOCKING) {
		block_once(end);
		return;
	}
	if (end->writable && end_may_send(end)) {
		send_some(end);
		moved = true;
	}
	/* With what it sent the step may have ended, and the socket may block in the next one: nobody answers who was not asked yet. */
	if (end->readable && !end->in_ended && !end->cut && end->waiting != BLOCKING) {
		receive_some(end);
		moved = true;
	}
	if (!moved)
		wait_once(end);
}

static inline void go_away(struct end *end)
{
	struct linger at_once = { .l_onoff = 1 };

	/* A connection that is reset before it is accepted is never seen by its server. */
	while (!end->slot->busy[SERVER] && !end->slot->served && !slot_may_end_early(end->slot))
		sleep_ns(NS_PER_MS / 10);
	atomic_store(&end->slot->aborted, true);
	if (end->plan->ending == RESET && setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)))
		fail("SO_LINGER");
	atomic_store(&end->cut, true);
}

/* Who leaves as soon as it has its last byte would never see that it came twice: it looks once more, now and then after a while. */
static inline void expect_nothing_more(struct end *end)
{
	ssize_t taken;

	if (dice_one_in(&end->resting, 8))
		sleep_ns((1 + dice_below(&end->resting, 4000)) * 1000ull);
	taken = recv(end->fd, end->bench->take, LARGEST_TAKE, MSG_DONTWAIT);
	if (taken > 0)
		account_for(end, (size_t)taken);
	if (taken < 0 && errno != EAGAIN)
		broken(end, "last recv");
}

/* Who does not close first sees the other's end; who does may leave before it. */
static inline void come_to_an_end(struct end *end)
{
	if (end->side->half_closes)
		end_shut(end);
	if (end->plan->closer == end->me && !end->side->half_closes) {
		expect_nothing_more(end);
		return;
	}
	while (!end->in_ended && !end->cut) {
		if (end->waiting != BLOCKING && !end->readable)
			wait_once(end);
		else
			receive_some(end);
	}
}

/* Closes the socket. */
static inline void converse(struct end *end)
{
	set_options(end);
	end_block(end, end->waiting == BLOCKING);
	end_next_step(end);
	while (!end->through && !end->cut) {
		if (end_goes_away(end))
			go_away(end);
		else
			move_on(end);
	}
	if (!end->cut)
		come_to_an_end(end);
	if (end->copies_due)
		settle_copies(end);
	end_is(end, ENDING);
	if (end->piece && end->way == PUT_SPLICE)
		empty_pipe(end->bench->put_pipe);
	atomic_store(&road_in(end)->ended, true);
	road_shut(road_out(end));
	close(end->fd);
	if (end->poller >= 0)
		close(end->poller);
	end_is(end, IDLE);
}
