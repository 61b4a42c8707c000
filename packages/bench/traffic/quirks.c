// SPDX-License-Identifier: GPL-2.0-only
/*
 * Things that programs do with sockets on rare days. Each case says what the calls answered, so that the answers with and without
 * acceleration can be compared. Both ends live in this process; turns go on until SIGUSR1, then the case is tried.
 */
#include "changes.h"
#include "corking.h"
#include "endings.h"
#include "large-writes.h"
#include "overtaking.h"
#include "readers.h"
#include "sharing.h"
#include "slow-page.h"
#include <argp.h>

static struct {
	struct address address;
	const char *name;
} options;

static void send_after_shutdown(int client, int server)
{
	note("shutdown", shutdown(client, SHUT_WR));
	settle();
	try_to_receive(server);
	try_to_send(client);
	try_to_receive(server);
	try_to_send(server);
	try_to_receive(client);
}

static void send_to_one_that_shut_down(int client, int server)
{
	note("shutdown", shutdown(server, SHUT_RDWR));
	settle();
	for (int i = 0; i < 3; i++)
		try_to_send(client);
	try_to_receive(server);
}

static void send_to_one_that_closed(int client, int server)
{
	try_to_send(client);
	note("close", close(server));
	settle();
	for (int i = 0; i < 3; i++)
		try_to_send(client);
	try_to_receive(client);
}

/* TCP keeps the urgent byte apart from the others. */
static void send_an_urgent_byte(int client, int server)
{
	uint8_t byte = 0;

	note("send", send(client, "before", 6, MSG_NOSIGNAL));
	note("send urgent", send(client, "!", 1, MSG_NOSIGNAL | MSG_OOB));
	note("send", send(client, "after", 5, MSG_NOSIGNAL));
	settle();
	note("recv urgent", recv(server, &byte, 1, MSG_OOB));
	note("is urgent", byte == '!');
	receive_rest(server);
}

/* Unread bytes of the first connection must not be read on the second. */
static void use_a_socket_again(int client, int server)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct address other = options.address;
	int listen_fd, second;
	uint8_t bytes[256];
	ssize_t length;

	address_parse("127.0.0.1:0", &other);
	listen_fd = listen_at(&other, true);
	note("send", send(server, "first connection", 16, MSG_NOSIGNAL));
	settle();
	note("disconnect", connect(client, &nowhere, sizeof(nowhere)));
	if (connect(client, &other.any, other.length) && errno != EINPROGRESS)
		fail("connect");
	second = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	note("send", send(second, "second", 6, MSG_NOSIGNAL));
	settle();
	length = recv(client, bytes, sizeof(bytes), 0);
	note("recv", length);
	note("of the second", length == 6 && !memcmp(bytes, "second", 6));
}

struct late_send {
	struct slow_page page;
	int fd;
	ssize_t sent;
};

static void *send_late(void *argument)
{
	struct late_send *late = argument;

	late->sent = send(late->fd, late->page.bytes, 16, MSG_NOSIGNAL);
	return NULL;
}

/* A send on the first connection that ends when its peer's socket has long had a second one: nobody may read it there. */
static void use_a_socket_again_in_mid_send(int client, int server)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct late_send late = { .fd = server };
	struct address other = options.address;
	int listen_fd, second;
	pthread_t thread;

	address_parse("127.0.0.1:0", &other);
	listen_fd = listen_at(&other, true);
	slow_page_open(&late.page);
	if (pthread_create(&thread, NULL, send_late, &late))
		fail("pthread_create");
	slow_page_wait(&late.page);
	note("disconnect", connect(client, &nowhere, sizeof(nowhere)));
	if (connect(client, &other.any, other.length) && errno != EINPROGRESS)
		fail("connect");
	second = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	take_turns(client, second);
	slow_page_fill(&late.page, "first connection");
	pthread_join(thread, NULL);
	settle();
	note("send", late.sent);
	try_to_receive(client);
	note("send", send(second, "second", 6, MSG_NOSIGNAL));
	settle();
	try_to_receive(client);
}

/* Until SIGUSR1 both sockets are locked by a send that waits for its bytes. */
static void stand_still(int client, int server)
{
	struct late_send late[] = { { .fd = client }, { .fd = server } };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++) {
		slow_page_open(&late[i].page);
		if (pthread_create(&threads[i], NULL, send_late, &late[i]))
			fail("pthread_create");
		slow_page_wait(&late[i].page);
	}
	wait_until_told();
	for (int i = 0; i < 2; i++) {
		slow_page_fill(&late[i].page, "as much as it is");
		pthread_join(threads[i], NULL);
	}
	try_to_receive(client);
	try_to_receive(server);
}

