// SPDX-License-Identifier: GPL-2.0
#include "kernel-side.h"
#include "probes.h"
#include <sys/socket.h>
#include <unistd.h>

#define MOST_EXCHANGES 200

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static void exchange(struct pair pair)
{
	uint8_t bytes[64] = { 0 };

	send_all(pair.client, bytes, sizeof(bytes));
	receive_some(pair.server, bytes, sizeof(bytes));
	send_all(pair.server, bytes, sizeof(bytes));
	receive_some(pair.client, bytes, sizeof(bytes));
}

static bool was_called_for_all(struct bpf_object *object)
{
	struct probe_calls seen = read_calls(object);

	return seen.end[0].transmitted && seen.end[1].transmitted && seen.end[0].round_trips && seen.end[1].round_trips;
}

static bool saw_both_close(struct bpf_object *object)
{
	struct probe_calls seen = read_calls(object);

	return seen.end[0].closed && seen.end[1].closed;
}

void probe_calls(void)
{
	struct bpf_object *object = load_program("probe_sockops");
	const struct probe_end *client, *server;
	struct probe_calls seen;
	struct pair pair;
	__u32 pid = getpid();

	enter_scratch_namespace();
	attach_sockops(object, enter_scratch_cgroup());
	pair = connect_pair(false);
	for (int i = 0; i < MOST_EXCHANGES && !was_called_for_all(object); i++)
		exchange(pair);
	close(pair.client);
	close(pair.server);
	for (int i = 0; i < patience_ms && !saw_both_close(object); i++)
		pause_briefly();
	seen = read_calls(object);
	client = &seen.end[PROBE_CLIENT];
	server = &seen.end[PROBE_SERVER];
	tell("\"listen\":%s,\"connect\":%s,\"syn\":%s,\"established\":[%u,%u],\"transmitted\":[%u,%u],\"roundTrips\":[%u,%u],"
	     "\"closed\":[%u,%u],\"enrolled\":[%d,%d],\"lowat\":[%d,%d],\"client\":[%u,%u],\"server\":[%u,%u]",
	     server->pid == pid ? "true" : "false", client->pid == pid ? "true" : "false",
	     seen.syn && seen.syn == seen.isn ? "true" : "false", client->established, server->established,
	     client->transmitted, server->transmitted, client->round_trips, server->round_trips, client->closed,
	     server->closed, client->enrolled, server->enrolled, client->lowat, server->lowat, client->sent, client->received,
	     server->sent, server->received);
}

static uint64_t own_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		trouble("ask for SO_NETNS_COOKIE");
	return cookie;
}

void probe_namespaces(void)
{
	struct bpf_object *object = load_program("probe_sockops");
	uint64_t seen[2], told[2];

	attach_sockops(object, enter_scratch_cgroup());
	for (int i = 0; i < 2; i++) {
		struct pair pair;

		enter_scratch_namespace();
		pair = connect_pair(false);
		seen[i] = read_calls(object).end[PROBE_CLIENT].netns;
		told[i] = own_cookie(pair.client);
	}
	tell("\"seen\":[%lu,%lu],\"told\":[%lu,%lu]", seen[0], seen[1], told[0], told[1]);
}
