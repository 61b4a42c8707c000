/* SPDX-License-Identifier: GPL-2.0-only */
/* A message that is under way while another thread shuts its socket down. */
#pragma once
#include "outcome.h"
#include "slow-page.h"
#include <pthread.h>
#include <stdatomic.h>

#define MESSAGE "message"
#define MESSAGE_BYTES (sizeof(MESSAGE) - 1)

struct call {
	pthread_t thread;
	int fd;
	void *bytes;
	_Atomic pid_t id;
	ssize_t answer;
	atomic_bool over;
};

static inline void *receive_in_thread(void *argument)
{
	struct call *call = argument;

	call->id = gettid();
	call->answer = recv(call->fd, call->bytes, MESSAGE_BYTES, 0);
	call->over = true;
	return NULL;
}

static inline void *send_in_thread(void *argument)
{
	struct call *call = argument;

	call->id = gettid();
	call->answer = send(call->fd, MESSAGE, MESSAGE_BYTES, MSG_NOSIGNAL);
	call->over = true;
	return NULL;
}

/* As of somebody who waits for a socket's lock. */
static inline bool cannot_be_interrupted(pid_t id)
{
	char path[64], state = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", id);
	status = fopen(path, "r");
	if (!status || fscanf(status, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (status)
		fclose(status);
	return state == 'D';
}

static inline void begin_call(struct call *call, void *(*make)(void *))
{
	if (pthread_create(&call->thread, NULL, make, call))
		fail("pthread_create");
}

static inline void wait_until_locked_out(const struct call *call)
{
	while (!call->over && !(call->id && cannot_be_interrupted(call->id)))
		sleep_ns(NS_PER_MS);
}

/*
 * While one read stands still, with its socket locked, another one waits for the lock, then a message of the other end to be put there, and then
 * that one's end.
 */
static inline void shut_down_in_mid_send(int client, int server)
{
	uint8_t bytes[MESSAGE_BYTES];
	struct slow_page page;
	struct call slow = { .fd = server }, next = { .fd = server, .bytes = bytes }, sending = { .fd = client };

	note("send", send(client, MESSAGE, MESSAGE_BYTES, MSG_NOSIGNAL));
	settle();
	slow_page_open(&page);
	slow.bytes = page.bytes;
	begin_call(&slow, receive_in_thread);
	slow_page_wait(&page);
	begin_call(&next, receive_in_thread);
	wait_until_locked_out(&next);
	begin_call(&sending, send_in_thread);
	wait_until_locked_out(&sending);
	note("shutdown", shutdown(client, SHUT_WR));
	slow_page_fill(&page, "");
	pthread_join(slow.thread, NULL);
	pthread_join(next.thread, NULL);
	pthread_join(sending.thread, NULL);
	note("recv", slow.answer);
	note("send", sending.answer);
	note("recv", next.answer);
	receive_rest(server);
}
