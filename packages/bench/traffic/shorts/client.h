/* SPDX-License-Identifier: GPL-2.0-only */
/* The end that connects: each thread opens one connection after the other. */
#pragma once
#include "../clock.h"
#include "../stop.h"
#include "visit.h"

/* Opens the connection with the hello and the first request, with TCP Fast Open already in the SYN. */
static inline bool open_with_request(struct visit *visit)
{
	uint32_t length = request_size(visit, 0);
	size_t whole = sizeof(visit->hello) + length;
	ssize_t sent;

	memcpy(visit->buffer, &visit->hello, sizeof(visit->hello));
	pattern_fill(visit->buffer + sizeof(visit->hello), length, visit->hello.seed, 0);
	visit->sent = length;
	if (!options.fastopen)
		return send_in_pieces(visit, visit->buffer, whole);
	sent = sendto(visit->fd, visit->buffer, options.pieces > 1 ? sizeof(visit->hello) : whole, MSG_FASTOPEN | MSG_NOSIGNAL, &options.target.any,
		      options.target.length);
	if (sent < 0 && errno != EINPROGRESS)
		return false;
	if (sent < 0)
		sent = 0;
	if (!options.blocking && !wait_for(visit->fd, POLLOUT, WHOLE_TIMEOUT_MS))
		return errno = ETIMEDOUT, false;
	return send_in_pieces(visit, visit->buffer + sent, whole - (size_t)sent);
}

static inline bool carried_syn_data(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) && (info.tcpi_options & TCPI_OPT_SYN_DATA);
}

/* A banner is a message of its own, from the server, before anything else. */
static inline bool receive_banner(struct visit *visit)
{
	uint64_t first;

	if (!receive_whole(visit->fd, visit->buffer, options.answer.max, options.blocking))
		return false;
	atomic_fetch_add(&tally->wrong, pattern_check(visit->buffer, options.answer.max, BANNER_SEED, 0, &first));
	return true;
}

static inline bool talk_as_client(struct visit *visit)
{
	const struct hello *hello = &visit->hello;
	bool half_close = hello->flags & FLAG_HALF_CLOSE;

	if (options.banner && !receive_banner(visit))
		return false;
	for (uint32_t turn = 0; turn < hello->turns; turn++) {
		if (turn && options.pause_ms)
			sleep_ns(options.pause_ms * NS_PER_MS);
		if (turn ? !send_message(visit, hello->seed, request_size(visit, turn)) : !open_with_request(visit))
			return false;
		if (half_close && turn + 1 == hello->turns && shutdown(visit->fd, SHUT_WR))
			return false;
		if (!receive_message(visit, answer_seed(hello->seed), answer_size(visit, turn)))
			return false;
	}
	if (options.fastopen && carried_syn_data(visit->fd))
		atomic_fetch_add(&tally->syn_data, 1);
	return half_close ? receive_end(visit->fd, options.blocking) : true;
}

/* Each address has all local ports: with one alone, the search for a free one takes more time than the connection. */
static inline struct address target_of(uint64_t number)
{
	struct address target = options.target;

	if (options.targets > 1)
		target.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(number % options.targets));
	return target;
}

static inline void *run_client(void *unused)
{
	struct visit visit = new_visit();
	struct address target;
	uint64_t number;

	while (!stopping && (number = atomic_fetch_add(&tally->started, 1)) < options.connections) {
		uint64_t start = now_ns(), slowest = atomic_load(&tally->slowest_ns);

		visit.hello = (struct hello){ HELLO_MAGIC, pattern_word(options.seed, number), options.request,
					      options.answer, options.turns, options.half_close ? FLAG_HALF_CLOSE : 0 };
		visit.sent = visit.received = 0;
		target = target_of(number);
		visit.fd = options.fastopen ? open_socket(&target, options.blocking) : connect_to(&target, options.blocking);
		prepare(visit.fd);
		if (talk_as_client(&visit))
			atomic_fetch_add(&tally->done, 1);
		else
			trouble();
		close(visit.fd);
		while (now_ns() - start > slowest &&
		       !atomic_compare_exchange_weak(&tally->slowest_ns, &slowest, now_ns() - start))
			;
	}
	free(visit.buffer);
	return unused;
}

static inline void visit_all(void)
{
	pthread_t threads[options.threads];

	start_threads(threads, run_client, NULL);
	for (uint32_t i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
}
