// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of many callers who share one connection (HTTP/2, gRPC), each a write of its own. They come when they come: so many at a time, with some work before each, and the next ones when it
 * is their time, whether the others were answered or not. On SIGUSR1 each becomes more work, and they become fewer by as much. With --window one is under way until SIGUSR1, and then
 * as many as that, always; the server takes them one by one, as who takes jobs from a broker does. Every byte is checked.
 */
#include "cpu.h"
#include "hello.h"
#include "stop.h"
#include "whole.h"
#include <argp.h>
#include <sys/wait.h>

#define MOST_BYTES 65536

static struct {
	struct range request;
	uint32_t batch, every_us, work_us, slower, window;
	int cpu, peer_cpu;
	double seconds;
	uint64_t seed;
} options = {
	.request = { 64, 64 },
	.batch = 16,
	.every_us = 1000,
	.work_us = 25,
	.slower = 4,
	.cpu = -1,
	.peer_cpu = -1,
	.seconds = 60,
};

static volatile sig_atomic_t told;
static uint8_t buffer[MOST_BYTES], expected[MOST_BYTES];
static uint64_t sent, received, wrong;

static void on_told(int signal)
{
	(void)signal;
	told = 1;
}

static void work_for(uint64_t ns)
{
	for (uint64_t until = now_ns() + ns; now_ns() < until;)
		;
}

static void check(size_t length)
{
	uint64_t first;

	wrong += pattern_check(buffer, length, options.seed, received, &first);
	received += length;
}

/* What there is. False at the end. */
static bool take_answers(int client)
{
	for (;;) {
		ssize_t got = recv(client, buffer, sizeof(buffer), 0);

		if (got > 0)
			check((size_t)got);
		else
			return got && errno == EAGAIN;
	}
}

static bool ask(int client, uint64_t index)
{
	uint32_t length = range_draw(&options.request, options.seed, index);

	pattern_fill(expected, length, options.seed, sent);
	sent += length;
	return send_whole(client, expected, length, false);
}

/* How many requests there were; 0 where one could not be sent. */
static uint64_t ask_all(int client)
{
	uint64_t next = now_ns(), end = next + (uint64_t)(options.seconds * NS_PER_S), requests = 0;

	while (!stopping && next < end) {
		uint64_t factor = told ? options.slower : 1, now;

		for (uint32_t i = 0; i < options.batch; i++) {
			work_for(options.work_us * factor * 1000);
			if (!ask(client, requests++))
				return 0;
		}
		if (!take_answers(client))
			return 0;
		next += options.every_us * factor * 1000;
		now = now_ns();
		/* Who could not keep up does not catch up. */
		if (next < now)
			next = now;
		sleep_ns(next - now);
	}
	return requests;
}

/* So many are always under way. */
static uint64_t keep_asking(int client)
{
	uint64_t end = now_ns() + (uint64_t)(options.seconds * NS_PER_S), requests = 0;

	while (!stopping && now_ns() < end) {
		while (requests - received / options.request.min < (told ? options.window : 1))
			if (!ask(client, requests++))
				return 0;
		if (!wait_for(client, POLLIN, WHOLE_TIMEOUT_MS) || !take_answers(client))
			return 0;
	}
	return requests;
}

static bool take_the_rest(int client)
{
	shutdown(client, SHUT_WR);
	while (take_answers(client))
		if (!wait_for(client, POLLIN, WHOLE_TIMEOUT_MS))
			return false;
	return received == sent;
}

/* Takes them one by one, and answers each with what it was, in a write of its own. */
static int serve(int server)
{
	for (uint64_t index = 0;; index++) {
		uint32_t length = range_draw(&options.request, options.seed, index);

		if (!receive_whole(server, buffer, length, false))
			return errno == EPIPE ? EXIT_RIGHT : EXIT_WRONG;
		if (options.window)
			work_for(options.work_us * 1000);
		if (!send_whole(server, buffer, length, false))
			return EXIT_WRONG;
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 'q': right = range_parse(argument, &options.request) && options.request.max <= MOST_BYTES; break;
	case 'b': right = (options.batch = (uint32_t)atoi(argument)) > 0; break;
	case 'p': right = (options.every_us = (uint32_t)atoi(argument)) > 0; break;
	case 'w': options.work_us = (uint32_t)atoi(argument); break;
	case 'f': right = (options.slower = (uint32_t)atoi(argument)) > 0; break;
	case 'n': options.window = (uint32_t)atoi(argument); break;
	case 'u': options.cpu = atoi(argument); break;
	case 'v': options.peer_cpu = atoi(argument); break;
	case 'd': right = (options.seconds = atof(argument)) > 0; break;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{ "request", 'q', "SIZE", 0, "bytes: 64, or 1-65536 for random sizes; its answer is as large (64)", 0 },
		{ "batch", 'b', "N", 0, "requests at a time (16)", 0 },
		{ "every-us", 'p', "US", 0, "from one such time to the next (1000)", 0 },
		{ "work-us", 'w', "US", 0, "of work before each request (25)", 0 },
		{ "slower", 'f', "N", 0, "so many times as much of both after SIGUSR1 (4)", 0 },
		{ "window", 'n', "N", 0, "keep so many under way instead, from SIGUSR1 on, before that one; the work is the server's then, and all are as large as the smallest", 0 },
		{ "cpu", 'u', "CPU", 0, "run the client's end on this CPU only", 0 },
		{ "peer-cpu", 'v', "CPU", 0, "and the server's on this one", 0 },
		{ "seconds", 'd', "S", 0, "stop after so many seconds, or on SIGTERM (60)", 0 },
		{ 0 },
	};
	const struct argp argp = { argp_options, parse_option, NULL, "Requests of many callers over one connection.", NULL, NULL, NULL };
	int listen_fd, client, server, status = 0;
	struct address address;
	uint64_t requests;
	pid_t echo;
	bool right;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	options.seed = random_seed();
	if (options.window)
		options.request.max = options.request.min;
	stop_on_signals();
	signal(SIGUSR1, on_told);
	client = meet_on_loopback(&address, &listen_fd, &server);
	set_nodelay(client, &address);
	set_nodelay(server, &address);
	echo = fork();
	if (echo < 0)
		fail("fork");
	run_on_cpu(echo ? options.cpu : options.peer_cpu);
	if (!echo) {
		close(client);
		_exit(serve(server));
	}
	close(server);
	requests = options.window ? keep_asking(client) : ask_all(client);
	right = requests && take_the_rest(client);
	close(client);
	while (waitpid(echo, &status, 0) < 0 && errno == EINTR)
		;
	right = right && !wrong && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_RIGHT;
	printf("{\"program\":\"multiplex\",\"requests\":%lu,\"sent\":%lu,\"received\":%lu,\"wrong\":%lu,\"right\":%s}\n", requests, sent, received,
	       wrong, right ? "true" : "false");
	return right ? EXIT_RIGHT : EXIT_WRONG;
}
