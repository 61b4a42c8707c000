// SPDX-License-Identifier: GPL-2.0
#include "enrolled.h"
#include <errno.h>
#include <unistd.h>

#define ROOM 64

__u64 key_of(enum probe_side side)
{
	return (__u64)getpid() << 1 | side;
}

static void mark(struct bpf_object *object, int fd, enum probe_side side)
{
	struct probe_mark mark = { .own = key_of(side), .target = key_of(!side) };
	int error = bpf_map_update_elem(map_fd(object, "marks"), &fd, &mark, BPF_NOEXIST);

	if (error)
		refuse(error, "put storage into a socket");
}

static void put(struct bpf_object *object, int fd, enum probe_side side)
{
	__u64 key = key_of(side), value = fd;
	int error = bpf_map_update_elem(map_fd(object, "sockets"), &key, &value, BPF_NOEXIST);

	if (error)
		refuse(error, "put a socket into a map of sockets");
}

struct enrolled mark_pair(struct bpf_object *object, struct pair pair)
{
	mark(object, pair.client, PROBE_CLIENT);
	mark(object, pair.server, PROBE_SERVER);
	return (struct enrolled){ pair, object, attach_iterator(object, "probe_look") };
}

struct bpf_object *load_verdict(const char *another)
{
	struct bpf_object *object = load_programs((const char *[]){ "probe_verdict", "probe_look", another, NULL });
	int error = bpf_prog_attach(program_fd(object, "probe_verdict"), map_fd(object, "sockets"), BPF_SK_MSG_VERDICT, 0);

	if (error)
		refuse(error, "attach a verdict to a map of sockets");
	return object;
}

struct enrolled enrol_pair(bool blocking)
{
	struct bpf_object *object = load_verdict(NULL);
	struct enrolled enrolled;

	enter_scratch_namespace();
	enrolled = mark_pair(object, connect_pair(blocking));
	enrol(&enrolled);
	choose_path(object, PROBE_REDIRECT);
	return enrolled;
}

void enrol(struct enrolled *enrolled)
{
	put(enrolled->object, enrolled->pair.client, PROBE_CLIENT);
	put(enrolled->object, enrolled->pair.server, PROBE_SERVER);
}

void choose_path(struct bpf_object *object, enum probe_path path)
{
	__u32 zero = 0, wanted = path;

	if (bpf_map_update_elem(map_fd(object, "path"), &zero, &wanted, BPF_ANY))
		trouble("write to an array map");
}

struct probe_look look_at(const struct enrolled *enrolled, enum probe_side side)
{
	struct probe_look looks[ROOM];
	size_t count = run_iterator(enrolled->look, looks, ROOM);

	for (size_t i = 0; i < count; i++)
		if (looks[i].key == key_of(side))
			return looks[i];
	refuse(ENOENT, "have an iterator visit a socket that carries storage");
}

struct count count_own(int link)
{
	struct probe_look looks[ROOM];
	size_t written = run_iterator(link, looks, ROOM);
	struct count count = { 0 };

	for (size_t i = 0; i < written; i++) {
		if (looks[i].key >> 1 != (__u64)getpid())
			continue;
		count.visited++;
		if (looks[i].result)
			count.error = looks[i].result;
		else
			count.done++;
	}
	return count;
}
