// SPDX-License-Identifier: GPL-2.0-only
// Many short connections, each of a few requests and answers in which every byte is checked by its position.
#include "clock.h"
#include "hello.h"
#include "stop.h"
#include "whole.h"
#include <argp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define FASTOPEN_QUEUE 1024
#define DEFER_SECONDS 5

#define BANNER_SEED 0x72656e6e6162ull
#define FLAG_HALF_CLOSE 1

static struct {
	struct address address, target;
	uint32_t connections, threads, turns, pause_ms, pieces, targets;
	struct range request, answer;
	bool blocking, defer_accept, fastopen, banner, half_close, nodelay, has_target;
	uint64_t seed;
} options = {
	.connections = 2000,
	.threads = 32,
	.turns = 1,
	.pieces = 1,
	.targets = 1,
	.request = { 64, 64 },
	.answer = { 64, 64 },
	.nodelay = true,
};

static struct tally {
	_Atomic uint64_t started, done, served, wrong, errors, syn_data, slowest_ns;
	_Atomic int error;
} *tally;

/* One connection as one of its ends sees it. */
struct visit {
	int fd;
	struct hello hello;
	uint64_t sent, received;
	uint8_t *buffer;
};

/* In several sends, as programs do that write a header and then a body: each may take another path than the one before. */
static bool send_in_pieces(const struct visit *visit, const uint8_t *bytes, size_t length)
{
	for (uint32_t left = options.pieces; left; left--) {
		size_t piece = left == 1 ? length : length / left;

		if (!send_whole(visit->fd, bytes, piece, options.blocking))
			return false;
		bytes += piece, length -= piece;
	}
	return true;
}

static bool send_message(struct visit *visit, uint64_t seed, uint32_t length)
{
	pattern_fill(visit->buffer, length, seed, visit->sent);
	visit->sent += length;
	return send_in_pieces(visit, visit->buffer, length);
}

static bool receive_message(struct visit *visit, uint64_t seed, uint32_t length)
{
	uint64_t first;

	if (!receive_whole(visit->fd, visit->buffer, length, options.blocking))
		return false;
	atomic_fetch_add(&tally->wrong, pattern_check(visit->buffer, length, seed, visit->received, &first));
	visit->received += length;
	return true;
}

static uint32_t request_size(const struct visit *visit, uint32_t turn)
{
	return range_draw(&visit->hello.request, visit->hello.seed, turn);
}

static uint32_t answer_size(const struct visit *visit, uint32_t turn)
{
	return range_draw(&visit->hello.answer, visit->hello.seed, turn);
}

/* Opens the connection with the hello and the first request, with TCP Fast Open already in the SYN. */
static bool open_with_request(struct visit *visit)
{
	uint32_t length = request_size(visit, 0);
	size_t whole = sizeof(visit->hello) + length;
	ssize_t sent;

	memcpy(visit->buffer, &visit->hello, sizeof(visit->hello));
	pattern_fill(visit->buffer + sizeof(visit->hello), length, visit->hello.seed, 0);
	visit->sent = length;
	if (!options.fastopen)
		return send_in_pieces(visit, visit->buffer, whole);
	sent = sendto(visit->fd, visit->buffer, options.pieces > 1 ? sizeof(visit->hello) : whole, MSG_FASTOPEN | MSG_NOSIGNAL, &options.target.any,
		      options.target.length);
	if (sent < 0 && errno != EINPROGRESS)
		return false;
	if (sent < 0)
		sent = 0;
	if (!options.blocking && !wait_for(visit->fd, POLLOUT, WHOLE_TIMEOUT_MS))
		return errno = ETIMEDOUT, false;
	return send_in_pieces(visit, visit->buffer + sent, whole - (size_t)sent);
}

static bool carried_syn_data(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) && (info.tcpi_options & TCPI_OPT_SYN_DATA);
}

/* A banner is a message of its own, from the server, before anything else. */
static bool receive_banner(struct visit *visit)
{
	uint64_t first;

	if (!receive_whole(visit->fd, visit->buffer, options.answer.max, options.blocking))
		return false;
	atomic_fetch_add(&tally->wrong, pattern_check(visit->buffer, options.answer.max, BANNER_SEED, 0, &first));
	return true;
}

static bool send_banner(struct visit *visit)
{
	pattern_fill(visit->buffer, options.answer.max, BANNER_SEED, 0);
	return send_whole(visit->fd, visit->buffer, options.answer.max, options.blocking);
}

