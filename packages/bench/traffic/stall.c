// SPDX-License-Identifier: GPL-2.0-only
// A reader that stops reading: how much its sender can still send before it is held up, and whether all of it arrives afterwards.
#include "clock.h"
#include "hello.h"
#include "hidden.h"
#include "lent.h"
#include "passing.h"
#include "stop.h"
#include "whole.h"
#include <argp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define STALL_MS 1000
#define TURN_BYTES 64
/* Without data. */
#define MOST_WAKES 100

static struct {
	struct address address, target;
	struct range send_size;
	bool blocking, has_target, hold, whole, gone, shut, until_given_back, only_keepalive, hidden, out_of_reach;
	uint32_t warm_ms, first, receive_buffer, keep_idle;
	uint64_t limit, after, seed;
} options = {
	.send_size = { 16384, 16384 },
	.warm_ms = 500,
	.limit = 512ull << 20,
	.after = 1 << 20,
};

static struct tally {
	/* Set by the sender: the turns are over, and then: the reader may read again. */
	atomic_bool flooding, resumed;
	_Atomic uint64_t sent, received, wrong, errors;
	/* As the kernel has it: twice what was asked for, or what it grew to by itself. Read when the reader stopped, after so many bytes. */
	_Atomic uint64_t buffer, before;
	/* How often poll said that there was room, and send that there was none. */
	_Atomic uint64_t empty_promises;
	/* How long the sender was held up, until it had had enough of it, and what it could send afterwards. */
	_Atomic uint64_t held_ns, afterwards;
	/* When the reader came back, what it was owed then, and how long it took from then on until it had that. */
	_Atomic uint64_t resumed_at, owed, late_ns;
	/* What the sender's socket has at its end. */
	struct lent lent;
	_Atomic int error;
} *tally;

/* SIGUSR1 alone. */
static sigset_t telling(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	return signals;
}

/* It is blocked but here: in the middle of a call it would end that, which is not what this is about. */
static bool told_within_ms(void)
{
	const struct timespec ms = { .tv_nsec = NS_PER_MS };
	sigset_t signals = telling();

	return sigtimedwait(&signals, NULL, &ms) == SIGUSR1;
}

static void hear_when_asked(void)
{
	sigset_t signals = telling();

	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void trouble(void)
{
	atomic_store(&tally->error, errno);
	atomic_fetch_add(&tally->errors, 1);
}

static uint64_t receive_buffer(int fd)
{
	socklen_t size = sizeof(int);
	int bytes = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size))
		fail("getsockopt");
	return (uint64_t)bytes;
}

static bool has_been_given_back(struct lent lent)
{
	return (!lent.linear || options.only_keepalive) && lent.keep_idle == (int)options.keep_idle;
}

static void say_read(void)
{
	printf("{\"read\":%lu}\n", tally->received);
	fflush(stdout);
}

/* No process has it, until SIGUSR1. */
static int keep_out_of_reach(int fd)
{
	int over[2], again;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, over))
		fail("socketpair");
	pass(over[0], fd);
	close(fd);
	say_read();
	while (!told_within_ms() && !stopping)
		;
	again = take(over[1]);
	close(over[0]);
	close(over[1]);
	return again;
}

/*
 * What Sidestep lends a sender must be given back, also to one that sends nothing more: the keepalive when its reader needs it no longer, the other things when its connection has
 * left.
 */
static int wait_until_given_back(int fd)
{
	uint64_t end = now_ns() + 2 * WHOLE_TIMEOUT_MS * NS_PER_MS;

	while (tally->received < tally->sent && now_ns() < end)
		usleep(1000);
	if (options.out_of_reach)
		return keep_out_of_reach(fd);
	say_read();
	while (!has_been_given_back(lent_of(fd)) && now_ns() < end)
		usleep(1000);
	return fd;
}

static void check(const uint8_t *bytes, size_t length)
{
	uint64_t first;

	atomic_fetch_add(&tally->wrong, pattern_check(bytes, length, options.seed, tally->received, &first));
	atomic_fetch_add(&tally->received, length);
}

