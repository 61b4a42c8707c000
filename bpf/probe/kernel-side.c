// SPDX-License-Identifier: GPL-2.0
#include "kernel-side.h"
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_NAMES 8
#define AT_FUNCTION "fentry/"
/* At 0 functions are not patched, and attaching to one succeeds all the same. */
#define FUNCTION_TRACING "/proc/sys/kernel/ftrace_enabled"
#define TRACEPOINTS "/sys/kernel/tracing/events/syscalls/"

static const __u32 zero;

static bool is_named(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

struct bpf_object *load_only(struct bpf_object *object, const char *const *names)
{
	struct bpf_program *program;
	int error;

	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, is_named(names, bpf_program__name(program)));
	error = bpf_object__load(object);
	if (error)
		refuse(error, "load %s", *names ? *names : "the maps");
	return object;
}

static bool is_of(struct bpf_program *program, enum way way)
{
	return !strcmp(bpf_program__section_name(program), way == BY_FILES ? "iter/task_file" : "iter/bpf_sk_storage_map");
}

const struct bpf_insn nothing[INSTRUCTIONS_OF_NOTHING] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static bool functions_are_patched(void)
{
	FILE *file = fopen(FUNCTION_TRACING, "re");
	bool off = file && fgetc(file) == '0';

	if (file)
		fclose(file);
	return !off;
}

const char *function_of(struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return strncmp(section, AT_FUNCTION, strlen(AT_FUNCTION)) ? NULL : section + strlen(AT_FUNCTION);
}

/* A program that does nothing, loaded to be called at a function of the kernel: its descriptor, or a negative error. */
static int load_nothing(enum bpf_attach_type type, const char *function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = type);
	/* Kept, for to read them takes longer than to load anything: each probe has what was read before it was forked. */
	static struct btf *kernel_types;
	int id;

	if (!kernel_types)
		kernel_types = btf__load_vmlinux_btf();
	if (!kernel_types)
		return -errno;
	id = btf__find_by_name_kind(kernel_types, function, BTF_KIND_FUNC);
	if (id < 0)
		return id;
	load.attach_btf_id = id;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, INSTRUCTIONS_OF_NOTHING, &load);
}

int try_function(const char *name)
{
	int program, link;

	if (!functions_are_patched())
		return -EOPNOTSUPP;
	program = load_nothing(BPF_TRACE_FENTRY, name);
	if (program < 0)
		return program;
	link = bpf_link_create(program, 0, BPF_TRACE_FENTRY, NULL);
	close(program);
	if (link < 0)
		return link;
	close(link);
	return 0;
}

static bool fits(struct bpf_program *program, enum way way)
{
	const char *function = function_of(program);

	if (function)
		return !try_function(function);
	return !is_of(program, way == BY_FILES ? BY_STORAGE : BY_FILES);
}

int load_way(struct bpf_object *object, enum way way)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
		if (!fits(program, way))
			bpf_program__set_autoload(program, false);
	return bpf_object__load(object);
}

static struct bpf_object *open_own(void)
{
	struct bpf_object *object = bpf_object__open_file(options.object, NULL);

	if (!object)
		trouble("open %s", options.object);
	return object;
}

static struct bpf_object *loaded_ahead;
static enum way way;

/* `name` is that of an iterator by storage, or of another program. */
static struct bpf_program *find(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	char by_files[64];

	if (!is_of(program, BY_STORAGE) || way == BY_STORAGE)
		return program;
	snprintf(by_files, sizeof(by_files), "%s_files", name);
	return bpf_object__find_program_by_name(object, by_files);
}

static bool takes_iterator(const char *function)
{
	int program = load_nothing(BPF_TRACE_ITER, function);

	if (program < 0)
		return false;
	close(program);
	return true;
}

/* The one that the daemon goes. Where neither is possible, the first one is asked for, and what the kernel says to it is told. */
static enum way find_way(void)
{
	if (takes_iterator("bpf_iter_bpf_sk_storage_map"))
		return BY_STORAGE;
	return takes_iterator("bpf_iter_task_file") ? BY_FILES : BY_STORAGE;
}

