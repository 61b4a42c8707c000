// SPDX-License-Identifier: GPL-2.0-only
/* A reader that moves what it receives with splice(), as proxies do: TCP socket to pipe, pipe to memory. Every byte is checked. */
#include "hello.h"
#include "splicing.h"
#include <argp.h>
#include <sys/wait.h>

#define MESSAGE_BYTES 1024
/* All of them together find room in TCP's window. */
#define AHEAD_BYTES 64
/* So few that the connection does not join by its turns. */
#define GREETINGS 4
#define SILENCE_NS (2 * NS_PER_S)

static struct {
	struct address address;
	uint32_t turns, ahead, body;
	/* Does without splice, so that only its executable says what it is. */
	bool read;
} options = { .turns = 500 };

static bool take_whole(int fd, const int pipe[2], uint8_t *bytes, size_t length)
{
	return options.read ? receive_whole(fd, bytes, length, false) : splice_whole(fd, pipe, bytes, length);
}

/* The connection may join meanwhile, or in the silence that follows; then the first splice of all is from an enrolled socket. */
static bool send_ahead(int client, int server, const int pipe[2], uint64_t seed)
{
	size_t length = options.ahead * (size_t)AHEAD_BYTES;
	uint8_t *sent = malloc(length), *received = malloc(length);
	bool right = sent && received;
	uint8_t greeting = 0;

	/* Who serves is known by its answers. */
	for (int turn = 0; right && turn < GREETINGS; turn++, sleep_ns(NS_PER_MS))
		right = send_whole(client, &greeting, 1, false) && receive_whole(server, &greeting, 1, false) &&
			send_whole(server, &greeting, 1, false) && receive_whole(client, &greeting, 1, false);
	pattern_fill(sent, length, ~seed, 0);
	for (size_t at = 0; right && at < length; at += AHEAD_BYTES, sleep_ns(NS_PER_MS))
		right = send_whole(client, sent + at, AHEAD_BYTES, false);
	sleep_ns(SILENCE_NS);
	right = right && take_whole(server, pipe, received, length) && !memcmp(sent, received, length);
	free(sent);
	free(received);
	return right;
}

/* As a request with a body comes to a proxy: one that has read what stands before the body moves the rest without reading it. */
static bool send_body(int client, int server, const int pipe[2], uint64_t seed)
{
	size_t length = MESSAGE_BYTES + (size_t)options.body;
	uint8_t *sent = malloc(length), *received = malloc(length);
	bool right = sent && received;
	pid_t sender;

	pattern_fill(sent, length, ~seed, 0);
	sender = fork();
	if (sender < 0)
		fail("fork");
	if (!sender)
		_exit(right && send_whole(client, sent, length, false) ? EXIT_RIGHT : EXIT_WRONG);
	right = right && receive_whole(server, received, MESSAGE_BYTES, false);
	right = right && splice_whole(server, pipe, received + MESSAGE_BYTES, options.body) && !memcmp(sent, received, length);
	waitpid(sender, NULL, 0);
	free(sent);
	free(received);
	return right;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	(void)state;
	if (key == 't')
		options.turns = (uint32_t)atoi(argument);
	else if (key == 'a')
		options.ahead = (uint32_t)atoi(argument);
	else if (key == 'b')
		options.body = (uint32_t)atoi(argument);
	else if (key == 'r')
		options.read = true;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{ "turns", 't', "N", 0, "requests (500)", 0 },
		{ "ahead", 'a', "N", 0, "messages, a millisecond apart, that are sent before the first is received (0)", 0 },
		{ "read", 'r', NULL, 0, "receive with recv instead", 0 },
		{ "body", 'b', "BYTES", 0, "in the end, one more request with so many bytes behind it, which are spliced (0)", 0 },
		{ 0 },
	};
	const struct argp argp = { argp_options, parse_option, NULL, "A reader that splices.", NULL, NULL, NULL };
	uint8_t bytes[MESSAGE_BYTES], answer[MESSAGE_BYTES];
	uint64_t seed = random_seed(), wrong = 0;
	int listen_fd, client, server, pipe_fds[2];
	uint32_t turn;
	bool stopped;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	stop_on_signals();
	client = meet_on_loopback(&options.address, &listen_fd, &server);
	if (pipe2(pipe_fds, O_CLOEXEC))
		fail("pipe");
	set_nodelay(client, &options.address);
	if (options.ahead && !send_ahead(client, server, pipe_fds, seed))
		fail("what was sent ahead did not arrive");
	for (turn = 0; turn < options.turns && !stopping; turn++) {
		pattern_fill(bytes, sizeof(bytes), seed, turn * (uint64_t)sizeof(bytes));
		if (!send_whole(client, bytes, sizeof(bytes), false) || !take_whole(server, pipe_fds, answer, sizeof(answer)))
			break;
		wrong += memcmp(bytes, answer, sizeof(bytes)) != 0;
		if (!send_whole(server, answer, sizeof(answer), false) || !receive_whole(client, answer, sizeof(answer), false))
			break;
		wrong += memcmp(bytes, answer, sizeof(bytes)) != 0;
		sleep_ns(NS_PER_MS);
	}
	/* Also when it was asked to end. */
	stopped = stopping;
	stopping = 0;
	if (options.body && !send_body(client, server, pipe_fds, seed))
		wrong++;
	printf("{\"program\":\"splicer\",\"turns\":%u,\"wrong\":%lu}\n", turn, wrong);
	return (turn == options.turns || stopped) && !wrong ? EXIT_RIGHT : EXIT_WRONG;
}