/* A FIN on the bypass, or a wake without data, answers EAGAIN to a reader that blocks, now and then. So does its patience when that ends, if it has one. */
static bool was_woken_for_nothing(uint64_t began)
{
	static uint32_t times;

	if (!options.blocking || errno != EAGAIN)
		return false;
	if (options.whole && now_ns() - began >= WHOLE_TIMEOUT_MS / 2 * NS_PER_MS)
		return false;
	return ++times < MOST_WAKES;
}

/* It hears nothing more as long as nobody can reach its sender. */
static bool waits_for_longer(int fd)
{
	return options.out_of_reach && tally->resumed && errno == EAGAIN && wait_for(fd, POLLIN, 10 * WHOLE_TIMEOUT_MS);
}

/* Answers turns until the flood begins, reads the first bytes of it, then nothing until told to, then everything. */
static void read_all(int fd)
{
	static uint8_t buffer[1 << 20];
	uint64_t pause_at = 0;

	for (;;) {
		bool whole = options.whole && tally->resumed;
		/* Who is to stop at once takes nothing along of the flood. */
		size_t at_most = whole ? sizeof(buffer) : options.first || tally->resumed ? 65536 : TURN_BYTES;
		uint64_t began = now_ns();
		ssize_t received = recv(fd, buffer, at_most, whole ? MSG_WAITALL : 0);

		if (received < 0 && (was_woken_for_nothing(began) || waits_for_longer(fd) || whole_again(fd, POLLIN, options.blocking)))
			continue;
		if (received < 0)
			trouble();
		if (received <= 0)
			return;
		if (!tally->flooding && !send_whole(fd, buffer, (size_t)received, options.blocking))
			trouble();
		check(buffer, (size_t)received);
		if (tally->resumed && !tally->late_ns && tally->received >= tally->owed)
			atomic_store(&tally->late_ns, now_ns() - tally->resumed_at);
		if (tally->flooding && !pause_at)
			pause_at = tally->received + options.first;
		if (pause_at && tally->received >= pause_at && !tally->before) {
			atomic_store(&tally->before, tally->received);
			while (!tally->resumed)
				usleep(1000);
			atomic_store(&tally->buffer, receive_buffer(fd));
		}
	}
}

static bool take_turn(int fd)
{
	uint8_t bytes[TURN_BYTES], answer[TURN_BYTES];

	pattern_fill(bytes, sizeof(bytes), options.seed, tally->sent);
	if (!send_whole(fd, bytes, sizeof(bytes), options.blocking) ||
	    !receive_whole(fd, answer, sizeof(answer), options.blocking))
		return false;
	atomic_fetch_add(&tally->sent, sizeof(bytes));
	if (memcmp(bytes, answer, sizeof(bytes)))
		atomic_fetch_add(&tally->wrong, 1);
	return true;
}

/* Requests and answers, so that the connection shows what it is: until SIGUSR1, or for the time that was asked. */
static bool take_turns(int fd)
{
	uint64_t end = now_ns() + options.warm_ms * NS_PER_MS;

	do {
		if (!take_turn(fd))
			return false;
	} while (!told_within_ms() && !stopping && (!options.warm_ms || now_ns() < end));
	return true;
}

/* Sends up to `limit` bytes; less when the socket took nothing for STALL_MS. */
static uint64_t flood(int fd, uint64_t limit)
{
	uint8_t *buffer = malloc(options.send_size.max);
	uint64_t accepted = 0;
	bool promised = false;

	if (!buffer)
		fail("out of memory");
	for (uint64_t index = 0; accepted < limit; index++) {
		size_t length = range_draw(&options.send_size, options.seed, index), done = 0;

		pattern_fill(buffer, length, options.seed, tally->sent);
		while (done < length) {
			uint64_t began = now_ns();
			ssize_t sent = send(fd, buffer + done, length - done, MSG_NOSIGNAL);

			if (sent < 0 && promised)
				atomic_fetch_add(&tally->empty_promises, 1);
			promised = false;
			if (sent >= 0) {
				done += (size_t)sent;
				accepted += (uint64_t)sent;
				atomic_fetch_add(&tally->sent, (uint64_t)sent);
			} else if (errno == EAGAIN) {
				if (options.blocking || !wait_for(fd, POLLOUT, STALL_MS)) {
					atomic_store(&tally->held_ns, now_ns() - began);
					goto out;
				}
				promised = true;
			} else if (errno != EINTR) {
				trouble();
				goto out;
			}
		}
	}
out:
	free(buffer);
	return accepted;
}

