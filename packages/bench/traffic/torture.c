// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many connections, each after a plan of its own that a seed and its number give: sizes, pauses, options, ways to wait, to send and to
 * receive, and to end. Both ends compare every byte by its position. The first thing that is wrong is told, and ends the run.
 */
#include "stop.h"
#include "hello.h"
#include "torture/server.h"
#include "torture/watch.h"
#include <argp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LOOK_MS 20
#define LATE_S 30
#define WATCH_EVERY 25
#define LOOK_AT_FAILURE_MS 8000

static struct {
	struct address address, target;
	bool has_target, kill, may_wake;
	const char *netns[2];
	struct habits habits;
	uint32_t threads;
	uint64_t limit, seed;
	double seconds, slow;
	int nice;
} options = { .threads = 8, .limit = UINT64_MAX, .seconds = 10, .slow = 1, .nice = 19 };

static pid_t children[2];

static void enter(const char *netns)
{
	char path[256];
	int fd;

	if (!netns)
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail("network namespace %s", netns);
	close(fd);
}

static void be_server(void)
{
	struct host host = { .habits = &options.habits };
	pthread_t thread;

	host.listen_fd = listen_at(&board->address, false);
	board->listening = true;
	/* Threads of clients that were killed may still be served. */
	for (uint32_t i = 0; i < 2 * options.threads; i++)
		if (pthread_create(&thread, NULL, serve_again_and_again, &host))
			fail("pthread_create");
	for (;;)
		pause();
}

static void be_client(void)
{
	struct visitor visitors[SLOTS];
	pthread_t threads[SLOTS];

	for (uint32_t i = 0; i < options.threads; i++) {
		visitors[i] = (struct visitor){ i, options.has_target ? &options.target : &board->address, &options.habits,
						options.limit };
		if (pthread_create(&threads[i], NULL, visit_again_and_again, &visitors[i]))
			fail("pthread_create");
	}
	for (uint32_t i = 0; i < options.threads; i++)
		pthread_join(threads[i], NULL);
	_exit(EXIT_RIGHT);
}

static void start(enum side side)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_IGN);
		enter(options.netns[side]);
		if (side == SERVER)
			be_server();
		be_client();
	}
	children[side] = pid;
	while (side == SERVER && !board->listening) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			fail("the server did not start");
		sleep_ns(NS_PER_MS);
	}
}

static void end_child(enum side side)
{
	if (!children[side])
		return;
	kill(children[side], SIGKILL);
	while (waitpid(children[side], NULL, 0) < 0 && errno == EINTR)
		;
	children[side] = 0;
}

/* Whether it has ended by itself, and how. */
static bool has_ended(enum side side, int *status)
{
	if (waitpid(children[side], status, WNOHANG) != children[side])
		return false;
	children[side] = 0;
	return true;
}

static bool anybody_busy(enum side survivor)
{
	if (survivor == SERVER && board->serving)
		return true;
	for (uint32_t i = 0; i < SLOTS; i++)
		if (board->slots[i].busy[survivor])
			return true;
	return false;
}

/* In the middle of whatever it does. The other process has to see the end of each connection, and keep what it got. */
static void kill_and_replace(enum side side)
{
	atomic_fetch_add(&board->generation, 1);
	if (side == SERVER)
		board->listening = false;
	end_child(side);
	for (uint32_t i = 0; i < SLOTS; i++)
		board->slots[i].busy[side] = false;
	if (side == SERVER)
		board->serving = 0;
	for (int quiet = 0; quiet < 5 && !board->failed; sleep_ns(LOOK_MS * NS_PER_MS / 4)) {
		quiet = anybody_busy(!side) ? 0 : quiet + 1;
		watch_slots(&options.habits);
	}
	memset(board->slot_of_port, 0, sizeof(board->slot_of_port));
	board->kills++;
	start(side);
	board->go = board->generation;
}

/* True when the clients are through; false after a failure. */
static bool torture(void)
{
	uint64_t end = now_ns() + (uint64_t)(options.seconds * 1e9), next_kill = 0;
	struct dice dice = { .seed = options.seed ^ 0xdead };

	for (uint32_t looks = 0; !board->failed; looks++) {
		int status;

		if (stopping || now_ns() > end)
			board->stopping = true;
		if (has_ended(CLIENT, &status))
			return !status;
		if (has_ended(SERVER, &status))
			return false;
		if (looks % WATCH_EVERY == 0)
			watch_slots(&options.habits);
		if (options.kill && !board->stopping && now_ns() > next_kill) {
			if (next_kill)
				kill_and_replace(dice_below(&dice, 2));
			next_kill = now_ns() + (uint64_t)(options.slow * (double)(500 + dice_below(&dice, 2500)) * 1e6);
		}
		sleep_ns(LOOK_MS * NS_PER_MS);
	}
	return false;
}

static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

