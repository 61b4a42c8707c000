// SPDX-License-Identifier: GPL-2.0
/*
 * sidestep-probe OBJECT PROGRAMS CGROUP PROBE[:SUBJECT]...: makes the probes of the check-up, one after the other, each in a process of its
 * own, and says of each in one line of JSON what it has found. What a probe makes is gone with it, however it ends; only the scratch cgroup
 * and what was made in it is the caller's to remove.
 */
#include "kernel-side.h"
#include "probes.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often a probe may lose patience before it is ended. On an idle host none takes a second. */
#define MOST_WAITS 5
/* The one that asks for a lot: where memory is short the kernel looks for it, and that takes its time. */
#define MOST_WAITS_FOR_MEMORY 20

struct options options;

static const struct {
	const char *name;
	void (*make)(void);
} probes[] = {
	{ "btf", probe_btf },
	{ "order", probe_order },
	{ "accounting", probe_accounting },
	{ "peek", probe_peek },
	{ "fionread", probe_fionread },
	{ "low-water", probe_low_water },
	{ "splice", probe_splice },
	{ "blocking", probe_blocking },
	{ "calls", probe_calls },
	{ "namespaces", probe_namespaces },
	{ "late", probe_late },
	{ "open", probe_open },
	{ "errand", probe_errand },
	{ "reset", probe_reset },
	{ "programs", probe_programs },
	{ "visitors", probe_visitors },
	{ "functions", probe_functions },
	{ "memory", probe_memory },
	{ "jit", probe_jit },
	{ "pins", probe_pins },
	{ "unprivileged", probe_unprivileged },
	{ "tracepoints", probe_tracepoints },
	{ "ring", probe_ring },
	{ "trace", probe_trace },
};

/* Memory that runs short is the probe's to give back, not the daemon's. */
static void volunteer(void)
{
	int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, "1000", 4) != 4)
		trouble("ask to be ended first when memory runs short");
	close(file);
}

__attribute__((noreturn)) static void make(char *request)
{
	char *colon;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	options.probe = strdup(request);
	colon = strchr(request, ':');
	if (colon) {
		*colon = 0;
		options.subject = colon + 1;
	}
	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++)
		if (!strcmp(probes[i].name, request))
			probes[i].make();
	errno = ENOENT;
	trouble("find the probe");
}

/* A probe that hangs, or is ended by somebody else, has said nothing. */
static void wait_for(pid_t child, const char *request)
{
	int fd = syscall(SYS_pidfd_open, child, 0), status;
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	int waits = strncmp(request, "memory", strlen("memory")) ? MOST_WAITS : MOST_WAITS_FOR_MEMORY;
	bool in_time = fd < 0 || poll(&ended, 1, waits * patience_ms) > 0;

	if (!in_time)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("{\"probe\":\"%s\",\"trouble\":\"%s\",\"error\":\"%s\",\"log\":\"\"}\n", request,
		       in_time ? "end by itself" : "end in time", in_time ? "ECANCELED" : "ETIMEDOUT");
	fflush(stdout);
	close(fd);
}

int main(int argc, char **argv)
{
	uint64_t began;

	if (argc < 5) {
		fprintf(stderr, "usage: sidestep-probe OBJECT PROGRAMS CGROUP PROBE[:SUBJECT]...\n");
		return 2;
	}
	options = (struct options){ .object = argv[1], .programs = argv[2], .cgroup = argv[3], .probe = argv[4] };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	volunteer();
	capture_log();
	began = now_us();
	load_ahead();
	take_pace(now_us() - began);
	for (int i = 4; i < argc; i++) {
		if (!strncmp(argv[i], "programs", strlen("programs")) || !strcmp(argv[i], "visitors") || !strcmp(argv[i], "functions")) {
			verify_data_plane();
			break;
		}
	}
	for (int i = 4; i < argc; i++) {
		pid_t child = fork();

		if (child < 0)
			trouble("start a process");
		if (!child)
			make(argv[i]);
		wait_for(child, argv[i]);
	}
	return 0;
}
