/* SPDX-License-Identifier: GPL-2.0 */
/* Where probes are made: a network namespace and sockets that are gone with the process. */
#pragma once

#include "say.h"
#include <stddef.h>
#include <stdint.h>

/* One of those whose connections never take the bypass: a data plane that runs already leaves them alone. */
#define SCRATCH_PORT 23
/* Milliseconds until something that must happen is taken not to happen. */
extern int patience_ms;

/* Has more of it where a step that takes a tenth of a second on an idle host took so long: the host is busy, or emulated. */
void take_pace(uint64_t us);

struct pair {
	int client, server;
};

/* Puts the process into a network namespace of its own, with loopback up. Sockets that are open stay where they are. */
void enter_scratch_namespace(void);

/* Puts the process into a cgroup of its own, and answers with a descriptor of it. */
int enter_scratch_cgroup(void);

/* Two ends of one connection over loopback. */
struct pair connect_pair(bool blocking);

/* Sends everything, or is in trouble. */
void send_all(int fd, const void *bytes, size_t length);

/* Receives so much within patience_ms, and answers with what has come until then. */
size_t receive_some(int fd, void *bytes, size_t length);

/* What FIONREAD says. */
int bytes_waiting(int fd);

/* Whether poll says that there is something to read, at once or within so many milliseconds. */
bool is_readable(int fd, int ms);

/* Gives up all rights, or ends the process with NOT_NOBODY. */
#define NOT_NOBODY 255
void become_nobody(void);

/* Has the other threads and the kernel go on. */
void pause_briefly(void);

/* Of CLOCK_MONOTONIC. */
uint64_t now_us(void);