static const struct {
	const char *name;
	void (*try)(int one, int other);
	/* The first socket is the server's. */
	bool from_server;
} cases[] = {
	{ "send-after-shutdown", send_after_shutdown, false },
	{ "peer-shut-down", send_to_one_that_shut_down, false },
	{ "peer-closed", send_to_one_that_closed, false },
	{ "use-again", use_a_socket_again, false },
	{ "more-to-come", say_that_more_is_to_come, false },
	{ "use-again-in-mid-send", use_a_socket_again_in_mid_send, false },
	{ "shut-down-in-mid-send", shut_down_in_mid_send, false },
	{ "full-in-mid-send", send_into_a_full_queue, false },
	{ "full-in-mid-stream", stream_into_a_full_queue, false },
	{ "full-again-and-again", fill_again_and_again, false },
	{ "send-after-waiting", send_after_waiting, false },
	{ "stay-behind", stay_behind, false },
	{ "stand-still", stand_still, false },
	{ "urgent-byte", send_an_urgent_byte, false },
	{ "client-sets-low-water", set_a_low_water_mark, false },
	{ "server-sets-low-water", set_a_low_water_mark, true },
	{ "client-becomes-blocking", become_blocking, false },
	{ "server-becomes-blocking", become_blocking, true },
	{ "client-becomes-non-blocking-while-asleep", become_non_blocking_while_asleep, true },
	{ "server-becomes-non-blocking-while-asleep", become_non_blocking_while_asleep, false },
	{ "client-sends-zero-copy", send_zero_copy, false },
	{ "server-sends-zero-copy", send_zero_copy, true },
	{ "client-half-closes", half_close, false },
	{ "server-half-closes", half_close, true },
	{ "both-half-close", half_close_both, false },
	{ "client-closes-in-flight", close_in_flight, false },
	{ "server-closes-in-flight", close_in_flight, true },
	{ "client-resets-in-flight", reset_in_flight, false },
	{ "server-resets-in-flight", reset_in_flight, true },
	{ "client-closes-in-flight-both-ways", close_in_flight_both_ways, false },
	{ "server-closes-in-flight-both-ways", close_in_flight_both_ways, true },
	{ "client-resets-in-flight-both-ways", reset_in_flight_both_ways, false },
	{ "server-resets-in-flight-both-ways", reset_in_flight_both_ways, true },
	{ "client-stops-reading", stop_reading, false },
	{ "server-stops-reading", stop_reading, true },
	{ "shut-down-while-sending", shut_down_while_sending, false },
	{ "child-takes-over", hand_to_a_child, false },
	{ "child-shares", share_with_a_child, false },
	{ "pass-descriptor", pass_to_another_process, false },
	{ "peer-killed", be_killed, false },
	{ "two-writers", write_from_two_threads, false },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	if (key == 'c')
		options.name = argument;
	else if (key == 'n')
		told = told_at_once = true;
	else if (key == ARGP_KEY_END && !options.name)
		argp_error(state, "name a case");
	else
		return key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{ "case", 'c', "NAME", 0, "the name of a case, as in the table in the source", 0 },
		{ "now", 'n', NULL, 0, "try it at once, not at SIGUSR1", 0 },
		{ 0 },
	};
	const struct argp argp = { argp_options, parse_option, NULL, "What rare calls answer.", NULL, NULL, NULL };
	struct sigaction on_usr1 = { .sa_handler = on_told };
	int listen_fd, client, server;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	stop_on_signals();
	sigaction(SIGUSR1, &on_usr1, NULL);
	client = meet_on_loopback(&options.address, &listen_fd, &server);
	set_nodelay(client, &options.address);
	set_nodelay(server, &options.address);
	take_turns(client, server);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!strcmp(cases[i].name, options.name)) {
			cases[i].try(cases[i].from_server ? server : client, cases[i].from_server ? client : server);
			printf("{\"program\":\"quirks\",\"outcome\":\"%s\"}\n", outcome);
			return EXIT_RIGHT;
		}
	}
	fail("there is no case %s", options.name);
}
