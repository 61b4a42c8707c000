/* SPDX-License-Identifier: GPL-2.0 */
/* The programs in the kernel: loaded, attached, asked. */
#pragma once

#include "probe.h"
#include "scratch.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* How iterators come by sockets: ../visit.bpf.h. */
enum way {
	BY_STORAGE,
	BY_FILES,
};

/* Loads all of `object` but for the iterators of the other way, and for what is called at functions where none can be. Zero, or a negative error. */
int load_way(struct bpf_object *object, enum way way);

/* The function of the kernel at which a program is to be called, or NULL. */
const char *function_of(struct bpf_program *program);

/* Whether a program can be called at a function of the kernel, tried with one that does nothing: zero, or the kernel's negative error. */
int try_function(const char *name);

/* Of any program type. */
#define INSTRUCTIONS_OF_NOTHING 2
extern const struct bpf_insn nothing[INSTRUCTIONS_OF_NOTHING];

/*
 * Loads all of the probe's own programs at once, which takes a kernel that is as it should be a tenth of the time. Where that fails, every
 * probe loads its own.
 */
void load_ahead(void);

/* The way that this kernel takes; known once everything was loaded ahead. */
enum way kernel_way(void);

/* Loads those of `object` that are named, the last being null, and no other. Refuses when the kernel does. */
struct bpf_object *load_only(struct bpf_object *object, const char *const *names);

/* The same, of the probe's own programs. */
struct bpf_object *load_programs(const char *const *names);

/* For programs of which one is enough. */
struct bpf_object *load_program(const char *name);

int program_fd(struct bpf_object *object, const char *name);
int map_fd(struct bpf_object *object, const char *name);

/* One that visits what carries a mark does so in the way that this kernel takes. */
int attach_iterator(struct bpf_object *object, const char *name);

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
