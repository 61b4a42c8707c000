// SPDX-License-Identifier: GPL-2.0-only
// One-way streams as fast as they go, for measuring: one process for each end, whose cost for a byte is next to nothing.
#include "clock.h"
#include "cpu.h"
#include "range.h"
#include "sockets.h"
#include "stop.h"
#include <argp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* The byte at a position of the stream is the remainder of that position. */
#define PERIOD 251
/* How often one socket is used, and for how many bytes, before it is the others' turn and somebody looks at the clock. */
#define TURN 64
#define TURN_BYTES (1u << 20)
#define EVENTS 64

static struct {
	struct address address, target;
	uint32_t connections, threads;
	struct range size, receive;
	bool nodelay, asks, has_target;
	int cpu, peer_cpu;
	double seconds, warm_up, grace;
} options = {
	.connections = 1,
	.threads = 1,
	.size = { 16384, 16384 },
	.receive = { 65536, 65536 },
	.cpu = -1,
	.peer_cpu = -1,
	.seconds = 1,
	.warm_up = .3,
	.grace = 3,
};

/* One end's window: from its first look at the clock after the warm-up to the first one so long after that. */
struct window {
	_Atomic uint64_t until;
	uint64_t from, cpu_from, cpu_until, bytes_from, bytes_until;
};

/* Senders and receivers each write a cache line of their own. */
static struct tally {
	_Alignas(64) _Atomic uint64_t sent, messages;
	struct window sender;
	_Alignas(64) uint64_t received, wrong;
	struct window receiver;
	bool finished;
	_Alignas(64) _Atomic uint64_t errors, warm_at, ended_at;
	_Atomic int error;
} *tally;

struct stream {
	int fd;
	uint64_t position;
	/* Of a message that is under way. */
	uint32_t left;
};

static struct stream *streams;

static void trouble(void)
{
	atomic_store(&tally->error, errno);
	atomic_fetch_add(&tally->errors, 1);
}

static void open_window(struct window *window, uint64_t now, uint64_t bytes)
{
	window->from = now;
	window->cpu_from = cpu_ns();
	window->bytes_from = bytes;
}

static void close_window(struct window *window, uint64_t now, uint64_t bytes)
{
	window->cpu_until = cpu_ns();
	window->bytes_until = bytes;
	atomic_store(&window->until, now);
}

static void look_at_clock(struct window *window, uint64_t bytes)
{
	uint64_t now = now_ns();

	if (!window->from) {
		if (tally->warm_at && now >= tally->warm_at)
			open_window(window, now, bytes);
	} else if (!window->until && now - window->from >= (uint64_t)(options.seconds * NS_PER_S)) {
		close_window(window, now, bytes);
	}
}

static int watch_all(uint32_t events)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	for (uint32_t i = 0; i < options.connections; i++) {
		struct epoll_event event = { .events = events, .data.u32 = i };

		if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, streams[i].fd, &event))
			fail("epoll");
	}
	return epoll_fd;
}

/* The same bytes over and over: with more than one sender on a socket nobody can say which comes next. */
static void *allocate_pattern(void)
{
	uint8_t *pattern = malloc(options.size.max + PERIOD);

	if (!pattern)
		fail("out of memory");
	for (uint32_t i = 0; i < options.size.max + PERIOD; i++)
		pattern[i] = (uint8_t)(i % PERIOD);
	return pattern;
}

/* False on trouble. */
static bool send_some(struct stream *stream, const uint8_t *pattern)
{
	uint64_t bytes = 0, messages = 0;
	ssize_t sent = 0;

	for (int i = 0; i < TURN && bytes < TURN_BYTES; i++) {
		if (!stream->left)
			stream->left = options.size.max;
		sent = send(stream->fd, pattern + stream->position % PERIOD, stream->left, MSG_NOSIGNAL);
		if (sent < 0)
			break;
		stream->left -= (uint32_t)sent;
		stream->position += (uint64_t)sent;
		bytes += (uint64_t)sent;
		messages += !stream->left;
	}
	atomic_fetch_add(&tally->sent, bytes);
	atomic_fetch_add(&tally->messages, messages);
	if (sent >= 0 || errno == EAGAIN || errno == EINTR)
		return true;
	trouble();
	return false;
}

/* Bytes must come until both ends have seen enough of them; but a receiver that does not get there is not waited for longer than it gets in the end. */
static bool goes_on(const struct window *own)
{
	uint64_t give_up = tally->warm_at + (uint64_t)((options.seconds + options.grace) * NS_PER_S);

	return !stopping && now_ns() < give_up && !(own->until && tally->receiver.until);
}

