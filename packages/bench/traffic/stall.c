// SPDX-License-Identifier: GPL-2.0-only
// A reader that stops reading: how much its sender can still send before it is held up, and whether all of it arrives afterwards.
#include "hidden.h"
#include "stall/reader.h"
#include "stall/sender.h"
#include <sys/mman.h>
#include <sys/wait.h>

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
