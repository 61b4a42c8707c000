// SPDX-License-Identifier: GPL-2.0-only
// One-way and two-way streams of a pattern in which every byte is checked by its position, over one or many connections.
#include "flow.h"
#include "hello.h"
#include <argp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define GRACE_S 10

enum role { BOTH, SERVER, CLIENT };
enum { UP = 1, DOWN = 2 };

static struct {
	enum role role;
	struct address address;
	uint32_t connections, direction;
	struct range send_size, receive_size;
	enum waiting waiting;
	bool nodelay, half;
	double seconds;
	uint64_t bytes, rate, seed;
} options = {
	.connections = 1,
	.direction = UP,
	.send_size = { 16384, 16384 },
	.receive_size = { 65536, 65536 },
	.waiting = WAIT_EPOLL,
	.seconds = 60,
};

static struct flow_tally *tally;
/* TCP_NOTSENT_LOWAT of one of this process's sockets at its end, if it has one; 0 is the kernel's default. */
static atomic_int low_water_mark;
static uint64_t start;

struct connection {
	bool client;
	uint64_t number;
	pthread_t thread;
	atomic_bool peer_done;
	struct flow in, out;
};

static void on_hurry(int signal)
{
	(void)signal;
	hurrying = 1;
}

static void *run_sender(void *argument)
{
	send_flow(argument);
	return NULL;
}

static void *run_idle(void *argument)
{
	idle_flow(argument);
	return NULL;
}

/* The hello goes through the same blocking or non-blocking socket as everything after it. */
static bool greet(struct connection *connection, struct hello *hello)
{
	uint8_t *at = (uint8_t *)hello;
	int fd = connection->in.fd;

	for (size_t left = sizeof(*hello); left;) {
		ssize_t done = connection->client ? send(fd, at, left, MSG_NOSIGNAL) : recv(fd, at, left, 0);

		if (done > 0)
			at += done, left -= (size_t)done;
		else if (!done || (errno != EAGAIN && errno != EINTR))
			return false;
		else
			wait_for(fd, connection->client ? POLLOUT : POLLIN, FLOW_WAIT_MS);
	}
	return hello->magic == HELLO_MAGIC;
}

/* Of unsent bytes: what Sidestep lends itself on the bypass must be given back. */
static void note_low_water_mark(int fd)
{
	socklen_t size = sizeof(int);
	int mark = 0;

	if (!getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &mark, &size) && mark)
		atomic_store(&low_water_mark, mark);
}

/* The client decides when: the server goes on until it has seen the client's half-close. */
static void *run_connection(void *argument)
{
	struct connection *connection = argument;
	struct flow *in = &connection->in, *out = &connection->out;
	bool client = connection->client;
	struct hello hello = {
		.magic = HELLO_MAGIC,
		.seed = pattern_word(options.seed, connection->number),
		.flags = options.direction,
	};
	pthread_t sender;
	bool sends;

	if (options.nodelay)
		set_nodelay(in->fd, &options.address);
	if (!greet(connection, &hello)) {
		flow_trouble(in, EPROTO);
		close(in->fd);
		return NULL;
	}
	if (options.half && !client)
		shutdown(in->fd, SHUT_WR);
	*out = *in;
	out->size = options.send_size;
	in->size = options.receive_size;
	in->seed = client ? answer_seed(hello.seed) : hello.seed;
	out->seed = client ? hello.seed : answer_seed(hello.seed);
	out->bytes = options.bytes;
	out->rate = options.rate;
	out->until = start + (uint64_t)(options.seconds * NS_PER_S);
	sends = hello.flags & (client ? UP : DOWN);
	out->peer_done = client && sends ? NULL : &connection->peer_done;
	if (pthread_create(&sender, NULL, sends ? run_sender : run_idle, out))
		fail("pthread_create");
	receive_flow(in);
	atomic_store(&connection->peer_done, true);
	pthread_join(sender, NULL);
	note_low_water_mark(in->fd);
	close(in->fd);
	return NULL;
}

static void start_connection(struct connection *connection, int fd, bool client, uint64_t number)
{
	connection->client = client;
	connection->number = number;
	connection->in = (struct flow){ .fd = fd, .waiting = options.waiting, .tally = tally };
	if (pthread_create(&connection->thread, NULL, run_connection, connection))
		fail("pthread_create");
}

/* False when a connection did not come to its end in time. */
static bool join_all(struct connection *connections, uint32_t count)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += (time_t)options.seconds + GRACE_S;
	for (uint32_t i = 0; i < count; i++) {
		while (pthread_tryjoin_np(connections[i].thread, NULL) == EBUSY) {
			struct timespec now;

			clock_gettime(CLOCK_REALTIME, &now);
			if (now.tv_sec > deadline.tv_sec)
				return false;
			if (stopping && deadline.tv_sec > now.tv_sec + GRACE_S)
				deadline.tv_sec = now.tv_sec + GRACE_S;
			usleep(2000);
		}
	}
	return true;
}

static bool serve(int listen_fd)
{
	struct connection *connections = calloc(options.connections, sizeof(*connections));
	uint32_t count = 0;

	while (connections && count < options.connections && !stopping) {
		int fd;

		if (!wait_for(listen_fd, POLLIN, FLOW_WAIT_MS))
			continue;
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | (options.waiting == WAIT_BLOCKING ? 0 : SOCK_NONBLOCK));
		if (fd >= 0)
			start_connection(&connections[count++], fd, false, 0);
	}
	close(listen_fd);
	return join_all(connections, count);
}