static void hold_up_after(int fd, uint32_t ms)
{
	struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		fail("setsockopt");
}

/* As long as somebody looks at the connection: until the next SIGUSR1. */
static void hold_until_told(const char *what, uint64_t bytes, struct lent lent)
{
	printf("{\"%s\":%lu,\"linearTimeouts\":%d,\"keepIdle\":%d}\n", what, bytes, lent.linear, lent.keep_idle);
	fflush(stdout);
	while (!told_within_ms() && !stopping)
		;
}

/* The bytes that were accepted before the sender was held up. */
static uint64_t send_all(int fd)
{
	uint64_t accepted;
	struct lent lent;

	if (!take_turns(fd)) {
		trouble();
		shutdown(fd, SHUT_WR);
		return 0;
	}
	if (options.hold)
		hold_until_told("turns", tally->sent, lent_of(fd));
	atomic_store(&tally->flooding, true);
	if (options.blocking)
		hold_up_after(fd, STALL_MS);
	accepted = flood(fd, options.limit);
	lent = lent_of(fd);
	if (options.shut)
		shutdown(fd, SHUT_WR);
	if (options.gone)
		close(fd);
	if (options.hold)
		hold_until_told("before", tally->before, lent);
	atomic_store(&tally->owed, tally->sent);
	atomic_store(&tally->resumed_at, now_ns());
	atomic_store(&tally->resumed, true);
	if (options.gone)
		return accepted;
	if (options.blocking)
		hold_up_after(fd, WHOLE_TIMEOUT_MS);
	atomic_store(&tally->afterwards, flood(fd, options.after));
	if (options.until_given_back)
		fd = wait_until_given_back(fd);
	tally->lent = lent_of(fd);
	shutdown(fd, SHUT_WR);
	return accepted;
}

static void run_reader(int listen_fd)
{
	int fd = -1;

	if (wait_for(listen_fd, POLLIN, WHOLE_TIMEOUT_MS))
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | (options.blocking ? 0 : SOCK_NONBLOCK));
	if (fd < 0)
		fail("accept");
	set_nodelay(fd, &options.address);
	if (options.whole)
		limit_blocking(fd);
	read_all(fd);
	_exit(EXIT_RIGHT);
}