static bool talk_as_client(struct visit *visit)
{
	const struct hello *hello = &visit->hello;
	bool half_close = hello->flags & FLAG_HALF_CLOSE;

	if (options.banner && !receive_banner(visit))
		return false;
	for (uint32_t turn = 0; turn < hello->turns; turn++) {
		if (turn && options.pause_ms)
			sleep_ns(options.pause_ms * NS_PER_MS);
		if (turn ? !send_message(visit, hello->seed, request_size(visit, turn)) : !open_with_request(visit))
			return false;
		if (half_close && turn + 1 == hello->turns && shutdown(visit->fd, SHUT_WR))
			return false;
		if (!receive_message(visit, answer_seed(hello->seed), answer_size(visit, turn)))
			return false;
	}
	if (options.fastopen && carried_syn_data(visit->fd))
		atomic_fetch_add(&tally->syn_data, 1);
	return half_close ? receive_end(visit->fd, options.blocking) : true;
}

static bool talk_as_server(struct visit *visit)
{
	struct hello *hello = &visit->hello;
	bool half_close;

	if (options.banner && !send_banner(visit))
		return false;
	if (!receive_whole(visit->fd, (uint8_t *)hello, sizeof(*hello), options.blocking))
		return false;
	if (hello->magic != HELLO_MAGIC)
		return errno = EPROTO, false;
	half_close = hello->flags & FLAG_HALF_CLOSE;
	for (uint32_t turn = 0; turn < hello->turns; turn++) {
		if (!receive_message(visit, hello->seed, request_size(visit, turn)))
			return false;
		if (half_close && turn + 1 == hello->turns && !receive_end(visit->fd, options.blocking))
			return false;
		if (!send_message(visit, answer_seed(hello->seed), answer_size(visit, turn)))
			return false;
	}
	return half_close || receive_end(visit->fd, options.blocking);
}

static void trouble(void)
{
	atomic_store(&tally->error, errno);
	atomic_fetch_add(&tally->errors, 1);
}

static void prepare(int fd)
{
	if (options.nodelay)
		set_nodelay(fd, &options.address);
	if (options.blocking)
		limit_blocking(fd);
}

static struct visit new_visit(void)
{
	uint32_t largest = options.request.max > options.answer.max ? options.request.max : options.answer.max;
	struct visit visit = { .fd = -1, .buffer = malloc(sizeof(struct hello) + largest) };

	if (!visit.buffer)
		fail("out of memory");
	return visit;
}

/* Each address has all local ports: with one alone, the search for a free one takes more time than the connection. */
static struct address target_of(uint64_t number)
{
	struct address target = options.target;

	if (options.targets > 1)
		target.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(number % options.targets));
	return target;
}

static void *run_client(void *unused)
{
	struct visit visit = new_visit();
	struct address target;
	uint64_t number;

	while (!stopping && (number = atomic_fetch_add(&tally->started, 1)) < options.connections) {
		uint64_t start = now_ns(), slowest = atomic_load(&tally->slowest_ns);

		visit.hello = (struct hello){ HELLO_MAGIC, pattern_word(options.seed, number), options.request,
					      options.answer, options.turns, options.half_close ? FLAG_HALF_CLOSE : 0 };
		visit.sent = visit.received = 0;
		target = target_of(number);
		visit.fd = options.fastopen ? open_socket(&target, options.blocking) : connect_to(&target, options.blocking);
		prepare(visit.fd);
		if (talk_as_client(&visit))
			atomic_fetch_add(&tally->done, 1);
		else
			trouble();
		close(visit.fd);
		while (now_ns() - start > slowest &&
		       !atomic_compare_exchange_weak(&tally->slowest_ns, &slowest, now_ns() - start))
			;
	}
	free(visit.buffer);
	return unused;
}

/* Ends with the process. Several threads wait for the listener, so an accept may find nothing. */
__attribute__((noreturn)) static void *run_server(void *listener)
{
	int listen_fd = *(int *)listener;
	struct visit visit = new_visit();

	for (;;) {
		wait_for(listen_fd, POLLIN, -1);
		visit.fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | (options.blocking ? 0 : SOCK_NONBLOCK));
		if (visit.fd < 0)
			continue;
		visit.sent = visit.received = 0;
		prepare(visit.fd);
		if (talk_as_server(&visit))
			atomic_fetch_add(&tally->served, 1);
		else
			trouble();
		close(visit.fd);
	}
}

static void start_threads(pthread_t *threads, void *(*run)(void *), void *argument)
{
	for (uint32_t i = 0; i < options.threads; i++)
		if (pthread_create(&threads[i], NULL, run, argument))
			fail("pthread_create");
}

