// SPDX-License-Identifier: GPL-2.0
#include "kernel-side.h"
#include "probes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS 10
#define TRIES 5

static void ask_something(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		trouble("make a pipe");
	bytes_waiting(ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void splice_nothing(void)
{
	int one[2], other[2];

	if (pipe2(one, O_CLOEXEC | O_NONBLOCK) || pipe2(other, O_CLOEXEC | O_NONBLOCK))
		trouble("make a pipe");
	splice(one[0], NULL, other[1], NULL, 1, SPLICE_F_NONBLOCK);
}

void probe_tracepoints(void)
{
	struct bpf_object *object = load_programs((const char *[]){ "probe_ioctl", "probe_splice", NULL });
	uint64_t asked, spliced;

	attach_tracepoint(object, "probe_ioctl", "sys_enter_ioctl");
	attach_tracepoint(object, "probe_splice", "sys_enter_splice");
	watch_own_calls(object);
	ask_something();
	asked = calls_passed(object);
	splice_nothing();
	spliced = calls_passed(object) - asked;
	tell("\"ioctl\":%lu,\"splice\":%lu", asked, spliced);
}

static int count_record(void *count, void *data, size_t size)
{
	(void)data;
	(void)size;
	(*(int *)count)++;
	return 0;
}

void probe_ring(void)
{
	struct bpf_object *object = load_program("probe_ring");
	struct ring_buffer *ring;
	int count = 0;

	attach_tracepoint(object, "probe_ring", "sys_enter_ioctl");
	watch_own_calls(object);
	ring = ring_buffer__new(map_fd(object, "ring"), count_record, &count, NULL);
	if (!ring)
		refuse(errno, "map a ring buffer");
	for (int i = 0; i < RECORDS; i++)
		ask_something();
	ring_buffer__consume(ring);
	tell("\"sent\":%d,\"received\":%d", RECORDS, count);
}

static char instance[96];

static void remove_instance(void)
{
	rmdir(instance);
}

/* A daemon that starts at this moment may take the instance for a left-over, as long as nobody reads it. */
static int open_pipe(void)
{
	char path[160];
	int enable, pipe = -1;

	for (int i = 0; i < TRIES && pipe < 0; i++) {
		if (mkdir(instance, 0700) && errno != EEXIST)
			refuse(errno, "make a tracefs instance");
		snprintf(path, sizeof(path), "%s/events/bpf_trace/bpf_trace_printk/enable", instance);
		enable = open(path, O_WRONLY | O_CLOEXEC);
		if (enable < 0 || write(enable, "1", 1) != 1)
			continue;
		close(enable);
		snprintf(path, sizeof(path), "%s/trace_pipe", instance);
		pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	if (pipe < 0)
		refuse(errno, "read a tracefs instance");
	return pipe;
}

void probe_trace(void)
{
	struct bpf_object *object = load_program("probe_printk");
	char lines[4096], own[32];
	ssize_t length = 0;
	int pipe;

	snprintf(instance, sizeof(instance), "/sys/kernel/tracing/instances/sidestep-check-up-%d", getppid());
	snprintf(own, sizeof(own), "check-up, process %d", getpid());
	atexit(remove_instance);
	pipe = open_pipe();
	attach_tracepoint(object, "probe_printk", "sys_enter_ioctl");
	watch_own_calls(object);
	ask_something();
	for (int i = 0; i < patience_ms && length <= 0; i++) {
		length = read(pipe, lines, sizeof(lines) - 1);
		if (length <= 0)
			pause_briefly();
	}
	lines[length > 0 ? length : 0] = 0;
	close(pipe);
	tell("\"line\":%s", strstr(lines, own) ? "true" : "false");
}
