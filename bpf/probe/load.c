// SPDX-License-Identifier: GPL-2.0
#include "kernel-side.h"
#include "probes.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BTF "/sys/kernel/btf/vmlinux"
#define SMALL 1024
#define SMALL_RING 65536
#define LEAST_WAITING 16384
#define LOOK "iter/task"

void probe_btf(void)
{
	uint16_t magic = 0;
	off_t size;
	int file = open(BTF, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		refuse(errno, "open " BTF);
	if (read(file, &magic, sizeof(magic)) != sizeof(magic) || magic != BTF_MAGIC)
		refuse(EINVAL, "find BTF in " BTF);
	size = lseek(file, 0, SEEK_END);
	tell("\"bytes\":%ld", size);
}

static struct bpf_object *open_data_plane(void)
{
	struct bpf_object *object = bpf_object__open_file(options.programs, NULL);

	if (!object)
		trouble("open %s", options.programs);
	return object;
}

/* Verification is the same, and making the maps costs nothing. */
static void shrink_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		__u32 small = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ? SMALL_RING : SMALL;

		if (bpf_map__max_entries(map) > small)
			bpf_map__set_max_entries(map, small);
	}
}

/* It passes as a whole on a kernel that is as it should be; only where it does not, it matters which of its programs does not. */
static bool passed_as_a_whole;

void verify_data_plane(void)
{
	struct bpf_object *object = open_data_plane();

	shrink_maps(object);
	passed_as_a_whole = !load_way(object, kernel_way());
	bpf_object__close(object);
	forget_log();
}

static void verify(const char *name)
{
	struct bpf_object *object;

	if (passed_as_a_whole)
		return;
	object = open_data_plane();
	shrink_maps(object);
	bpf_object__close(load_only(object, (const char *[]){ name, NULL }));
}

/* How many there are of one kind. Refuses with the first that the kernel does not take. */
static int verify_each(const char *section)
{
	struct bpf_object *names = open_data_plane();
	struct bpf_program *program;
	int count = 0;

	bpf_object__for_each_program(program, names) {
		const char *end = bpf_program__section_name(program) + strlen(section);

		if (strncmp(bpf_program__section_name(program), section, strlen(section)) || (*end && *end != '/'))
			continue;
		verify(bpf_program__name(program));
		count++;
	}
	return count;
}

/* The data plane's own programs of one kind. */
void probe_programs(void)
{
	tell("\"programs\":%d", verify_each(options.subject));
}

/* Those that visit all our sockets, in the way that this kernel takes, and all our records. */
void probe_visitors(void)
{
	bool by_files = kernel_way() == BY_FILES;
	int visitors = verify_each(by_files ? "iter/task_file" : "iter/bpf_sk_storage_map");

	tell("\"programs\":%d,\"files\":%s", visitors + verify_each(LOOK), by_files ? "true" : "false");
}

/* Those that are called at functions of the kernel instead of system calls. */
void probe_functions(void)
{
	struct bpf_object *names = open_data_plane();
	struct bpf_program *program;

	bpf_object__for_each_program(program, names) {
		const char *function = function_of(program);
		int error = function ? try_function(function) : 0;

		if (error)
			refuse(error, "have a program called at %s", function);
	}
	tell("\"programs\":%d", verify_each("fentry"));
}

/* What a map takes, as the kernel accounts for it. */
static uint64_t bytes_of(struct bpf_map *map)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %lu", &bytes) == 1)
			break;
	if (file)
		fclose(file);
	return bytes;
}

/* As the daemon does when it is told to. */
static void make_room(struct bpf_object *object, __u32 connections)
{
	__u32 waiting = connections < LEAST_WAITING ? LEAST_WAITING : connections;

	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "connections"), connections);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "free_slots"), connections);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "socks"), 2 * connections);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "syns"), waiting);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "pending"), waiting);
}

/* The data plane's own maps, as large as they are to be. */
void probe_memory(void)
{
	struct bpf_object *object = open_data_plane();
	uint64_t bytes = 0;
	struct bpf_map *map;
	__u32 maps = 0;

	if (options.subject)
		make_room(object, strtoul(options.subject, NULL, 10));
	load_only(object, (const char *[]){ NULL });
	bpf_object__for_each_map(map, object) {
		bytes += bytes_of(map);
		maps++;
	}
	tell("\"maps\":%u,\"bytes\":%lu,\"connections\":%u", maps, bytes,
	     bpf_map__max_entries(bpf_object__find_map_by_name(object, "connections")));
}

void probe_jit(void)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	struct bpf_object *object = load_program("probe_verdict");

	if (bpf_obj_get_info_by_fd(program_fd(object, "probe_verdict"), &info, &size))
		trouble("ask about a program");
	tell("\"translated\":%u,\"compiled\":%u", info.xlated_prog_len, info.jited_prog_len);
}

static void pin(int fd, const char *path)
{
	int error = bpf_obj_pin(fd, path);

	if (error)
		refuse(error, "pin %s", path + sizeof("/tmp"));
}

static int open_pin(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd < 0)
		refuse(fd, "open the pinned %s", path + sizeof("/tmp"));
	return fd;
}

/* On a bpf file system that nobody else sees. */
void probe_pins(void)
{
	struct bpf_object *object = load_programs((const char *[]){ "probe_verdict", "probe_look", NULL });
	int iterator = attach_iterator(object, "probe_look");
	struct probe_look looks[1];

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		trouble("make a mount namespace");
	if (mount("bpf", "/tmp", "bpf", 0, "mode=0700"))
		refuse(errno, "mount a bpf file system");
	pin(map_fd(object, "sockets"), "/tmp/map");
	pin(program_fd(object, "probe_verdict"), "/tmp/program");
	pin(iterator, "/tmp/link");
	close(iterator);
	bpf_object__close(object);
	open_pin("/tmp/map");
	open_pin("/tmp/program");
	tell("\"visited\":%zu", run_iterator(open_pin("/tmp/link"), looks, 1));
}

static int try_to_load(void)
{
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uint64_t)nothing,
		.insn_cnt = INSTRUCTIONS_OF_NOTHING,
		.license = (uint64_t) "GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes)) < 0 ? errno : 0;
}

/* Whether a user without any right may load a program. */
void probe_unprivileged(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		become_nobody();
		_exit(try_to_load());
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == NOT_NOBODY)
		trouble("become another user");
	tell("\"error\":%d", WEXITSTATUS(status));
}
