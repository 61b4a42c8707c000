// SPDX-License-Identifier: GPL-2.0-only
/*
 * A listener that has another program serve who comes, as inetd does; or, with --connect, one that connects and has another program use that, as tcpclient does. The other end
 * sends small messages meanwhile, which nobody reads; when this one is told (SIGUSR1), the other program splices them all, and what still comes, or, with --ask, reads as much as it is
 * told that there is. With --turns it answers each message instead, until this one is told. With --look it is only then that it comes, and meanwhile this one looks again and again at
 * what waits. Every byte is checked.
 */
#include "hello.h"
#include "splicing.h"
#include "turns.h"
#include <argp.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#define MESSAGE_BYTES 64
/* All of them together find room in TCP's window. */
#define AHEAD 400
#define AFTERWARDS 100

static struct {
	const char *to;
	bool turns, ask, look, connect;
	uid_t user;
	/* Of the other program. */
	int socket, told;
	uint64_t seed;
} options = { .socket = -1 };

/* A byte for each one who waits for it: the listener's process, and what that becomes. */
static const char TOLD[2];

static bool send_some(int peer, uint64_t seed, uint64_t first, uint64_t count)
{
	uint8_t bytes[MESSAGE_BYTES];

	for (uint64_t message = first; message < first + count; message++, sleep_ns(NS_PER_MS)) {
		pattern_fill(bytes, sizeof(bytes), seed, message * sizeof(bytes));
		if (!send_whole(peer, bytes, sizeof(bytes), false))
			return false;
	}
	return true;
}

/* Until the other end has left. */
static int answer_all(void)
{
	uint8_t bytes[MESSAGE_BYTES];

	while (receive_whole(options.socket, bytes, sizeof(bytes), false))
		if (!send_whole(options.socket, bytes, sizeof(bytes), false))
			return EXIT_WRONG;
	return errno == EPIPE ? EXIT_RIGHT : EXIT_WRONG;
}

static bool take_turns_with(int peer, uint64_t seed)
{
	uint8_t bytes[MESSAGE_BYTES], answer[MESSAGE_BYTES];

	for (uint64_t message = 0; !told && !stopping; message++, sleep_ns(NS_PER_MS)) {
		pattern_fill(bytes, sizeof(bytes), seed, message * sizeof(bytes));
		if (!send_whole(peer, bytes, sizeof(bytes), false) || !receive_whole(peer, answer, sizeof(answer), false) ||
		    memcmp(bytes, answer, sizeof(bytes)))
			return false;
	}
	return true;
}

static bool send_unread(int peer, int tell, uint64_t seed)
{
	bool right = send_some(peer, seed, 0, AHEAD);

	wait_until_told();
	right = write(tell, TOLD, sizeof(TOLD)) == sizeof(TOLD) && right;
	/* Once it has read what waits. */
	sleep_ns(100 * NS_PER_MS);
	return send_some(peer, seed, AHEAD, AFTERWARDS) && right;
}

static int what_waits(void)
{
	int bytes;

	if (ioctl(options.socket, FIONREAD, &bytes))
		fail("FIONREAD");
	return bytes;
}

/* Believes what it is told. */
static bool ask_and_receive(uint8_t *bytes, size_t length)
{
	uint64_t give_up = now_ns() + WHOLE_TIMEOUT_MS * NS_PER_MS;

	while (length) {
		size_t waiting = (size_t)what_waits();

		if (!waiting) {
			sleep_ns(NS_PER_MS);
			if (now_ns() > give_up)
				return false;
			continue;
		}
		if (waiting > length || !receive_whole(options.socket, bytes, waiting, false))
			return false;
		bytes += waiting, length -= waiting;
	}
	return true;
}

static void wait_for_word(int from)
{
	uint8_t word;

	if (read(from, &word, 1) != 1)
		fail("told");
}

static void look_until_told(int fd, int from)
{
	static uint8_t waiting[AHEAD * MESSAGE_BYTES];

	while (!wait_for(from, POLLIN, 0))
		recv(fd, waiting, sizeof(waiting), MSG_PEEK);
	wait_for_word(from);
}

