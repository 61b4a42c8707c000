// SPDX-License-Identifier: GPL-2.0-only
// Many short connections, each of a few requests and answers in which every byte is checked by its position.
#include "shorts/client.h"
#include "shorts/server.h"
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static bool report(double seconds)
{
	bool all = tally->done == options.connections && tally->served == options.connections;

	printf("{\"program\":\"shorts\",\"connections\":%u,\"done\":%lu,\"served\":%lu,\"seconds\":%.3f,\"synData\":%lu,",
	       options.connections, tally->done, tally->served, seconds, tally->syn_data);
	printf("\"slowestMs\":%.1f,\"wrong\":%lu,\"errors\":%lu,\"error\":\"%s\"}\n", (double)tally->slowest_ns / 1e6,
	       tally->wrong, tally->errors, tally->errors ? strerror(tally->error) : "");
	return all && !tally->wrong && !tally->errors;
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