/* Each thread has its own idea of where in a message it is. The first one keeps the window. */
static void *run_sender(void *first)
{
	struct stream *own = calloc(options.connections, sizeof(*own));
	const uint8_t *pattern = allocate_pattern();
	int epoll_fd = watch_all(EPOLLOUT);
	struct epoll_event events[EVENTS];
	struct window other = { 0 }, *window = first ? &tally->sender : &other;

	if (!own)
		fail("out of memory");
	for (uint32_t i = 0; i < options.connections; i++)
		own[i].fd = streams[i].fd;
	while (goes_on(window)) {
		int ready = epoll_wait(epoll_fd, events, EVENTS, 50);

		for (int i = 0; i < ready; i++) {
			if (!send_some(&own[events[i].data.u32], pattern))
				stopping = 1;
			look_at_clock(window, tally->sent);
		}
		look_at_clock(window, tally->sent);
	}
	if (first)
		stopping = 1;
	return NULL;
}

static void send_all(void)
{
	pthread_t threads[options.threads];

	streams = calloc(options.connections, sizeof(*streams));
	if (!streams)
		fail("out of memory");
	for (uint32_t i = 0; i < options.connections; i++) {
		streams[i].fd = connect_to(&options.target, false);
		if (options.nodelay)
			set_nodelay(streams[i].fd, &options.address);
	}
	tally->warm_at = now_ns() + (uint64_t)(options.warm_up * NS_PER_S);
	for (uint32_t i = 0; i < options.threads; i++)
		if (pthread_create(&threads[i], NULL, run_sender, i ? NULL : tally))
			fail("pthread_create");
	for (uint32_t i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t i = 0; i < options.connections; i++)
		shutdown(streams[i].fd, SHUT_WR);
	tally->ended_at = now_ns();
}

/*
 * The first and the last byte of what one recv brought: a check that costs nothing, and sees what is lost or doubled up to the next end of
 * a recv, unless it is a multiple of the period. What is wrong within one recv it does not see.
 */
static void check_ends(const struct stream *stream, const uint8_t *bytes, size_t length)
{
	if (options.threads > 1)
		return;
	tally->wrong += bytes[0] != stream->position % PERIOD;
	tally->wrong += bytes[length - 1] != (stream->position + length - 1) % PERIOD;
}

/* False at its end. */
static bool receive_some(struct stream *stream, uint8_t *buffer)
{
	for (int i = 0; i < TURN; i++) {
		ssize_t received;
		int available;

		if (options.asks && ioctl(stream->fd, FIONREAD, &available))
			trouble();
		received = recv(stream->fd, buffer, options.receive.max, 0);
		if (!received)
			return false;
		if (received < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return true;
			trouble();
			return false;
		}
		check_ends(stream, buffer, (size_t)received);
		stream->position += (uint64_t)received;
		tally->received += (uint64_t)received;
	}
	return true;
}

static bool accept_all(int listen_fd)
{
	streams = calloc(options.connections, sizeof(*streams));
	if (!streams)
		fail("out of memory");
	for (uint32_t i = 0; i < options.connections;) {
		if (!wait_for(listen_fd, POLLIN, 10000))
			return false;
		streams[i].fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		i += streams[i].fd >= 0;
	}
	return true;
}

static void receive_all(int listen_fd)
{
	uint8_t *buffer = malloc(options.receive.max);
	uint32_t open = options.connections;
	uint64_t grace = (uint64_t)(options.grace * NS_PER_S);
	struct epoll_event events[EVENTS];
	int epoll_fd;

	if (!buffer || !accept_all(listen_fd))
		return;
	epoll_fd = watch_all(EPOLLIN);
	while (open && !stopping && (!tally->ended_at || now_ns() < tally->ended_at + grace)) {
		int ready = epoll_wait(epoll_fd, events, EVENTS, 50);

		for (int i = 0; i < ready; i++) {
			struct stream *stream = &streams[events[i].data.u32];

			if (!receive_some(stream, buffer)) {
				close(stream->fd);
				open--;
			}
			look_at_clock(&tally->receiver, tally->received);
		}
	}
	if (tally->receiver.from && !tally->receiver.until)
		close_window(&tally->receiver, now_ns(), tally->received);
	tally->finished = !open;
}

/* A process that could not run meanwhile has seen nothing that it could tell. */
static bool window_is_whole(const struct window *window)
{
	return window->until > window->from;
}

