// SPDX-License-Identifier: GPL-2.0-only
// Requests and answers over non-blocking sockets and epoll: how many a second, how long each takes, every byte checked.
#include "cpu.h"
#include "end.h"
#include "stop.h"
#include <argp.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define REST_LOOK_NS (100 * NS_PER_MS)

enum role { BOTH, SERVER, CLIENT };

static struct {
	enum role role;
	struct address address, target;
	bool has_target, nodelay, zero_copy, mptcp;
	int cpu, peer_cpu, low_water;
	uint32_t connections, pipeline, pause_ms, active, rest_ms, isn;
	struct range request, answer;
	uint64_t count, seed;
	double seconds, warm_up, grace;
} options = {
	.cpu = -1,
	.peer_cpu = -1,
	.nodelay = true,
	.connections = 1,
	.active = UINT32_MAX,
	.rest_ms = 1000,
	.pipeline = 1,
	.request = { 64, 64 },
	.answer = { 64, 64 },
	.seconds = 1,
	.grace = 10,
};

static struct tally clients, servers;
static struct end **ends;
/* The warm-up is over since then, with so many exchanges. */
static uint64_t counting_since, counted_before, cpu_before;
static uint32_t end_count, open_ends;
static int epoll_fd, listen_fd = -1;

static void watch(int fd, void *who, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events, .data.ptr = who };

	if (epoll_ctl(epoll_fd, operation, fd, &event))
		fail("epoll_ctl");
}

static struct end *add_end(int fd, bool client)
{
	struct end *end = calloc(1, sizeof(*end));

	ends = realloc(ends, (end_count + 1) * sizeof(struct end *));
	if (!end || !ends)
		fail("out of memory");
	end->fd = fd;
	end->client = client;
	if (options.nodelay)
		set_nodelay(fd, &options.address);
	if (options.low_water)
		set_option(fd, SOL_SOCKET, SO_RCVLOWAT, options.low_water);
	if (options.zero_copy)
		set_option(fd, SOL_SOCKET, SO_ZEROCOPY, 1);
	watch(fd, end, EPOLLIN, EPOLL_CTL_ADD);
	ends[end_count++] = end;
	open_ends++;
	return end;
}

static bool accept_one(void)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		add_end(fd, false);
	return fd >= 0;
}

static void connect_one(uint32_t index)
{
	struct end *end = add_end(connect_to(options.has_target ? &options.target : &options.address, false), true);

	end->resting = index >= options.active;
	end->hello = (struct hello){
		.magic = HELLO_MAGIC,
		.seed = pattern_word(options.seed, index),
		.request = options.request,
		.answer = options.answer,
	};
	end_draw_out(end);
	end_draw_in(end);
}

static void close_end(struct end *end)
{
	close(end->fd);
	end->fd = -1;
	open_ends--;
}

static bool enough(void)
{
	return stopping || (options.count && counting_since && clients.exchanges - counted_before >= options.count);
}

/* From half of it to one and a half: those that opened together are not to speak together for ever. */
static uint64_t draw_rest_ms(const struct end *end)
{
	return options.rest_ms / 2 + 1 + pattern_word(end->hello.seed, end->in_index) % options.rest_ms;
}

static void next_requests(struct end *end)
{
	uint64_t pause_ms;

	if (enough()) {
		if (!end->in_flight)
			shutdown(end->fd, SHUT_WR);
		return;
	}
	pause_ms = end->resting ? draw_rest_ms(end) : options.pause_ms;
	if (pause_ms && end->in_index && !end->in_flight && !end->ready_at)
		end->ready_at = now_ns() + pause_ms * NS_PER_MS;
	if (end->ready_at > now_ns() || (pause_ms && end->in_flight))
		return;
	while (end->in_flight < options.pipeline)
		end_request(end);
}

