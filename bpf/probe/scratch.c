// SPDX-License-Identifier: GPL-2.0
#include "scratch.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

int patience_ms = 2000;

void take_pace(uint64_t us)
{
	if (us / 100 > (uint64_t)patience_ms)
		patience_ms = us / 100;
}

void enter_scratch_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET))
		trouble("make a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	request.ifr_flags = IFF_UP;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		trouble("switch loopback on in the scratch network namespace");
	close(fd);
}

int enter_scratch_cgroup(void)
{
	char path[PATH_MAX];
	int folder, file;

	snprintf(path, sizeof(path), "%s/%s", options.cgroup, options.probe);
	if (mkdir(path, 0700))
		trouble("make a scratch cgroup");
	folder = open(path, O_DIRECTORY | O_CLOEXEC);
	file = openat(folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, "0", 1) != 1)
		trouble("enter the scratch cgroup");
	close(file);
	return folder;
}

static void set_nodelay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		trouble("set TCP_NODELAY");
}

static void set_nonblocking(int fd)
{
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		trouble("set O_NONBLOCK");
}

struct pair connect_pair(bool blocking)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(SCRATCH_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct pair pair;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(listener, (void *)&address, sizeof(address)) || listen(listener, 1))
		trouble("listen in the scratch network namespace");
	pair.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair.client < 0 || connect(pair.client, (void *)&address, sizeof(address)))
		trouble("connect in the scratch network namespace");
	pair.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (pair.server < 0)
		trouble("accept in the scratch network namespace");
	close(listener);
	set_nodelay(pair.client);
	set_nodelay(pair.server);
	if (!blocking) {
		set_nonblocking(pair.client);
		set_nonblocking(pair.server);
	}
	return pair;
}

void send_all(int fd, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t end = now_us() + patience_ms * 1000;

	while (length) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			at += sent;
			length -= sent;
		} else if (errno != EAGAIN || now_us() > end) {
			trouble("send on a scratch socket");
		}
	}
}

size_t receive_some(int fd, void *bytes, size_t length)
{
	uint8_t *at = bytes;
	size_t left = length;

	while (left && is_readable(fd, patience_ms)) {
		ssize_t received = recv(fd, at, left, MSG_DONTWAIT);

		if (received == 0 || (received < 0 && errno != EAGAIN))
			break;
		if (received > 0) {
			at += received;
			left -= received;
		}
	}
	return length - left;
}

int bytes_waiting(int fd)
{
	int bytes = -1;

	if (ioctl(fd, FIONREAD, &bytes))
		trouble("ask FIONREAD");
	return bytes;
}

bool is_readable(int fd, int ms)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	return poll(&waiting, 1, ms) > 0 && waiting.revents & POLLIN;
}

void become_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		_exit(NOT_NOBODY);
}

void pause_briefly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
}

uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}