static bool connect_all(void)
{
	struct connection *connections = calloc(options.connections, sizeof(*connections));

	for (uint32_t i = 0; connections && i < options.connections; i++)
		start_connection(&connections[i], connect_to(&options.address, options.waiting == WAIT_BLOCKING), true, i);
	return join_all(connections, options.connections);
}

/* Both ends in two processes that share their tally. The server's end tells by its exit status whether it finished. */
static bool run_both(int listen_fd)
{
	pid_t server = fork();
	bool finished;
	int status;

	if (server < 0)
		fail("fork");
	if (!server)
		_exit(serve(listen_fd) ? EXIT_RIGHT : EXIT_WRONG);
	close(listen_fd);
	finished = connect_all();
	if (!finished)
		kill(server, SIGTERM);
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	return finished && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_RIGHT;
}

static bool report(bool finished)
{
	double seconds = (double)(now_ns() - start) / NS_PER_S;
	bool lost = options.role == BOTH && tally->sent != tally->received;

	printf("{\"program\":\"stream\",\"connections\":%u,\"seconds\":%.3f,\"sent\":%lu,\"received\":%lu,\"gigabitsPerSecond\":%.3f,",
	       options.connections, seconds, tally->sent, tally->received, (double)tally->received * 8 / seconds / 1e9);
	printf("\"lowWaterMark\":%d,", low_water_mark);
	printf("\"wrong\":%lu,\"firstWrong\":%lu,\"longestGapMs\":%.2f,\"finished\":%s,\"errors\":%lu,\"error\":\"%s\"}\n",
	       tally->wrong, tally->first_wrong, (double)tally->longest_gap_ns / 1e6, finished ? "true" : "false",
	       tally->errors, tally->errors ? strerror(tally->error) : "");
	return finished && !lost && !tally->wrong && !tally->errors;
}

static const struct argp_option argp_options[] = {
	{ "server", 's', NULL, 0, "only the server's end", 0 },
	{ "client", 'c', NULL, 0, "only the client's end", 0 },
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "connections", 'n', "N", 0, "connections at once (1)", 0 },
	{ "direction", 'i', "up|down|both", 0, "who sends: the client, the server, or both at once (up)", 0 },
	{ "send", 'q', "SIZE", 0, "bytes a send: 64, or 1-65536 for random sizes (16384)", 0 },
	{ "receive", 'r', "SIZE", 0, "bytes a recv asks for (65536)", 0 },
	{ "wait", 'w', "blocking|poll|epoll", 0, "how a thread waits for its socket (epoll)", 0 },
	{ "nodelay", 'g', NULL, 0, "set TCP_NODELAY", 0 },
	{ "half", 'h', NULL, 0, "the server shuts its own direction down at once", 0 },
	{ "rate", 'l', "BYTES", 0, "at most so many bytes a second on each connection and direction, until SIGUSR1", 0 },
	{ "bytes", 'b', "N", 0, "stop after so many bytes on each connection and direction", 0 },
	{ "seconds", 'd', "S", 0, "stop after so many seconds, or on SIGTERM (60)", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static bool choose(const char *word, const char *const words[], size_t count, unsigned int *choice)
{
	for (*choice = 0; *choice < count; ++*choice)
		if (!strcmp(word, words[*choice]))
			return true;
	return false;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;
	unsigned int choice;

	switch (key) {
	case 's': options.role = SERVER; break;
	case 'c': options.role = CLIENT; break;
	case 'a': right = address_parse(argument, &options.address); break;
	case 'n': right = (options.connections = (uint32_t)atoi(argument)) > 0; break;
	case 'i':
		right = choose(argument, (const char *const[]){ "up", "down", "both" }, 3, &choice);
		options.direction = choice + 1;
		break;
	case 'q': right = range_parse(argument, &options.send_size); break;
	case 'r': right = range_parse(argument, &options.receive_size); break;
	case 'w':
		right = choose(argument, (const char *const[]){ "blocking", "poll", "epoll" }, 3, &choice);
		options.waiting = (enum waiting)choice;
		break;
	case 'g': options.nodelay = true; break;
	case 'h': options.half = true; break;
	case 'l': options.rate = strtoull(argument, NULL, 10); break;
	case 'b': options.bytes = strtoull(argument, NULL, 10); break;
	case 'd': right = (options.seconds = atof(argument)) > 0; break;
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
				   "Streams in which every byte is checked by its position.", NULL, NULL, NULL };
	int listen_fd = -1;
	bool finished;

	argp_err_exit_status = EXIT_USAGE;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.seed)
		options.seed = random_seed();
	stop_on_signals();
	signal(SIGUSR1, on_hurry);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		fail("mmap");
	if (options.role != CLIENT) {
		listen_fd = listen_at(&options.address, options.waiting == WAIT_BLOCKING);
		announce(&options.address);
	}
	start = now_ns();
	if (options.role == BOTH)
		finished = run_both(listen_fd);
	else
		finished = options.role == SERVER ? serve(listen_fd) : connect_all();
	if (options.role != CLIENT && !address_is_tcp(&options.address))
		unlink(options.address.local.sun_path);
	return report(finished) ? EXIT_RIGHT : EXIT_WRONG;
}