static void serve(struct end *end, uint32_t events)
{
	struct tally *tally = end->client ? &clients : &servers;

	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		end_receive(end, tally);
	if (!end->finished && end->client)
		next_requests(end);
	bool full = end_flush(end, tally);
	if (end->finished)
		close_end(end);
	else if (full != !!(events & EPOLLOUT))
		watch(end->fd, end, full ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

/* Sends for the clients whose pause is over; milliseconds until the next one's is, or `longest`. */
static int wake_pausing(int longest)
{
	static uint64_t rested_at;
	uint64_t now = now_ns();
	bool look_at_resting = now - rested_at > REST_LOOK_NS;

	if (look_at_resting)
		rested_at = now;
	for (uint32_t i = 0; (options.pause_ms || options.rest_ms) && i < end_count; i++) {
		struct end *end = ends[i];

		/* They come last, and there are many of them. */
		if (end->resting && !look_at_resting)
			break;
		if (end->fd < 0 || !end->ready_at)
			continue;
		if (end->ready_at <= now || stopping)
			serve(end, 0);
		else if ((int)((end->ready_at - now) / NS_PER_MS) < longest)
			longest = (int)((end->ready_at - now) / NS_PER_MS) + 1;
	}
	return longest;
}

static bool over(void)
{
	return !open_ends && (options.role != SERVER || stopping);
}

static void forget_warm_up(void)
{
	cpu_before = cpu_ns();
	counted_before = clients.exchanges;
	memset(&clients.latency, 0, sizeof(clients.latency));
	counting_since = now_ns();
}

/* Returns when all connections have come to their end, or some time after the deadline when they have not. */
static void run(uint64_t warm_at, uint64_t deadline)
{
	uint64_t give_up = deadline + (uint64_t)(options.grace * NS_PER_S);
	bool asked_to_finish = false;
	struct epoll_event events[64];

	while (!over() && now_ns() < give_up) {
		int ready = epoll_wait(epoll_fd, events, 64, wake_pausing(50));

		for (int i = 0; i < ready; i++) {
			if (!events[i].data.ptr)
				accept_one();
			else
				serve(events[i].data.ptr, events[i].events);
		}
		/* As long as was asked, even where this process could not run when the warm-up was over. */
		if (!counting_since && now_ns() >= warm_at) {
			forget_warm_up();
			deadline = counting_since + (uint64_t)(options.seconds * NS_PER_S);
		}
		if (now_ns() >= deadline)
			stopping = 1;
		if (!enough() || asked_to_finish)
			continue;
		asked_to_finish = true;
		give_up = now_ns() + (uint64_t)(options.grace * NS_PER_S);
		for (uint32_t i = 0; i < end_count; i++)
			if (ends[i]->client && ends[i]->fd >= 0)
				next_requests(ends[i]);
	}
}

/* Gives the server's end a process of its own on its CPU; this one keeps the client's. */
static pid_t part(void)
{
	pid_t server = fork();

	if (server < 0)
		fail("fork");
	options.role = server ? CLIENT : SERVER;
	run_on_cpu(server ? options.cpu : options.peer_cpu);
	if (server)
		close(listen_fd);
	return server;
}

/* A server that has seen all its clients close is done; what it has to say is its exit status. */
static bool await_server(pid_t server)
{
	int status;

	kill(server, SIGTERM);
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_RIGHT;
}

static bool report(double seconds)
{
	uint64_t exchanges = options.role == SERVER ? servers.exchanges : clients.exchanges - counted_before;
	const struct latency *latency = &clients.latency;
	uint64_t wrong = clients.wrong + servers.wrong, errors = clients.errors + servers.errors, unfinished = 0;
	int error = clients.error ? clients.error : servers.error;

	for (uint32_t i = 0; i < end_count; i++)
		unfinished += ends[i]->fd >= 0 && (ends[i]->client || options.role == SERVER);
	printf("{\"program\":\"exchange\",\"connections\":%u,\"seconds\":%.3f,\"exchanges\":%lu,\"perSecond\":%.1f,",
	       end_count / (options.role == BOTH ? 2 : 1), seconds, exchanges,
	       (double)exchanges / seconds);
	printf("\"cpuUs\":%.3f,\"latencyUs\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f},",
	       exchanges ? (double)(cpu_ns() - cpu_before) / 1e3 / (double)exchanges : 0,
	       (double)latency_at(latency, .5) / 1e3, (double)latency_at(latency, .9) / 1e3,
	       (double)latency_at(latency, .99) / 1e3, (double)latency_at(latency, .999) / 1e3,
	       (double)latency->max / 1e3);
	printf("\"sent\":%lu,\"received\":%lu,\"wrong\":%lu,\"unfinished\":%lu,\"errors\":%lu,\"error\":\"%s\"}\n",
	       clients.sent + servers.sent, clients.received + servers.received, wrong, unfinished, errors,
	       errors ? strerror(error) : "");
	return !wrong && !errors && !unfinished;
}

static const struct argp_option argp_options[] = {
	{ "server", 's', NULL, 0, "only the server's end, until SIGTERM", 0 },
	{ "client", 'c', NULL, 0, "only the client's end", 0 },
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "to", 't', "ADDRESS", 0, "where the client connects, if not there", 0 },
	{ "connections", 'n', "N", 0, "connections at once (1)", 0 },
	{ "active", 'f', "N", 0, "only the first N connections are busy, the others rest (all)", 0 },
	{ "rest-ms", 'h', "MS", 0, "how long these rest between an answer and the next request, half more or less (1000)", 0 },
	{ "request", 'q', "SIZE", 0, "bytes: 64, or 1-65536 for random sizes", 0 },
	{ "answer", 'r', "SIZE", 0, "bytes", 0 },
	{ "pipeline", 'p', "N", 0, "requests under way on each connection (1)", 0 },
	{ "pause-ms", 'w', "MS", 0, "rest between an answer and the next request", 0 },
	{ "count", 'k', "N", 0, "stop after so many answers", 0 },
	{ "seconds", 'd', "S", 0, "stop after so many seconds (1)", 0 },
	{ "warm-up", 'm', "S", 0, "seconds before these, which do not count (0)", 0 },
	{ "grace", 'x', "S", 0, "seconds after the end in which answers may still come (10)", 0 },
	{ "cpu", 'u', "CPU", 0, "run on this CPU only", 0 },
	{ "peer-cpu", 'v', "CPU", 0, "give the server's end a process of its own on this CPU", 0 },
	{ "unchecked", 'y', NULL, 0, "compare no byte: for measuring large messages", 0 },
	{ "burst-every", 'b', "N", 0, "send every N-th request as a burst; a peer elsewhere must be told the same", 0 },
	{ "burst", 'o', "BYTES", 0, "length of a burst (1048576)", 0 },
	{ "piece", 'j', "BYTES", 0, "bytes of a burst in one send (4096)", 0 },
	{ "nagle", 'g', NULL, 0, "leave TCP_NODELAY off", 0 },
	{ "low-water", 'l', "BYTES", 0, "set SO_RCVLOWAT", 0 },
	{ "zero-copy", 'z', NULL, 0, "set SO_ZEROCOPY (and send as usual)", 0 },
	{ "mptcp", 'i', NULL, 0, "use Multipath TCP", 0 },
	{ "isn", 'I', "NUMBER", 0, "the sequence number that all connections of this client begin with (random)", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 's': options.role = SERVER; break;
	case 'c': options.role = CLIENT; break;
	case 'a': right = address_parse(argument, &options.address); break;
	case 't': right = options.has_target = address_parse(argument, &options.target); break;
	case 'n': right = (options.connections = (uint32_t)atoi(argument)) > 0; break;
	case 'h': right = (options.rest_ms = (uint32_t)atoi(argument)) > 0; break;
	case 'f': options.active = (uint32_t)atoi(argument); break;
	case 'q': right = range_parse(argument, &options.request); break;
	case 'r': right = range_parse(argument, &options.answer); break;
	case 'p':
		options.pipeline = (uint32_t)atoi(argument);
		right = options.pipeline > 0 && options.pipeline <= PIPELINE_LIMIT;
		break;
	case 'w': options.pause_ms = (uint32_t)atoi(argument); break;
	case 'k': options.count = strtoull(argument, NULL, 10); break;
	case 'd': right = (options.seconds = atof(argument)) > 0; break;
	case 'm': right = (options.warm_up = atof(argument)) >= 0; break;
	case 'x': right = (options.grace = atof(argument)) > 0; break;
	case 'u': options.cpu = atoi(argument); break;
	case 'v': options.peer_cpu = atoi(argument); break;
	case 'y': end_style.unchecked = true; break;
	case 'b': right = (end_style.burst_every = (uint32_t)atoi(argument)) > 0; break;
	case 'o': right = (end_style.burst_bytes = (uint32_t)atoi(argument)) > 0; break;
	case 'j':
		end_style.burst_piece = (uint32_t)atoi(argument);
		right = end_style.burst_piece > 0 && end_style.burst_piece <= sizeof(end_buffer);
		break;
	case 'g': options.nodelay = false; break;
	case 'l': right = (options.low_water = atoi(argument)) > 0; break;
	case 'z': options.zero_copy = true; break;
	case 'i': options.mptcp = true; break;
	case 'I': right = (options.isn = (uint32_t)strtoul(argument, NULL, 0)) > 0; break;
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
				   "Requests and answers over non-blocking sockets and epoll.", NULL, NULL, NULL };
	uint64_t start, warm_at;
	pid_t server = 0;
	bool right;

	argp_err_exit_status = EXIT_USAGE;
	end_style.burst_bytes = 1 << 20;
	end_style.burst_piece = 4096;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.seed)
		options.seed = random_seed();
	if (options.mptcp)
		options.address.protocol = options.target.protocol = IPPROTO_MPTCP;
	options.address.isn = options.target.isn = options.isn;
	run_on_cpu(options.cpu);
	raise_descriptor_limit();
	stop_on_signals();
	if (options.role != CLIENT) {
		listen_fd = listen_at(&options.address, false);
		announce(&options.address);
	}
	if (options.peer_cpu >= 0 && options.role == BOTH)
		server = part();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (options.role != CLIENT)
		watch(listen_fd, NULL, EPOLLIN, EPOLL_CTL_ADD);
	if (options.has_target && !address_port(&options.target))
		options.target.v4.sin_port = htons(address_port(&options.address));
	for (uint32_t i = 0; options.role != SERVER && i < options.connections; i++) {
		connect_one(i);
		while (options.role == BOTH && end_count % 2)
			if (!accept_one() && wait_for(listen_fd, POLLIN, 1000))
				continue;
	}
	start = now_ns();
	if (!options.warm_up)
		forget_warm_up();
	for (uint32_t i = 0; i < end_count; i++)
		if (ends[i]->client)
			serve(ends[i], 0);
	warm_at = start + (uint64_t)(options.warm_up * NS_PER_S);
	run(warm_at, warm_at + (uint64_t)(options.seconds * NS_PER_S));
	if (options.role == SERVER && options.peer_cpu >= 0)
		_exit(servers.wrong || servers.errors ? EXIT_WRONG : EXIT_RIGHT);
	right = report((double)(now_ns() - (counting_since ? counting_since : start)) / NS_PER_S);
	right &= !server || await_server(server);
	if (options.role != CLIENT && !address_is_tcp(&options.address))
		unlink(options.address.local.sun_path);
	return right ? EXIT_RIGHT : EXIT_WRONG;
}
