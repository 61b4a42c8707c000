/* SPDX-License-Identifier: GPL-2.0 */
/* Two ends of a connection in a map of sockets, with a verdict that redirects or passes as it is told. */
#pragma once

#include "kernel-side.h"

/* In the map and in the marks. Sockets of an earlier probe may live on for a moment, and have others. */
__u64 key_of(enum probe_side side);

struct enrolled {
	struct pair pair;
	struct bpf_object *object;
	int look;	/* an iterator over both ends */
};

/* Both ends carry their marks, and neither is in the map yet. */
struct enrolled mark_pair(struct bpf_object *object, struct pair pair);

/* Loads the verdict, makes a connection in a scratch namespace, and enrols both ends. */
struct enrolled enrol_pair(bool blocking);

/* What the iterator says of one end; refuses when it has not visited it. */
struct probe_look look_at(const struct enrolled *enrolled, enum probe_side side);

/* How many of those that an iterator has written are about these two ends, and, without an error, done. */
struct count {
	size_t visited, done;
	int error;
};

struct count count_own(int link);

/* Loads the verdict and attaches it to the map. */
struct bpf_object *load_verdict(const char *another);

/* Puts both ends into the map. */
void enrol(struct enrolled *enrolled);

/* Which path messages take from now on. */
void choose_path(struct bpf_object *object, enum probe_path path);