void load_ahead(void)
{
	way = find_way();
	loaded_ahead = open_own();
	if (load_way(loaded_ahead, way)) {
		bpf_object__close(loaded_ahead);
		loaded_ahead = NULL;
	}
	forget_log();
}

enum way kernel_way(void)
{
	return way;
}

struct bpf_object *load_programs(const char *const *names)
{
	const char *chosen[MOST_NAMES + 1] = { NULL };
	struct bpf_object *object;

	if (loaded_ahead)
		return loaded_ahead;
	object = open_own();
	for (int i = 0; i < MOST_NAMES && names[i]; i++)
		chosen[i] = bpf_program__name(find(object, names[i]));
	return load_only(object, chosen);
}

struct bpf_object *load_program(const char *name)
{
	return load_programs((const char *[]){ name, NULL });
}

int program_fd(struct bpf_object *object, const char *name)
{
	return bpf_program__fd(find(object, name));
}

int map_fd(struct bpf_object *object, const char *name)
{
	return bpf_map__fd(bpf_object__find_map_by_name(object, name));
}

int attach_iterator(struct bpf_object *object, const char *name)
{
	union bpf_iter_link_info info = { .map.map_fd = map_fd(object, "marks") };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info, .iter_info_len = sizeof(info));
	bool by_storage = is_of(find(object, name), BY_STORAGE);
	int link = bpf_link_create(program_fd(object, name), 0, BPF_TRACE_ITER, by_storage ? &opts : NULL);

	if (link < 0)
		refuse(link, "attach the iterator %s", name);
	return link;
}

size_t run_iterator(int link, struct probe_look *into, size_t room)
{
	int fd = bpf_iter_create(link);
	ssize_t length;

	if (fd < 0)
		refuse(fd, "start an iterator");
	length = read(fd, into, room * sizeof(*into));
	if (length < 0)
		refuse(errno, "read an iterator");
	close(fd);
	return length / sizeof(*into);
}

void attach_sockops(struct bpf_object *object, int cgroup)
{
	struct probe_end none_yet = { .enrolled = 1, .lowat = 1 };
	struct probe_calls none = { .end = { none_yet, none_yet } };
	int link;

	if (bpf_map_update_elem(map_fd(object, "calls"), &zero, &none, BPF_ANY))
		trouble("write to an array map");
	link = bpf_link_create(program_fd(object, "probe_sockops"), cgroup, BPF_CGROUP_SOCK_OPS, NULL);
	if (link < 0)
		refuse(link, "attach a sock_ops program to a cgroup");
}

struct probe_calls read_calls(struct bpf_object *object)
{
	struct probe_calls seen;

	if (bpf_map_lookup_elem(map_fd(object, "calls"), &zero, &seen))
		trouble("read an array map");
	return seen;
}

void attach_tracepoint(struct bpf_object *object, const char *program, const char *tracepoint)
{
	struct perf_event_attr event = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(event) };
	char path[128];
	FILE *file;
	int fd, link;

	snprintf(path, sizeof(path), TRACEPOINTS "%s/id", tracepoint);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &event.config) != 1)
		refuse(errno, "find the tracepoint %s in tracefs", tracepoint);
	fclose(file);
	fd = syscall(SYS_perf_event_open, &event, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		refuse(errno, "open the tracepoint %s", tracepoint);
	link = bpf_link_create(program_fd(object, program), fd, BPF_PERF_EVENT, NULL);
	if (link < 0)
		refuse(link, "attach a program to the tracepoint %s", tracepoint);
}

void watch_own_calls(struct bpf_object *object)
{
	__u32 pid = getpid();
	__u64 none = 0;

	if (bpf_map_update_elem(map_fd(object, "passed"), &pid, &none, BPF_ANY))
		trouble("write to a hash map");
}

uint64_t calls_passed(struct bpf_object *object)
{
	__u32 pid = getpid();
	__u64 times = 0;

	if (bpf_map_lookup_elem(map_fd(object, "passed"), &pid, &times))
		trouble("read a hash map");
	return times;
}
