// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader that never stops and is slow, with a sender that has set TCP_USER_TIMEOUT: after turns until SIGUSR1 the one sends all that it has at once, the other one takes some of it now
 * and then. Every byte is checked.
 */
#include "hello.h"
#include "turns.h"
#include <argp.h>
#include <sys/wait.h>

#define MOST_SENT 65536

static struct {
	uint32_t timeout_ms, bytes, send, chunk, pause_ms;
} options = { .timeout_ms = 3000, .bytes = 1000000, .send = 65536, .chunk = 16384, .pause_ms = 250 };

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	uint32_t number = argument ? (uint32_t)atoi(argument) : 0;

	(void)state;
	if (key == 't')
		options.timeout_ms = number;
	else if (key == 'b')
		options.bytes = number;
	else if (key == 'q')
		options.send = number && number < MOST_SENT ? number : MOST_SENT;
	else if (key == 'c')
		options.chunk = number;
	else if (key == 'p')
		options.pause_ms = number;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

/* Its error, or 0. However long its reader takes, where send_whole gives up. */
static int send_all(int client, uint64_t seed)
{
	static uint8_t bytes[MOST_SENT];

	for (uint64_t at = 0; at < options.bytes;) {
		size_t length = options.bytes - at < options.send ? options.bytes - at : options.send;

		pattern_fill(bytes, length, seed, at);
		for (size_t done = 0; done < length;) {
			ssize_t sent = send(client, bytes + done, length - done, MSG_NOSIGNAL);

			if (sent >= 0)
				done += (size_t)sent;
			else if (errno != EAGAIN)
				return errno;
			else
				wait_for(client, POLLOUT, -1);
		}
		at += length;
	}
	return 0;
}

static int run_sender(int client, uint64_t seed)
{
	int error = send_all(client, seed);

	shutdown(client, SHUT_WR);
	/* What it is told of afterwards, it is told here. */
	if (!error && (!wait_for(client, POLLIN, -1) || !receive_end(client, false)))
		error = errno;
	return error;
}

/* Up to the end, or an error; how much it has got. */
static uint64_t read_slowly(int server, uint64_t seed, uint64_t *wrong)
{
	uint8_t *bytes = malloc(options.chunk);
	uint64_t received = 0, first;

	if (!bytes)
		fail("out of memory");
	for (;;) {
		ssize_t got = recv(server, bytes, options.chunk, 0);

		if (got < 0 && errno == EAGAIN) {
			wait_for(server, POLLIN, -1);
			continue;
		}
		if (got <= 0)
			break;
		*wrong += pattern_check(bytes, (size_t)got, seed, received, &first);
		received += (uint64_t)got;
		sleep_ns(options.pause_ms * NS_PER_MS);
	}
	free(bytes);
	return received;
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{ "timeout-ms", 't', "MS", 0, "TCP_USER_TIMEOUT of the sender (3000); 0: none", 0 },
		{ "bytes", 'b', "N", 0, "it has to send (1000000)", 0 },
		{ "send", 'q', "BYTES", 0, "a send, 64 KiB at most (65536)", 0 },
		{ "chunk", 'c', "BYTES", 0, "the reader takes at a time (16384)", 0 },
		{ "pause-ms", 'p', "MS", 0, "between two of them (250)", 0 },
		{ 0 },
	};
	const struct argp argp = { argp_options, parse_option, NULL, "A slow reader.", NULL, NULL, NULL };
	uint64_t seed = random_seed(), received, wrong = 0;
	int listen_fd, client, server, status = 0;
	struct address address;
	pid_t sender;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	stop_on_signals();
	signal(SIGUSR1, on_told);
	client = meet_on_loopback(&address, &listen_fd, &server);
	set_nodelay(client, &address);
	if (options.timeout_ms)
		set_option(client, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)options.timeout_ms);
	take_turns(client, server);
	sender = fork();
	if (sender < 0)
		fail("fork");
	if (!sender) {
		close(server);
		_exit(run_sender(client, seed));
	}
	close(client);
	received = read_slowly(server, seed, &wrong);
	close(server);
	while (waitpid(sender, &status, 0) < 0 && errno == EINTR)
		;
	printf("{\"program\":\"trickle\",\"sent\":%u,\"received\":%lu,\"wrong\":%lu,\"error\":\"%s\"}\n", options.bytes, received, wrong,
	       status ? strerror(WEXITSTATUS(status)) : "");
	return received == options.bytes && !wrong && !status ? EXIT_RIGHT : EXIT_WRONG;
}
