/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets in more hands than one: threads, children, processes that were handed a descriptor, and one that is killed. */
#pragma once
#include "outcome.h"
#include "passing.h"
#include "stop.h"
#include "whole.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define TURNS 20

/* So many requests and answers, each with another number. True if all came back right. */
static inline bool converse_as_client(int fd)
{
	for (uint8_t turn = 0; turn < TURNS; turn++) {
		uint8_t bytes[64] = { turn };

		if (!send_whole(fd, bytes, sizeof(bytes), false) || !receive_whole(fd, bytes, sizeof(bytes), false) || bytes[0] != turn)
			return false;
	}
	return true;
}

static inline bool answer_as_server(int fd)
{
	for (uint8_t turn = 0; turn < TURNS; turn++) {
		uint8_t bytes[64];

		if (!receive_whole(fd, bytes, sizeof(bytes), false) || bytes[0] != turn || !send_whole(fd, bytes, sizeof(bytes), false))
			return false;
	}
	return true;
}

static inline pid_t fork_or_fail(void)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	return child;
}

static inline void wait_for_child(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	note(WIFSIGNALED(status) ? "signal" : "child", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* The child goes on with the connection, and ends it. */
static inline void hand_to_a_child(int client, int server)
{
	pid_t child = fork_or_fail();

	if (!child)
		_exit(close(server) || !converse_as_client(client));
	note("close", close(client));
	note("answered", answer_as_server(server));
	wait_for_child(child);
	settle();
	receive_rest(server);
}

/* Parent and child take turns on the same socket. */
static inline void share_with_a_child(int client, int server)
{
	pid_t child = fork_or_fail();

	if (!child)
		_exit(!answer_as_server(server) || !answer_as_server(server));
	note("conversed", converse_as_client(client));
	note("conversed", converse_as_client(client));
	wait_for_child(child);
	note("sent", send(server, "from the parent", 15, MSG_NOSIGNAL));
	settle();
	try_to_receive(client);
	note("close", close(server));
	settle();
	receive_rest(client);
}

/* A process that never saw the connection is handed its descriptor while bytes wait in it, and ends it. */
static inline void pass_to_another_process(int client, int server)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		fail("socketpair");
	child = fork_or_fail();
	if (!child) {
		close(client);
		close(server);
		client = take(pair[1]);
		try_to_receive(client);
		_exit(strcmp(outcome, "recv 7") || !converse_as_client(client));
	}
	note("send", send(server, "waiting", 7, MSG_NOSIGNAL));
	pass(pair[0], client);
	note("close", close(client));
	note("answered", answer_as_server(server));
	wait_for_child(child);
	settle();
	receive_rest(server);
}

/* A process is killed after it has sent: what it sent arrives, and then the end. */
static inline void be_killed(int client, int server)
{
	pid_t child = fork_or_fail();

	if (!child) {
		static const uint8_t bytes[1000];

		close(server);
		converse_as_client(client);
		send(client, bytes, sizeof(bytes), MSG_NOSIGNAL);
		kill(getpid(), SIGKILL);
	}
	note("close", close(client));
	note("answered", answer_as_server(server));
	wait_for_child(child);
	settle();
	receive_rest(server);
	for (int i = 0; i < 3; i++)
		try_to_send(server);
}

#define FLOOD_BYTES 512

struct sender {
	int fd;
	uint8_t name;
	/* Messages that send() has taken. */
	_Atomic uint32_t sent;
	atomic_bool *last_words;
};

/* Sends until it is refused, which the shutdown does. */
static inline void *send_until_shut_down(void *argument)
{
	struct sender *sender = argument;
	uint8_t bytes[FLOOD_BYTES] = { 0 };

	while (send_whole(sender->fd, bytes, sizeof(bytes), false))
		sender->sent++;
	*sender->last_words = errno == EPIPE;
	return NULL;
}

/*
 * One thread sends while another shuts the socket down: what send() had returned for by then arrives before the end, and what it returns for later is not lost. The end
 * may overtake the one message that is under way; only parts of one may be missing.
 */
static inline void shut_down_while_sending(int client, int server)
{
	atomic_bool refused = false;
	struct sender sender = { .fd = client, .last_words = &refused };
	uint64_t received = 0, before = 0, rest = 0;
	uint8_t bytes[4096];
	ssize_t length = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, send_until_shut_down, &sender))
		fail("pthread_create");
	while (wait_for(server, POLLIN, 1000) && (length = recv(server, bytes, sizeof(bytes), 0)) > 0) {
		received += (uint64_t)length;
		if (received > 200 * FLOOD_BYTES && received - (uint64_t)length <= 200 * FLOOD_BYTES) {
			before = sender.sent * (uint64_t)FLOOD_BYTES;
			note("shutdown", shutdown(client, SHUT_WR));
		}
	}
	pthread_join(thread, NULL);
	note("end", length);
	note("refused", refused);
	note("came before the end", received >= before);
	while ((length = recv(server, bytes, sizeof(bytes), 0)) > 0)
		rest += (uint64_t)length;
	note("few came after it", rest <= FLOOD_BYTES);
	received += rest;
	note("all arrived", received >= (uint64_t)sender.sent * FLOOD_BYTES && received < (sender.sent + 1ull) * FLOOD_BYTES);
}

#define MESSAGES_OF_EACH 2000
/* So that a reader that is behind does not make it a stream. */
#define MOST_UNREAD 16

static atomic_uint unread;

/* Messages that name their sender and their number in every word. */
static inline void *send_numbered(void *argument)
{
	struct sender *sender = argument;
	uint32_t words[FLOOD_BYTES / sizeof(uint32_t)];

	for (uint32_t i = 0; i < MESSAGES_OF_EACH; i++) {
		for (size_t word = 0; word < sizeof(words) / sizeof(*words); word++)
			words[word] = (uint32_t)sender->name << 24 | i;
		while (atomic_load(&unread) >= MOST_UNREAD && !stopping)
			usleep(100);
		atomic_fetch_add(&unread, 1);
		if (!send_whole(sender->fd, (uint8_t *)words, sizeof(words), false))
			break;
		sender->sent++;
		if (i % 8 == 0)
			usleep(100);
	}
	return NULL;
}

/* Two threads send small messages on one socket: each arrives whole, and those of one thread in order. */
static inline void write_from_two_threads(int client, int server)
{
	struct sender senders[2] = { { .fd = client, .name = 0 }, { .fd = client, .name = 1 } };
	uint32_t words[FLOOD_BYTES / sizeof(uint32_t)], next[2] = { 0, 0 }, torn = 0, disordered = 0;
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, send_numbered, &senders[i]))
			fail("pthread_create");
	for (int message = 0; message < 2 * MESSAGES_OF_EACH; message++) {
		uint32_t name;

		if (!receive_whole(server, (uint8_t *)words, sizeof(words), false))
			fail("receive");
		atomic_fetch_sub(&unread, 1);
		for (size_t word = 1; word < sizeof(words) / sizeof(*words); word++)
			torn += words[word] != words[0];
		name = words[0] >> 24 & 1;
		disordered += (words[0] & 0xffffff) != next[name]++;
		/* An answer now and then, so that this is a conversation and no stream. */
		if (message % 4 == 0 && !send_whole(server, (uint8_t *)"x", 1, false))
			fail("answer");
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	note("sent", senders[0].sent + senders[1].sent);
	note("torn", torn);
	note("out of order", disordered);
}
