// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader that believes FIONREAD, as nginx, Java and .NET do: edge-triggered, and after each recv it asks how many bytes are left. Told
 * that there are none it waits for the next edge, which never comes if that was not so. With --available it asks first, as Java's
 * available() is used: it reads as much as it was told, and nothing as long as it is told that there is nothing. With --short it never
 * asks, and takes a read that got less than it asked for as a sign that nothing is left, as epoll(7) allows.
 */
#include "clock.h"
#include "hello.h"
#include "hidden.h"
#include "stop.h"
#include "whole.h"
#include <argp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#define TURN_BYTES 64
#define BUFFER_BYTES 4096
#define LARGE_BUFFER_BYTES 262144

static struct {
	struct address address;
	uint64_t seed, large;
	uint32_t rounds, turns, lag_ms, chunk;
	bool available, stops_short, hidden;
} options = { .large = 8 << 20, .rounds = 20, .turns = 20, .lag_ms = 30 };

static atomic_ulong received, wrong;
static atomic_bool finished;
static uint64_t sent;

static uint64_t length_of(uint32_t message)
{
	return message % (options.turns + 1) < options.turns ? TURN_BYTES : options.large;
}

/* Reads what FIONREAD says that there is. False at the end of the stream. */
static bool read_what_is_available(int fd)
{
	static uint8_t buffer[BUFFER_BYTES];
	uint64_t first;
	int left;

	if (ioctl(fd, FIONREAD, &left))
		fail("FIONREAD");
	while (left > 0) {
		ssize_t length = recv(fd, buffer, (size_t)left < sizeof(buffer) ? (size_t)left : sizeof(buffer), 0);

		/* It was promised. */
		if (length <= 0)
			fail("recv of %d available bytes", left);
		atomic_fetch_add(&wrong, pattern_check(buffer, (size_t)length, options.seed, received, &first));
		atomic_fetch_add(&received, (uint64_t)length);
		left -= (int)length;
	}
	sleep_ns(NS_PER_MS / 10);
	return !atomic_load(&finished);
}

static bool is_more_left(int fd, bool got_all)
{
	int left;

	if (options.stops_short)
		return got_all;
	if (ioctl(fd, FIONREAD, &left))
		fail("FIONREAD");
	return left;
}

/* Reads until recv says that nothing is left, or whatever else it believes. False at the end of the stream. */
static bool read_what_is_there(int fd)
{
	static uint8_t buffer[LARGE_BUFFER_BYTES];
	size_t asked = options.stops_short ? LARGE_BUFFER_BYTES : BUFFER_BYTES;
	bool got_all;

	do {
		ssize_t length = recv(fd, buffer, asked, 0);
		uint64_t first;

		if (length < 0 && errno == EAGAIN)
			return true;
		if (length <= 0)
			return false;
		atomic_fetch_add(&wrong, pattern_check(buffer, (size_t)length, options.seed, received, &first));
		atomic_fetch_add(&received, (uint64_t)length);
		got_all = (size_t)length == asked;
	} while (is_more_left(fd, got_all));
	return true;
}

