// SPDX-License-Identifier: GPL-2.0
#include "enrolled.h"
#include "probes.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES 1000
#define UNREAD_MESSAGES 20
#define LARGEST 3000
#define BYTES 1000

static uint8_t pattern(uint64_t offset)
{
	return offset * 31 + (offset >> 8);
}

/* One direction of a connection, every byte known. */
struct flow {
	int from, to;
	uint64_t sent, received, wrong;
};

static void send_message(struct flow *flow, size_t length)
{
	uint8_t bytes[LARGEST];

	for (size_t i = 0; i < length; i++)
		bytes[i] = pattern(flow->sent++);
	send_all(flow->from, bytes, length);
}

static void receive_all(struct flow *flow)
{
	uint8_t bytes[LARGEST];

	while (flow->received < flow->sent) {
		uint64_t left = flow->sent - flow->received;
		size_t length = receive_some(flow->to, bytes, left < sizeof(bytes) ? left : sizeof(bytes));

		if (!length)
			return;
		for (size_t i = 0; i < length; i++)
			flow->wrong += bytes[i] != pattern(flow->received++);
	}
}

void probe_order(void)
{
	struct enrolled enrolled = enrol_pair(false);
	struct flow flow = { enrolled.pair.client, enrolled.pair.server, 0, 0, 0 };
	uint8_t bytes[2 * BYTES];
	bool overtook;

	/* By TCP and read, so that redirecting may begin. */
	choose_path(enrolled.object, PROBE_PASS);
	send_message(&flow, BYTES);
	receive_all(&flow);
	choose_path(enrolled.object, PROBE_REDIRECT);
	for (int i = 0; i < MESSAGES; i++) {
		send_message(&flow, 1 + i * 37 % LARGEST);
		if (i % UNREAD_MESSAGES == 0)
			receive_all(&flow);
	}
	/* TCP takes over while redirected messages are unread. */
	choose_path(enrolled.object, PROBE_PASS);
	for (int i = 0; i < UNREAD_MESSAGES; i++)
		send_message(&flow, 1 + i * 37 % LARGEST);
	receive_all(&flow);
	/* The other way round, which Sidestep never does. */
	memset(bytes, 't', BYTES);
	send_all(flow.from, bytes, BYTES);
	choose_path(enrolled.object, PROBE_REDIRECT);
	memset(bytes, 'b', BYTES);
	send_all(flow.from, bytes, BYTES);
	overtook = receive_some(flow.to, bytes, sizeof(bytes)) == sizeof(bytes) && bytes[0] == 'b';
	tell("\"messages\":%d,\"bytes\":%lu,\"missing\":%lu,\"wrong\":%lu,\"overtakes\":%s", MESSAGES, flow.sent,
	     flow.sent - flow.received, flow.wrong, overtook ? "true" : "false");
}

void probe_accounting(void)
{
	struct enrolled enrolled = enrol_pair(false);
	uint8_t bytes[BYTES] = { 0 };
	struct probe_look before = look_at(&enrolled, PROBE_SERVER), unread, after;

	send_all(enrolled.pair.client, bytes, sizeof(bytes));
	unread = look_at(&enrolled, PROBE_SERVER);
	receive_some(enrolled.pair.server, bytes, sizeof(bytes));
	after = look_at(&enrolled, PROBE_SERVER);
	tell("\"sent\":%d,\"before\":%d,\"unread\":%d,\"after\":%d,\"queued\":%s,\"emptied\":%s", BYTES, before.rmem,
	     unread.rmem, after.rmem, unread.holds_messages ? "true" : "false", after.holds_messages ? "false" : "true");
}

void probe_peek(void)
{
	struct enrolled enrolled = enrol_pair(false);
	uint8_t sent[BYTES], peeked[BYTES] = { 0 }, received[BYTES] = { 0 };
	ssize_t length;

	for (int i = 0; i < BYTES; i++)
		sent[i] = pattern(i);
	send_all(enrolled.pair.client, sent, sizeof(sent));
	length = recv(enrolled.pair.server, peeked, sizeof(peeked), MSG_PEEK | MSG_DONTWAIT);
	receive_some(enrolled.pair.server, received, sizeof(received));
	tell("\"sent\":%d,\"peeked\":%zd,\"same\":%s,\"kept\":%s", BYTES, length,
	     memcmp(sent, peeked, sizeof(sent)) ? "false" : "true", memcmp(sent, received, sizeof(sent)) ? "false" : "true");
}

/* Sends, asks, and reads, so that the next question is about nothing else. */
static int told_of(struct enrolled *enrolled, size_t redirected, size_t passed)
{
	uint8_t bytes[2 * BYTES] = { 0 };
	int told;

	choose_path(enrolled->object, PROBE_REDIRECT);
	if (redirected)
		send_all(enrolled->pair.client, bytes, redirected);
	choose_path(enrolled->object, PROBE_PASS);
	if (passed)
		send_all(enrolled->pair.client, bytes, passed);
	/* TCP's bytes may still be on their way; poll knows of either kind. */
	if (!is_readable(enrolled->pair.server, patience_ms))
		trouble("receive on a scratch socket");
	told = bytes_waiting(enrolled->pair.server);
	if (receive_some(enrolled->pair.server, bytes, redirected + passed) != redirected + passed)
		trouble("receive on a scratch socket");
	return told;
}