static bool report(uint64_t accepted)
{
	bool held_up = accepted < options.limit, lost = tally->sent != tally->received;

	printf("{\"program\":\"stall\",\"accepted\":%lu,\"heldUp\":%s,\"sent\":%lu,\"received\":%lu,\"wrong\":%lu,", accepted,
	       held_up ? "true" : "false", tally->sent, tally->received, tally->wrong);
	printf("\"buffer\":%lu,\"emptyPromises\":%lu,\"heldMs\":%lu,\"afterwards\":%lu,", tally->buffer, tally->empty_promises,
	       (uint64_t)(tally->held_ns / NS_PER_MS), tally->afterwards);
	printf("\"linearTimeouts\":%d,\"lateMs\":%lu,", tally->lent.linear, (uint64_t)(tally->late_ns / NS_PER_MS));
	printf("\"keepIdle\":%d,\"keepInterval\":%d,\"keepProbes\":%d,", tally->lent.keep_idle, tally->lent.keep_interval,
	       tally->lent.keep_probes);
	printf("\"errors\":%lu,\"error\":\"%s\"}\n", tally->errors, tally->errors ? strerror(tally->error) : "");
	return held_up && !lost && !tally->wrong && !tally->errors;
}

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "to", 'o', "ADDRESS", 0, "where the sender connects, if not there", 0 },
	{ "send", 'q', "SIZE", 0, "bytes a send: 64, or 1-65536 for random sizes (16384)", 0 },
	{ "blocking", 'b', NULL, 0, "use blocking sockets", 0 },
	{ "whole", 'm', NULL, 0, "when the reader is back, it receives with MSG_WAITALL, a MiB at a time", 0 },
	{ "warm-ms", 'w', "MS", 0, "requests and answers before the flood (500); 0: until SIGUSR1", 0 },
	{ "first", 'f', "BYTES", 0, "the reader stops after so many bytes of the flood (0)", 0 },
	{ "hold", 'h', NULL, 0, "say when the turns are over and when the sender is held up, and go on at SIGUSR1", 0 },
	{ "receive-buffer", 'r', "BYTES", 0, "SO_RCVBUF of the reader (as the kernel chooses)", 0 },
	{ "limit", 'l', "BYTES", 0, "give up when so much was accepted (512 MiB)", 0 },
	{ "shut", 'u', NULL, 0, "with --gone: it shuts its direction down before that", 0 },
	{ "gone", 'g', NULL, 0, "the sender closes its socket when it is held up, and sends nothing more", 0 },
	{ "until-given-back", 'i', "WHAT", 0, "the sender says when all was read, and ends when it has back its \"keepalive\", or \"all\" options", 0 },
	{ "keep-idle", 'k', "S", 0, "the sender has a keepalive of its own, after so many seconds of silence", 0 },
	{ "hidden", 'd', NULL, 0, "both ends are in a network namespace that nobody can enter", 0 },
	{ "out-of-reach", 'x', NULL, 0, "with --until-given-back: when all was read no process has the sender's descriptor, until SIGUSR1", 0 },
	{ "after", 'n', "BYTES", 0, "send so much more when the reader is back (1 MiB)", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 'a': right = address_parse(argument, &options.address); break;
	case 'o': right = options.has_target = address_parse(argument, &options.target); break;
	case 'q': right = range_parse(argument, &options.send_size); break;
	case 'b': options.blocking = true; break;
	case 'm': options.whole = true; break;
	case 'w': options.warm_ms = (uint32_t)atoi(argument); break;
	case 'f': options.first = (uint32_t)atoi(argument); break;
	case 'h': options.hold = true; break;
	case 'r': options.receive_buffer = (uint32_t)atoi(argument); break;
	case 'l': options.limit = strtoull(argument, NULL, 10); break;
	case 'u': options.shut = true; break;
	case 'k': options.keep_idle = (uint32_t)atoi(argument); break;
	case 'd': options.hidden = true; break;
	case 'x': options.out_of_reach = true; break;
	case 'i':
		options.until_given_back = true;
		options.only_keepalive = !strcmp(argument, "keepalive");
		right = options.only_keepalive || !strcmp(argument, "all");
		break;
	case 'g': options.gone = true; break;
	case 'n': options.after = strtoull(argument, NULL, 10); break;
	case 'e': options.seed = strtoull(argument, NULL, 0); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = { argp_options, parse_option, NULL, "A reader that stops reading.", NULL, NULL, NULL };
	uint64_t accepted;
	int listen_fd, fd, home = -1;
	pid_t reader;

	argp_err_exit_status = EXIT_USAGE;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.seed)
		options.seed = random_seed();
	stop_on_signals();
	hear_when_asked();
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		fail("mmap");
	if (options.hidden)
		home = hide();
	listen_fd = listen_at(&options.address, options.blocking);
	/* What is accepted inherits it. */
	if (options.receive_buffer)
		set_option(listen_fd, SOL_SOCKET, SO_RCVBUF, (int)options.receive_buffer);
	announce(&options.address);
	fd = connect_to(options.has_target ? &options.target : &options.address, options.blocking);
	if (options.hidden)
		come_home(home);
	reader = fork();
	if (reader < 0)
		fail("fork");
	if (!reader) {
		close(fd);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_reader(listen_fd);
	}
	close(listen_fd);
	set_nodelay(fd, &options.address);
	if (options.keep_idle)
		set_keepalive(fd, options.keep_idle);
	accepted = send_all(fd);
	while (waitpid(reader, NULL, 0) < 0 && errno == EINTR)
		;
	return report(accepted) ? EXIT_RIGHT : EXIT_WRONG;
}
