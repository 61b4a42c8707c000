/* SPDX-License-Identifier: GPL-2.0-only */
/* The end that accepts, a process of its own. */
#pragma once
#include "../clock.h"
#include "../stop.h"
#include "visit.h"

#define FASTOPEN_QUEUE 1024
#define DEFER_SECONDS 5

static inline int listen_as_asked(void)
{
	int fd = listen_at(&options.address, options.blocking);

	if (options.defer_accept)
		set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS);
	if (options.fastopen)
		set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, FASTOPEN_QUEUE);
	return fd;
}

static inline bool send_banner(struct visit *visit)
{
	pattern_fill(visit->buffer, options.answer.max, BANNER_SEED, 0);
	return send_whole(visit->fd, visit->buffer, options.answer.max, options.blocking);
}

static inline bool talk_as_server(struct visit *visit)
{
	struct hello *hello = &visit->hello;
	bool half_close;

	if (options.banner && !send_banner(visit))
		return false;
	if (!receive_whole(visit->fd, (uint8_t *)hello, sizeof(*hello), options.blocking))
		return false;
	if (hello->magic != HELLO_MAGIC)
		return errno = EPROTO, false;
	half_close = hello->flags & FLAG_HALF_CLOSE;
	for (uint32_t turn = 0; turn < hello->turns; turn++) {
		if (!receive_message(visit, hello->seed, request_size(visit, turn)))
			return false;
		if (half_close && turn + 1 == hello->turns && !receive_end(visit->fd, options.blocking))
			return false;
		if (!send_message(visit, answer_seed(hello->seed), answer_size(visit, turn)))
			return false;
	}
	return half_close || receive_end(visit->fd, options.blocking);
}

/* Ends with the process. Several threads wait for the listener, so an accept may find nothing. */
__attribute__((noreturn)) static void *run_server(void *listener)
{
	int listen_fd = *(int *)listener;
	struct visit visit = new_visit();

	for (;;) {
		wait_for(listen_fd, POLLIN, -1);
		visit.fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | (options.blocking ? 0 : SOCK_NONBLOCK));
		if (visit.fd < 0)
			continue;
		visit.sent = visit.received = 0;
		prepare(visit.fd);
		if (talk_as_server(&visit))
			atomic_fetch_add(&tally->served, 1);
		else
			trouble();
		close(visit.fd);
	}
}

/* Until the client says that it is done, and then until what it left behind has been read. */
static inline void serve(int listen_fd)
{
	pthread_t threads[options.threads];

	start_threads(threads, run_server, &listen_fd);
	while (!stopping)
		usleep(1000);
	for (uint64_t start = now_ns(); now_ns() - start < 10 * NS_PER_S && tally->served + tally->errors < tally->done;)
		usleep(1000);
}
