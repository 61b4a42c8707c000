// SPDX-License-Identifier: GPL-2.0
#include "enrolled.h"
#include "probes.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 1000

void probe_late(void)
{
	struct bpf_object *object = load_programs(
		(const char *[]){ "probe_verdict", "probe_look", "probe_enrol", "probe_release", NULL });
	int error = bpf_prog_attach(program_fd(object, "probe_verdict"), map_fd(object, "sockets"), BPF_SK_MSG_VERDICT, 0);
	struct count enrolled, released;
	uint8_t bytes[BYTES] = { 0 };
	struct enrolled marked;
	bool redirected;
	size_t plain;

	if (error)
		refuse(error, "attach a verdict to a map of sockets");
	enter_scratch_namespace();
	marked = mark_pair(object, connect_pair(false));
	/* The iterator must reach them from another network namespace. */
	enter_scratch_namespace();
	choose_path(object, PROBE_REDIRECT);
	enrolled = count_own(attach_iterator(object, "probe_enrol"));
	send_all(marked.pair.client, bytes, sizeof(bytes));
	redirected = look_at(&marked, PROBE_SERVER).holds_messages;
	receive_some(marked.pair.server, bytes, sizeof(bytes));
	released = count_own(attach_iterator(object, "probe_release"));
	send_all(marked.pair.client, bytes, sizeof(bytes));
	plain = receive_some(marked.pair.server, bytes, sizeof(bytes));
	tell("\"visited\":%zu,\"enrolled\":%zu,\"redirected\":%s,\"released\":%zu,\"plain\":%s", enrolled.visited, enrolled.done,
	     redirected ? "true" : "false", released.done, plain == sizeof(bytes) ? "true" : "false");
}

void probe_open(void)
{
	struct bpf_object *object =
		load_programs((const char *[]){ "probe_survey", "probe_sockops", "probe_look", NULL });
	uint8_t bytes[BYTES] = { 0 };
	struct probe_calls seen;
	struct enrolled marked;
	struct count set;
	int cgroup;

	enter_scratch_namespace();
	cgroup = enter_scratch_cgroup();
	/* Open before the program is there. */
	marked = mark_pair(object, connect_pair(false));
	attach_sockops(object, cgroup);
	set = count_own(attach_iterator(object, "probe_survey"));
	send_all(marked.pair.client, bytes, sizeof(bytes));
	receive_some(marked.pair.server, bytes, sizeof(bytes));
	seen = read_calls(object);
	tell("\"visited\":%zu,\"set\":%zu,\"error\":%d,\"called\":%u", set.visited, set.done, set.error,
	     seen.end[PROBE_CLIENT].transmitted);
}

/* Whether one has come within so many milliseconds. */
static bool has_edge(int epoll, int ms)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, ms) > 0;
}

void probe_errand(void)
{
	struct bpf_object *object = load_programs((const char *[]){ "probe_errand", "probe_look", NULL });
	struct epoll_event at_edges = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC), mark = 0;
	socklen_t size = sizeof(mark);
	uint8_t bytes[BYTES] = { 0 };
	struct enrolled marked;
	struct count done;

	enter_scratch_namespace();
	marked = mark_pair(object, connect_pair(false));
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, marked.pair.server, &at_edges))
		trouble("wait for a scratch socket");
	send_all(marked.pair.client, bytes, sizeof(bytes));
	if (!has_edge(epoll, patience_ms) || has_edge(epoll, 0))
		trouble("see one edge for one message");
	done = count_own(attach_iterator(object, "probe_errand"));
	if (getsockopt(marked.pair.server, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &mark, &size))
		trouble("ask for TCP_NOTSENT_LOWAT");
	tell("\"visited\":%zu,\"done\":%zu,\"error\":%d,\"signalled\":%s,\"lowat\":%d", done.visited, done.done, done.error,
	     has_edge(epoll, 0) ? "true" : "false", mark);
}

/* A process of another user that has one end and does nothing with it. */
static pid_t start_owner(struct pair *pair)
{
	pid_t child;
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		trouble("make a pipe");
	child = fork();
	if (child < 0)
		trouble("start a process");
	if (!child) {
		close(pair->client);
		become_nobody();
		/* Afterwards: another user's process is asked again. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	close(pair->server);
	if (read(ready[0], &byte, 1) != 1)
		trouble("become another user");
	return child;
}

void probe_reset(void)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int process, copy, error = 0;
	struct pair pair;
	pid_t owner;
	bool reset;
	char byte;

	enter_scratch_namespace();
	pair = connect_pair(false);
	owner = start_owner(&pair);
	process = syscall(SYS_pidfd_open, owner, 0);
	copy = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, pair.server, 0);
	if (copy < 0 || connect(copy, &nowhere, sizeof(nowhere)))
		error = errno;
	close(copy);
	reset = !error && is_readable(pair.client, patience_ms) && recv(pair.client, &byte, 1, 0) < 0 && errno == ECONNRESET;
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	tell("\"error\":%d,\"reset\":%s", error, reset ? "true" : "false");
}
