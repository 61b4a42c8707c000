/* SPDX-License-Identifier: GPL-2.0 */
/* The programs in the kernel: loaded, attached, asked. */
#pragma once

#include "probe.h"
#include "scratch.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/*
 * Loads all of the probe's own programs at once, which takes a kernel that is as it should be a tenth of the time. Where that fails, every
 * probe loads its own.
 */
void load_ahead(void);

/* Loads those of `object` that are named, the last being null, and no other. Refuses when the kernel does. */
struct bpf_object *load_only(struct bpf_object *object, const char *const *names);

/* The same, of the probe's own programs. */
struct bpf_object *load_programs(const char *const *names);

/* For programs of which one is enough. */
struct bpf_object *load_program(const char *name);

int program_fd(struct bpf_object *object, const char *name);
int map_fd(struct bpf_object *object, const char *name);

/* An iterator over what carries a mark, or, without `marked`, over what it is made for. */
int attach_iterator(struct bpf_object *object, const char *name, bool marked);

/* Runs it once; answers with how many it has written, at most `room`. */
size_t run_iterator(int link, struct probe_look *into, size_t room);

/* Attached to the cgroup until the process ends. */
void attach_sockops(struct bpf_object *object, int cgroup);

/* Where the programs note what they were called for. */
struct probe_calls read_calls(struct bpf_object *object);

/* Attached to a tracepoint of system calls until the process ends. */
void attach_tracepoint(struct bpf_object *object, const char *program, const char *tracepoint);
/* Tracepoint programs look at this process from now on. */
void watch_own_calls(struct bpf_object *object);
uint64_t calls_passed(struct bpf_object *object);