static int serve_unread(void)
{
	static uint8_t expected[(AHEAD + AFTERWARDS) * MESSAGE_BYTES], received[sizeof(expected)];
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC))
		fail("pipe");
	pattern_fill(expected, sizeof(expected), options.seed, 0);
	if (options.ask)
		what_waits();
	wait_for_word(options.told);
	if (!(options.ask ? ask_and_receive(received, sizeof(received)) : splice_whole(options.socket, pipe_fds, received, sizeof(received))))
		return EXIT_WRONG;
	return memcmp(expected, received, sizeof(received)) ? EXIT_WRONG : EXIT_RIGHT;
}

/* The one that is handed over. */
static int own_end(const struct address *address, int listen_fd)
{
	int fd = options.connect ? connect_to(address, false) : accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_SETFD, 0))
		fail("socket");
	return fd;
}

static void hand_over(int fd, const int tell[2], uint64_t seed)
{
	char socket[32], told[32], as[32];

	close(tell[1]);
	snprintf(socket, sizeof(socket), "--socket=%d", fd);
	snprintf(told, sizeof(told), "--told=%d", tell[0]);
	snprintf(as, sizeof(as), "--seed=%lu", seed);
	if (options.user && (setgid(options.user) || setuid(options.user)))
		fail("user %u", options.user);
	if (options.look)
		look_until_told(fd, tell[0]);
	execl(options.to, options.to, socket, told, as, options.turns ? "--turns" : options.ask ? "--ask" : NULL, NULL);
	fail("%s", options.to);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	(void)state;
	if (key == 't')
		options.to = argument;
	else if (key == 's')
		options.socket = atoi(argument);
	else if (key == 'g')
		options.told = atoi(argument);
	else if (key == 'r')
		options.turns = true;
	else if (key == 'k')
		options.ask = true;
	else if (key == 'l')
		options.look = true;
	else if (key == 'c')
		options.connect = true;
	else if (key == 'u')
		options.user = (uid_t)atoi(argument);
	else if (key == 'x')
		options.seed = strtoull(argument, NULL, 10);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{ "to", 't', "PATH", 0, "the other program: a copy of this one", 0 },
		{ "connect", 'c', NULL, 0, "it is handed the client's end", 0 },
		{ "turns", 'r', NULL, 0, "answer each message", 0 },
		{ "ask", 'k', NULL, 0, "believe FIONREAD", 0 },
		{ "look", 'l', NULL, 0, "it comes when this one is told, which looks at what waits meanwhile", 0 },
		{ "user", 'u', "UID", 0, "it is of this user (0)", 0 },
		{ "socket", 's', "N", OPTION_HIDDEN, NULL, 0 },
		{ "told", 'g', "N", OPTION_HIDDEN, NULL, 0 },
		{ "seed", 'x', "N", OPTION_HIDDEN, NULL, 0 },
		{ 0 },
	};
	const struct argp argp = { argp_options, parse_option, NULL, "A program that hands a connection on to another one.", NULL, NULL, NULL };
	struct address address;
	uint64_t seed = random_seed();
	int listen_fd, peer = -1, tell[2], status;
	bool right;
	pid_t other;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (options.socket >= 0)
		return options.turns ? answer_all() : serve_unread();
	stop_on_signals();
	signal(SIGUSR1, on_told);
	listen_fd = listen_on_loopback(&address);
	if (!options.connect)
		peer = connect_to(&address, false);
	if (pipe(tell))
		fail("pipe");
	other = fork();
	if (other < 0)
		fail("fork");
	if (!other)
		hand_over(own_end(&address, listen_fd), tell, seed);
	if (options.connect)
		peer = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK);
	if (peer < 0)
		fail("accept");
	set_nodelay(peer, &address);
	right = options.turns ? take_turns_with(peer, seed) : send_unread(peer, tell[1], seed);
	close(peer);
	right = waitpid(other, &status, 0) == other && !status && right;
	printf("{\"program\":\"handed\",\"right\":%s}\n", right ? "true" : "false");
	return right ? EXIT_RIGHT : EXIT_WRONG;
}