/* Answers each message with its number, once all of it is there. Lags behind large ones, so that they pile up. */
static void *serve(void *argument)
{
	int fd = accept4(*(int *)argument, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), poller = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	uint64_t end = length_of(0);
	uint32_t message = 0, lagged = 0;

	if (fd < 0 || poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
		fail("serve");
	set_nodelay(fd, &options.address);
	while (options.available || epoll_wait(poller, &event, 1, -1) > 0 || errno == EINTR) {
		if (length_of(message) != TURN_BYTES && lagged != message) {
			sleep_ns(options.lag_ms * NS_PER_MS);
			/* What came meanwhile it has heard of before it reads. */
			epoll_wait(poller, &event, 1, 0);
			lagged = message;
		}
		if (!(options.available ? read_what_is_available : read_what_is_there)(fd))
			break;
		for (; received >= end && message < options.rounds * (options.turns + 1); end += length_of(message)) {
			if (!send_whole(fd, (uint8_t *)&message, sizeof(message), false))
				fail("answer");
			message++;
		}
	}
	close(fd);
	return NULL;
}

/* In as many calls as it takes. */
static bool send_in_chunks(int fd, const uint8_t *bytes, size_t length)
{
	size_t most = options.chunk ? options.chunk : length;

	for (size_t at = 0; at < length; at += most)
		if (!send_whole(fd, bytes + at, length - at < most ? length - at : most, false))
			return false;
	return true;
}

/* How many messages were answered: all, or those before the reader fell asleep. */
static uint32_t converse(int fd)
{
	uint8_t *bytes = malloc(options.large > TURN_BYTES ? options.large : TURN_BYTES);
	uint32_t message, answer;

	if (!bytes)
		fail("out of memory");
	for (message = 0; message < options.rounds * (options.turns + 1) && !stopping; message++) {
		pattern_fill(bytes, length_of(message), options.seed, sent);
		sent += length_of(message);
		if (!send_in_chunks(fd, bytes, length_of(message)) ||
		    !receive_whole(fd, (uint8_t *)&answer, sizeof(answer), false) || answer != message)
			break;
		if (length_of(message) == TURN_BYTES)
			sleep_ns(2 * NS_PER_MS);
	}
	free(bytes);
	return message;
}

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0; port 0 lets the kernel choose", 0 },
	{ "large", 'q', "BYTES", 0, "a large message (8 MiB)", 0 },
	{ "rounds", 'n', "N", 0, "how many large messages (20)", 0 },
	{ "turns", 't', "N", 0, "small messages before each (20)", 0 },
	{ "lag-ms", 'w', "MS", 0, "the reader's rest before it reads a large message (30)", 0 },
	{ "chunk", 'c', "BYTES", 0, "of a message in one call (all of it)", 0 },
	{ "short", 's', NULL, 0, "do not ask, but stop at a short read", 0 },
	{ "available", 'v', NULL, 0, "ask before each read, and read no more than that", 0 },
	{ "hidden", 'i', NULL, 0, "both ends are in a network namespace that nobody can enter", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'a':
		if (!address_parse(argument, &options.address))
			argp_error(state, "\"%s\" is no address", argument);
		break;
	case 'q': options.large = strtoull(argument, NULL, 10); break;
	case 'n': options.rounds = (uint32_t)atoi(argument); break;
	case 't': options.turns = (uint32_t)atoi(argument); break;
	case 'w': options.lag_ms = (uint32_t)atoi(argument); break;
	case 'c': options.chunk = (uint32_t)atoi(argument); break;
	case 's': options.stops_short = true; break;
	case 'v': options.available = true; break;
	case 'i': options.hidden = true; break;
	case 'e': options.seed = strtoull(argument, NULL, 0); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = { argp_options, parse_option, NULL, "A reader that believes FIONREAD, or a short read.", NULL, NULL, NULL };
	uint32_t answered, messages;
	int listen_fd, fd, error, home = -1;
	pthread_t server;
	bool right;

	argp_err_exit_status = EXIT_USAGE;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.seed)
		options.seed = random_seed();
	messages = options.rounds * (options.turns + 1);
	stop_on_signals();
	if (options.hidden)
		home = hide();
	listen_fd = listen_at(&options.address, true);
	fd = connect_to(&options.address, false);
	if (options.hidden)
		come_home(home);
	announce(&options.address);
	if (pthread_create(&server, NULL, serve, &listen_fd))
		fail("pthread_create");
	set_nodelay(fd, &options.address);
	answered = converse(fd);
	error = errno;
	finished = true;
	right = answered == messages && received == sent && !wrong;
	printf("{\"program\":\"asker\",\"messages\":%u,\"answered\":%u,\"sent\":%lu,\"received\":%lu,\"wrong\":%lu,", messages,
	       answered, sent, received, wrong);
	printf("\"error\":\"%s\"}\n", answered == messages ? "" : strerror(error));
	close(fd);
	pthread_join(server, NULL);
	return right ? EXIT_RIGHT : EXIT_WRONG;
}
