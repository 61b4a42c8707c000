/* SPDX-License-Identifier: GPL-2.0 */
/* What the probe is told, and what it answers with: one line of JSON. */
#pragma once

#include <stdbool.h>

struct options {
	const char *object;	/* build/probe.o */
	const char *programs;	/* build/sidestep.o */
	const char *cgroup;	/* a scratch one, in which others may be made */
	const char *probe;	/* which one to make: "programs:sk_msg" */
	const char *subject;	/* what stands behind its colon, or null */
};

extern struct options options;

/* Keeps what libbpf and the verifier say, for whoever refuses. */
void capture_log(void);
void forget_log(void);

/* {"probe":"...","facts":{...}}: `format` makes what stands between the inner braces. Ends the process. */
__attribute__((format(printf, 1, 2), noreturn)) void tell(const char *format, ...);

/*
 * {"probe":"...","refused":"...","error":"EINVAL","log":"..."}: the kernel says no to something that the bypass is made of. `error` is an
 * errno, of either sign.
 */
__attribute__((format(printf, 2, 3), noreturn)) void refuse(int error, const char *format, ...);

/* {"probe":"...","trouble":"...","error":"EINVAL","log":"..."}: the probe itself could not be made. */
__attribute__((format(printf, 1, 2), noreturn)) void trouble(const char *format, ...);
