/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "address.h"
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static inline void set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		fail("setsockopt %d of level %d", name, level);
}

static inline int open_socket(const struct address *address, bool blocking)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK);
	int fd = socket(address->any.sa_family, type, address->protocol);

	if (fd < 0)
		fail("socket");
	return fd;
}

/* Binds and, where the port was 0, writes the one that was given into the address. Accepts v4-mapped peers on [::]. */
static inline int bind_socket(struct address *address, bool blocking)
{
	int fd = open_socket(address, blocking);

	if (address->any.sa_family == AF_UNIX)
		unlink(address->local.sun_path);
	else
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (address->any.sa_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(fd, &address->any, address->length))
		fail("bind");
	if (address_is_tcp(address) && getsockname(fd, &address->any, &address->length))
		fail("getsockname");
	return fd;
}

static inline int listen_at(struct address *address, bool blocking)
{
	int fd = bind_socket(address, blocking);

	if (listen(fd, 1024))
		fail("listen");
	return fd;
}

/* Waits for the events or for trouble on the socket; false when the time is over. */
static inline bool wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd wait = { .fd = fd, .events = events };
	int ready;

	do
		ready = poll(&wait, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* The kernel draws no number where one has been written while the socket is under repair, and shakes hands as usual when the repair is over. */
static inline void begin_with(int fd, uint32_t isn)
{
	set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);
	set_option(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)isn);
	set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF);
}

static inline int connect_to(const struct address *address, bool blocking)
{
	int fd = open_socket(address, blocking);
	int error = 0;
	socklen_t length = sizeof(error);

	if (address->isn)
		begin_with(fd, address->isn);
	/* A full UNIX backlog answers EAGAIN and says nothing when there is room again. */
	for (int tries = 0; connect(fd, &address->any, address->length); tries++) {
		if (errno == EINPROGRESS)
			break;
		if (errno != EAGAIN || tries == 5000)
			fail("connect");
		usleep(1000);
	}
	if (!blocking && !wait_for(fd, POLLOUT, 10000))
		fail("connect: no answer in 10 s");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) || error) {
		errno = error;
		fail("connect");
	}
	return fd;
}

static inline void set_nodelay(int fd, const struct address *address)
{
	if (address_is_tcp(address))
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/* As many descriptors as this process may have without asking anybody. */
static inline void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		fail("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
}

/* For whoever started this program and waits for the port. */
static inline void announce(const struct address *address)
{
	printf("{\"listening\":%u}\n", address_port(address));
	fflush(stdout);
}

/* Listens on a port of loopback that the kernel chooses, and says which. */
static inline int listen_on_loopback(struct address *address)
{
	int listen_fd;

	address_parse("127.0.0.1:0", address);
	listen_fd = listen_at(address, true);
	announce(address);
	return listen_fd;
}

/* And connects with it. The client's socket; neither that nor the server's blocks. */
static inline int meet_on_loopback(struct address *address, int *listen_fd, int *server)
{
	int client;

	*listen_fd = listen_on_loopback(address);
	client = connect_to(address, false);
	*server = accept4(*listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (*server < 0)
		fail("accept");
	return client;
}