static double cpu_share(const struct window *window)
{
	return window_is_whole(window) ? (double)(window->cpu_until - window->cpu_from) / (double)(window->until - window->from) : 0;
}

static bool report(void)
{
	const struct window *window = &tally->receiver;
	double seconds = (double)(window->until - window->from) / NS_PER_S;
	uint64_t bytes = window->bytes_until - window->bytes_from;

	printf("{\"program\":\"flood\",\"connections\":%u,\"seconds\":%.3f,\"gigabitsPerSecond\":%.4f,\"sent\":%lu,\"received\":%lu,",
	       options.connections, seconds, window_is_whole(window) ? (double)bytes * 8 / seconds / 1e9 : 0, tally->sent, tally->received);
	printf("\"messages\":%lu,\"senderCpu\":%.3f,\"receiverCpu\":%.3f,\"finished\":%s,", tally->messages,
	       cpu_share(&tally->sender), cpu_share(window), tally->finished ? "true" : "false");
	printf("\"wrong\":%lu,\"errors\":%lu,\"error\":\"%s\"}\n", tally->wrong, tally->errors,
	       tally->errors ? strerror(tally->error) : "");
	return tally->finished && window_is_whole(window) && tally->sent == tally->received && !tally->wrong && !tally->errors;
}

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "to", 't', "ADDRESS", 0, "where the sender connects, if not there", 0 },
	{ "connections", 'n', "N", 0, "connections at once (1)", 0 },
	{ "threads", 'j', "N", 0, "threads that send on each of them; with more than one no byte is checked (1)", 0 },
	{ "send", 'q', "BYTES", 0, "bytes a send (16384)", 0 },
	{ "receive", 'r', "BYTES", 0, "bytes a recv asks for (65536)", 0 },
	{ "ask", 'k', NULL, 0, "the receiver asks FIONREAD before each recv", 0 },
	{ "nodelay", 'g', NULL, 0, "set TCP_NODELAY", 0 },
	{ "cpu", 'u', "CPU", 0, "the sender runs on this CPU only", 0 },
	{ "peer-cpu", 'v', "CPU", 0, "the receiver runs on this CPU only", 0 },
	{ "seconds", 'd', "S", 0, "measure for so many seconds (1)", 0 },
	{ "warm-up", 'm', "S", 0, "seconds before these, which do not count (0.3)", 0 },
	{ "grace", 'x', "S", 0, "seconds after the end in which bytes may still come (3)", 0 },
	{ 0 },
};

static bool parse_size(const char *text, struct range *range)
{
	return range_parse(text, range) && range->min == range->max;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 'a': right = address_parse(argument, &options.address); break;
	case 't': right = options.has_target = address_parse(argument, &options.target); break;
	case 'n': right = (options.connections = (uint32_t)atoi(argument)) > 0; break;
	case 'j': right = (options.threads = (uint32_t)atoi(argument)) > 0; break;
	case 'q': right = parse_size(argument, &options.size); break;
	case 'r': right = parse_size(argument, &options.receive); break;
	case 'k': options.asks = true; break;
	case 'g': options.nodelay = true; break;
	case 'u': options.cpu = atoi(argument); break;
	case 'v': options.peer_cpu = atoi(argument); break;
	case 'd': right = (options.seconds = atof(argument)) > 0; break;
	case 'm': right = (options.warm_up = atof(argument)) >= 0; break;
	case 'x': right = (options.grace = atof(argument)) > 0; break;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = { argp_options, parse_option, NULL,
				   "One-way streams as fast as they go, for measuring.", NULL, NULL, NULL };
	pid_t receiver;
	int listen_fd;

	argp_err_exit_status = EXIT_USAGE;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	stop_on_signals();
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		fail("mmap");
	listen_fd = listen_at(&options.address, false);
	announce(&options.address);
	if (!options.has_target)
		options.target = options.address;
	receiver = fork();
	if (receiver < 0)
		fail("fork");
	if (!receiver) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		run_on_cpu(options.peer_cpu);
		receive_all(listen_fd);
		_exit(EXIT_RIGHT);
	}
	close(listen_fd);
	run_on_cpu(options.cpu);
	send_all();
	while (waitpid(receiver, NULL, 0) < 0 && errno == EINTR)
		;
	if (!address_is_tcp(&options.address))
		unlink(options.address.local.sun_path);
	return report() ? EXIT_RIGHT : EXIT_WRONG;
}