void probe_fionread(void)
{
	struct bpf_object *object = load_verdict(NULL);
	uint8_t bytes[BYTES] = { 0 };
	struct enrolled enrolled;
	int plain, earlier, redirected, passed;

	enter_scratch_namespace();
	enrolled = mark_pair(object, connect_pair(false));
	send_all(enrolled.pair.client, bytes, sizeof(bytes));
	if (!is_readable(enrolled.pair.server, patience_ms))
		trouble("receive on a scratch socket");
	plain = bytes_waiting(enrolled.pair.server);
	enrol(&enrolled);
	earlier = bytes_waiting(enrolled.pair.server);
	receive_some(enrolled.pair.server, bytes, sizeof(bytes));
	redirected = told_of(&enrolled, BYTES, 0);
	passed = told_of(&enrolled, 0, BYTES);
	tell("\"sent\":%d,\"plain\":%d,\"earlier\":%d,\"redirected\":%d,\"passed\":%d", BYTES, plain, earlier, redirected,
	     passed);
}

void probe_low_water(void)
{
	struct enrolled enrolled = enrol_pair(false);
	uint8_t bytes[BYTES / 2] = { 0 };
	int mark = BYTES;

	if (setsockopt(enrolled.pair.server, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)))
		trouble("set SO_RCVLOWAT");
	send_all(enrolled.pair.client, bytes, sizeof(bytes));
	tell("\"mark\":%d,\"sent\":%zu,\"readable\":%s", BYTES, sizeof(bytes),
	     is_readable(enrolled.pair.server, 0) ? "true" : "false");
}

void probe_splice(void)
{
	struct enrolled enrolled = enrol_pair(false);
	uint8_t bytes[BYTES] = { 0 };
	bool readable;
	int ends[2];
	ssize_t length;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		trouble("make a pipe");
	send_all(enrolled.pair.client, bytes, sizeof(bytes));
	readable = is_readable(enrolled.pair.server, 0);
	length = splice(enrolled.pair.server, NULL, ends[1], NULL, sizeof(bytes), SPLICE_F_NONBLOCK);
	tell("\"sent\":%d,\"readable\":%s,\"spliced\":%zd", BYTES, readable ? "true" : "false", length < 0 ? -errno : length);
}

/* A thread that waits in recv. */
struct reader {
	pthread_t thread;
	int fd;
	ssize_t received;
	int error;
	volatile bool done;
};

static void *read_blocking(void *argument)
{
	struct reader *reader = argument;
	uint8_t bytes[BYTES];

	reader->received = recv(reader->fd, bytes, sizeof(bytes), 0);
	reader->error = errno;
	reader->done = true;
	return NULL;
}

static void start_reading(struct reader *reader, int fd)
{
	*reader = (struct reader){ .fd = fd };
	if (pthread_create(&reader->thread, NULL, read_blocking, reader))
		trouble("start a thread");
}

/* Whether it has come back within patience_ms. */
static bool came_back(struct reader *reader)
{
	for (int i = 0; i < patience_ms && !reader->done; i++)
		pause_briefly();
	return reader->done;
}

static void do_nothing(int signal)
{
	(void)signal;
}

void probe_blocking(void)
{
	struct enrolled enrolled = enrol_pair(true);
	struct probe_look idle = look_at(&enrolled, PROBE_SERVER), inside = idle;
	struct sigaction restart = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };
	uint8_t bytes[BYTES] = { 0 };
	struct reader reader;
	bool woken;

	sigaction(SIGUSR1, &restart, NULL);
	start_reading(&reader, enrolled.pair.server);
	for (int i = 0; i < patience_ms && (inside.references == idle.references || !inside.sleepers); i++) {
		pause_briefly();
		inside = look_at(&enrolled, PROBE_SERVER);
	}
	send_all(enrolled.pair.client, bytes, sizeof(bytes));
	woken = came_back(&reader) && reader.received == BYTES;
	if (!woken)
		tell("\"idle\":%d,\"inside\":%d,\"sleepers\":%u,\"woken\":false,\"interrupted\":false", idle.references,
		     inside.references, inside.sleepers);
	pthread_join(reader.thread, NULL);

	/* A signal whose handler asks for calls to go on. TCP does; a read that comes back has EAGAIN for the program, which expects none. */
	start_reading(&reader, enrolled.pair.server);
	for (int i = 0; i < patience_ms && look_at(&enrolled, PROBE_SERVER).references == idle.references; i++)
		pause_briefly();
	for (int i = 0; i < patience_ms / 4 && !reader.done; i++) {
		pthread_kill(reader.thread, SIGUSR1);
		pause_briefly();
	}
	tell("\"idle\":%d,\"inside\":%d,\"sleepers\":%u,\"woken\":true,\"interrupted\":%s", idle.references, inside.references,
	     inside.sleepers, reader.done && reader.received < 0 && reader.error == EAGAIN ? "true" : "false");
}