/* Whoever started this may want to look at the connection that failed: it stays open until SIGTERM, or for a while. */
static void show_failure(void)
{
	while (board->failed == 1)
		sleep_ns(NS_PER_MS);
	printf("{\"failed\":true,\"clientPort\":%u}\n", board->failure_port);
	fflush(stdout);
	for (int i = 0; i < LOOK_AT_FAILURE_MS / LOOK_MS && !stopping; i++)
		sleep_ns(LOOK_MS * NS_PER_MS);
}

static void report(bool right, double seconds)
{
	printf("{\"program\":\"torture\",\"seed\":\"%lu\",\"seconds\":%.3f,\"connections\":%lu,\"cut\":%lu,\"bytes\":%lu,",
	       options.seed, seconds, board->connections, board->cut, board->bytes);
	printf("\"kills\":%lu,\"oddAgain\":%lu,\"longestGapMs\":%.1f,\"right\":%s,\"failure\":\"", board->kills, board->odd_again,
	       (double)board->longest_gap_ns / 1e6, right ? "true" : "false");
	print_escaped(board->failure);
	printf("\"}\n");
}

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0; port 0 lets the kernel choose", 0 },
	{ "to", 'o', "ADDRESS", 0, "where the clients connect, if not there", 0 },
	{ "client-netns", 'c', "NAME", 0, "network namespace of the clients", 0 },
	{ "server-netns", 's', "NAME", 0, "network namespace of the server", 0 },
	{ "threads", 'j', "N", 0, "connections at once (8, at most 64); every other one is short", 0 },
	{ "seconds", 't', "S", 0, "no new connections after that (10)", 0 },
	{ "connections", 'n', "N", 0, "only those with a number below this", 0 },
	{ "ask", 'q', NULL, 0, "half of the ends ask FIONREAD", 0 },
	{ "splice", 'p', NULL, 0, "half of the ends splice what they receive", 0 },
	{ "kill", 'k', NULL, 0, "kill one of the two processes now and then", 0 },
	{ "may-wake", 'm', NULL, 0, "calls that block may answer EAGAIN, or less than they were to wait for", 0 },
	{ "slow", 'l', "N", 0, "so many times as long until bytes are late, and a process is killed (1)", 0 },
	{ "nice", 'i', "N", 0, "how far it stands back for others, from 0 to 19 (19)", 0 },
	{ "seed", 'e', "SEED", 0, "of the plans (random)", 0 },
	{ "show", 'w', "NUMBER", 0, "print the plan of this connection, and do nothing", 0 },
	{ 0 },
};

static void show(uint64_t number)
{
	struct plan plan = plan_make(options.seed, number, &options.habits);

	plan_print(stdout, &plan);
	exit(EXIT_RIGHT);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	static const char *shown;
	bool right = true;

	switch (key) {
	case 'a': right = address_parse(argument, &options.address); break;
	case 'o': right = options.has_target = address_parse(argument, &options.target); break;
	case 'c': options.netns[CLIENT] = argument; break;
	case 's': options.netns[SERVER] = argument; break;
	case 'j':
		options.threads = (uint32_t)atoi(argument);
		right = options.threads > 0 && options.threads <= SLOTS;
		break;
	case 't': right = (options.seconds = atof(argument)) > 0; break;
	case 'n': right = (options.limit = strtoull(argument, NULL, 10)) > 0; break;
	case 'l': right = (options.slow = atof(argument)) > 0; break;
	case 'i':
		options.nice = atoi(argument);
		right = options.nice >= 0 && options.nice <= 19;
		break;
	case 'q': options.habits.ask = true; break;
	case 'p': options.habits.splice = true; break;
	case 'k': options.kill = true; break;
	case 'm': options.may_wake = true; break;
	case 'e': options.seed = strtoull(argument, NULL, 0); break;
	case 'w': shown = argument; break;
	case ARGP_KEY_END:
		if (shown)
			show(strtoull(shown, NULL, 10));
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = { argp_options, parse_option, NULL,
				   "Connections of every kind at once, in which every byte is checked.", NULL, NULL, NULL };
	uint64_t begin;
	bool right;

	argp_err_exit_status = EXIT_USAGE;
	address_parse("127.0.0.1:0", &options.address);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.seed)
		options.seed = random_seed();
	stop_on_signals();
	/* It takes all the CPU there is; whoever looks after the machine goes first. */
	errno = 0;
	if (nice(options.nice) < 0 && errno)
		fail("nice");
	board_make();
	board->may_wake = options.may_wake;
	board->seed = options.seed;
	board->late_ns = (uint64_t)(options.slow * LATE_S * 1e9);
	board->address = options.address;
	start(SERVER);
	announce(&board->address);
	begin = now_ns();
	start(CLIENT);
	right = torture() && !board->failed;
	if (board->failed)
		show_failure();
	end_child(CLIENT);
	end_child(SERVER);
	report(right, (double)(now_ns() - begin) / NS_PER_S);
	return right ? EXIT_RIGHT : EXIT_WRONG;
}
