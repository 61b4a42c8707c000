// SPDX-License-Identifier: GPL-2.0
#include "enrolled.h"
#include "probes.h"

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
	enrolled = count_own(attach_iterator(object, "probe_enrol", true));
	send_all(marked.pair.client, bytes, sizeof(bytes));
	redirected = look_at(&marked, PROBE_SERVER).holds_messages;
	receive_some(marked.pair.server, bytes, sizeof(bytes));
	released = count_own(attach_iterator(object, "probe_release", true));
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
	set = count_own(attach_iterator(object, "probe_survey", false));
	send_all(marked.pair.client, bytes, sizeof(bytes));
	receive_some(marked.pair.server, bytes, sizeof(bytes));
	seen = read_calls(object);
	tell("\"visited\":%zu,\"set\":%zu,\"error\":%d,\"called\":%u", set.visited, set.done, set.error,
	     seen.end[PROBE_CLIENT].transmitted);
}
