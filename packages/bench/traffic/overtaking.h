/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that are under way while another thread shuts their socket down, or sends on it itself. */
#pragma once
#include "cpu.h"
#include "outcome.h"
#include "slow-page.h"
#include "turns.h"
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

#define SENDERS_CPU 0
#define READERS_CPU 1

/* Whoever it is that waits for a lock here: it does not get a processor before this thread ends, or sleeps. */
static inline void run_before_all_others(void)
{
	struct sched_param first = { .sched_priority = 1 };

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &first))
		fail("pthread_setschedparam");
}

struct early_sender {
	int fd;
	const void *slow;
	/* Its first message was read. */
	atomic_bool read;
};

static inline void *send_slowly_and_again(void *argument)
{
	struct early_sender *sender = argument;

	run_on_cpu(SENDERS_CPU);
	run_before_all_others();
	if (send(sender->fd, sender->slow, 1, MSG_NOSIGNAL) != 1)
		fail("send");
	while (!sender->read)
		;
	if (send(sender->fd, "2", 1, MSG_NOSIGNAL) != 1)
		fail("send");
	return NULL;
}

static inline void *send_twice(void *argument)
{
	struct call *call = argument;

	run_on_cpu(SENDERS_CPU);
	call->id = gettid();
	if (send(call->fd, "3", 1, MSG_NOSIGNAL) != 1 || send(call->fd, "4", 1, MSG_NOSIGNAL) != 1)
		fail("send");
	return NULL;
}

/*
 * One thread's send stands still with the socket locked while another one's waits for the lock. At SIGUSR1 it goes on, its message is read, and it sends once
 * more before the other one gets the lock, whose first message TCP keeps back (Nagle), for nobody has acknowledged what was read.
 */
static inline void send_after_waiting(int client, int server)
{
	struct call waiting = { .fd = client };
	struct early_sender early = { .fd = client };
	struct slow_page page;
	uint8_t bytes[4] = { 0 };
	pthread_t thread;
	int off = 0;

	if (setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &off, sizeof(off)))
		fail("setsockopt");
	run_on_cpu(READERS_CPU);
	slow_page_open(&page);
	early.slow = page.bytes;
	if (pthread_create(&thread, NULL, send_slowly_and_again, &early))
		fail("pthread_create");
	slow_page_wait(&page);
	begin_call(&waiting, send_twice);
	wait_until_locked_out(&waiting);
	wait_until_told();
	slow_page_fill(&page, "1");
	note("first", receive_whole(server, bytes, 1, false));
	early.read = true;
	pthread_join(thread, NULL);
	pthread_join(waiting.thread, NULL);
	note("rest", receive_whole(server, bytes + 1, 3, false));
	note("in order", !memcmp(bytes, "1234", 4));
}