/* Until the client says that it is done, and then until what it left behind has been read. */
static void serve(int listen_fd)
{
	pthread_t threads[options.threads];

	start_threads(threads, run_server, &listen_fd);
	while (!stopping)
		usleep(1000);
	for (uint64_t start = now_ns(); now_ns() - start < NS_PER_S && tally->served + tally->errors < tally->done;)
		usleep(1000);
}

static void visit_all(void)
{
	pthread_t threads[options.threads];

	start_threads(threads, run_client, NULL);
	for (uint32_t i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
}

static int listen_as_asked(void)
{
	int fd = listen_at(&options.address, options.blocking);

	if (options.defer_accept)
		set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS);
	if (options.fastopen)
		set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, FASTOPEN_QUEUE);
	return fd;
}

static bool report(double seconds)
{
	bool all = tally->done == options.connections && tally->served == options.connections;

	printf("{\"program\":\"shorts\",\"connections\":%u,\"done\":%lu,\"served\":%lu,\"seconds\":%.3f,\"synData\":%lu,",
	       options.connections, tally->done, tally->served, seconds, tally->syn_data);
	printf("\"slowestMs\":%.1f,\"wrong\":%lu,\"errors\":%lu,\"error\":\"%s\"}\n", (double)tally->slowest_ns / 1e6,
	       tally->wrong, tally->errors, tally->errors ? strerror(tally->error) : "");
	return all && !tally->wrong && !tally->errors;
}

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "to", 'o', "ADDRESS", 0, "where the client connects, if not there", 0 },
	{ "targets", 'm', "N", 0, "connect to 127.0.0.1 and so many minus one after it by turns; listen at 0.0.0.0 (1)", 0 },
	{ "connections", 'n', "N", 0, "how many altogether (2000)", 0 },
	{ "threads", 'j', "N", 0, "how many at once (32)", 0 },
	{ "turns", 't', "N", 0, "requests on each (1)", 0 },
	{ "pieces", 'p', "N", 0, "sends for each message (1)", 0 },
	{ "pause-ms", 'w', "MS", 0, "rest between an answer and the next request", 0 },
	{ "request", 'q', "SIZE", 0, "bytes: 64, or 1-65536 for random sizes", 0 },
	{ "answer", 'r', "SIZE", 0, "bytes", 0 },
	{ "blocking", 'b', NULL, 0, "use blocking sockets", 0 },
	{ "defer-accept", 'd', NULL, 0, "set TCP_DEFER_ACCEPT on the listener", 0 },
	{ "fastopen", 'f', NULL, 0, "send the first request in the SYN", 0 },
	{ "banner", 'g', NULL, 0, "the server speaks first", 0 },
	{ "half-close", 'h', NULL, 0, "the client half-closes before the last answer", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 'a': right = address_parse(argument, &options.address); break;
	case 'o': right = options.has_target = address_parse(argument, &options.target); break;
	case 'm': right = (options.targets = (uint32_t)atoi(argument)) > 0; break;
	case 'n': right = (options.connections = (uint32_t)atoi(argument)) > 0; break;
	case 'j': right = (options.threads = (uint32_t)atoi(argument)) > 0; break;
	case 't': right = (options.turns = (uint32_t)atoi(argument)) > 0; break;
	case 'p': right = (options.pieces = (uint32_t)atoi(argument)) > 0; break;
	case 'w': options.pause_ms = (uint32_t)atoi(argument); break;
	case 'q': right = range_parse(argument, &options.request); break;
	case 'r': right = range_parse(argument, &options.answer); break;
	case 'b': options.blocking = true; break;
	case 'd': options.defer_accept = true; break;
	case 'f': options.fastopen = true; break;
	case 'g': options.banner = true; break;
	case 'h': options.half_close = true; break;
	case 'e': options.seed = strtoull(argument, NULL, 0); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = { argp_options, parse_option, NULL,
				   "Many short connections in which every byte is checked.", NULL, NULL, NULL };
	uint64_t start;
	pid_t server;
	bool right;
	int listen_fd;

	argp_err_exit_status = EXIT_USAGE;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.seed)
		options.seed = random_seed();
	stop_on_signals();
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		fail("mmap");
	listen_fd = listen_as_asked();
	announce(&options.address);
	if (!options.has_target)
		options.target = options.address;
	start = now_ns();
	server = fork();
	if (server < 0)
		fail("fork");
	if (!server) {
		/* Whoever kills the client wants no server left that keeps its output open. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listen_fd);
		_exit(EXIT_RIGHT);
	}
	close(listen_fd);
	visit_all();
	kill(server, SIGTERM);
	while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
		;
	right = report((double)(now_ns() - start) / NS_PER_S);
	if (!address_is_tcp(&options.address))
		unlink(options.address.local.sun_path);
	return right ? EXIT_RIGHT : EXIT_WRONG;
}
