/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that are under way while another thread shuts their socket down, or sends on it itself. */
#pragma once
#include "by-tcp.h"
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
	size_t length;
	_Atomic pid_t id;
	ssize_t answer;
	atomic_bool over;
};

static inline void *receive_in_thread(void *argument)
{
	struct call *call = argument;

	call->id = gettid();
	call->answer = recv(call->fd, call->bytes, call->length, 0);
	call->over = true;
	return NULL;
}

static inline void *send_in_thread(void *argument)
{
	struct call *call = argument;

	call->id = gettid();
	call->answer = send(call->fd, call->bytes, call->length, MSG_NOSIGNAL);
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

/* A read of one message that stands still at the page, with the socket locked, until that is filled. */
static inline void begin_slow_read(struct call *call, struct slow_page *page)
{
	slow_page_open(page);
	call->bytes = page->bytes;
	call->length = MESSAGE_BYTES;
	begin_call(call, receive_in_thread);
	slow_page_wait(page);
}

/*
 * While one read stands still, with its socket locked, another one waits for the lock, then a message of the other end to be put there, and then
 * that one's end.
 */
static inline void shut_down_in_mid_send(int client, int server)
{
	uint8_t bytes[MESSAGE_BYTES];
	struct slow_page page;
	struct call slow = { .fd = server }, next = { .fd = server, .bytes = bytes, .length = sizeof(bytes) };
	struct call sending = { .fd = client, .bytes = MESSAGE, .length = MESSAGE_BYTES };

	note("send", send(client, MESSAGE, MESSAGE_BYTES, MSG_NOSIGNAL));
	settle();
	begin_slow_read(&slow, &page);
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
	/* Until somebody has seen what became of the connection. */
	wait_until_told();
}

#define FILLING_BYTES 60000
#define FILLINGS 4
/* As the kernel has it, twice what is asked for. */
#define READERS_BUFFER (2 * 212992)
/* With the fillings more than the buffer, and so more than TCP could bring. A short message has room yet. */
#define LARGE_BYTES 200000
#define ONE_WAY_MESSAGES 200

/*
 * The reader's queue is full, and one read stands still with the socket locked. One thread's message waits for the lock; another one's finds no room. It must not be
 * under way by TCP meanwhile, from where a reader may take it, and all that follows, first. When nobody waits any more, TCP carries what finds no room.
 */
static inline void send_into_a_full_queue(int client, int server)
{
	static uint8_t bytes[FILLINGS * FILLING_BYTES + 2 * LARGE_BYTES], received[sizeof(bytes) + MESSAGE_BYTES];
	struct call slow = { .fd = server }, first = { .fd = client, .bytes = MESSAGE, .length = MESSAGE_BYTES };
	struct call second = { .fd = client, .bytes = bytes, .length = LARGE_BYTES };
	uint64_t before = bytes_by_tcp(client);
	struct slow_page page;
	ssize_t third;
	uint8_t *at;

	memset(bytes, '-', sizeof(bytes));
	set_option(server, SOL_SOCKET, SO_RCVBUF, READERS_BUFFER / 2);
	for (int i = 0; i < FILLINGS; i++)
		if (!send_whole(client, bytes, FILLING_BYTES, false))
			fail("send");
	settle();
	begin_slow_read(&slow, &page);
	begin_call(&first, send_in_thread);
	wait_until_locked_out(&first);
	begin_call(&second, send_in_thread);
	wait_until_locked_out(&second);
	note("first waits", !first.over);
	note("second waits", !second.over);
	slow_page_fill(&page, "");
	pthread_join(slow.thread, NULL);
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	note("send", first.answer);
	note("send", second.answer);
	note("by TCP", (ssize_t)(bytes_by_tcp(client) - before));
	third = send(client, bytes, LARGE_BYTES, MSG_NOSIGNAL);
	settle();
	note("then by TCP", bytes_by_tcp(client) > before);
	/* Of which the slow read has taken the beginning. */
	at = received + FILLINGS * FILLING_BYTES;
	if (third <= 0 || !receive_whole(server, received + MESSAGE_BYTES, (size_t)(at - received) + (size_t)(second.answer + third), false))
		fail("recv");
	note("in order", !memcmp(at, MESSAGE, MESSAGE_BYTES) && !memcmp(at + MESSAGE_BYTES, bytes, (size_t)(second.answer + third)));
}

static inline void stream_into_a_full_queue(int client, int server)
{
	uint8_t bytes[MESSAGE_BYTES];

	for (int i = 0; i < ONE_WAY_MESSAGES; i++)
		if (!send_whole(client, (const uint8_t *)MESSAGE, MESSAGE_BYTES, false) || !receive_whole(server, bytes, MESSAGE_BYTES, false))
			fail("stream");
	send_into_a_full_queue(client, server);
}
