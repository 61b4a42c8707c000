/* SPDX-License-Identifier: GPL-2.0 */
/* Every probe: each ends the process with what it has found. */
#pragma once

/* redirect.c: what becomes of redirected messages */
void probe_order(void);
void probe_accounting(void);
void probe_peek(void);
void probe_fionread(void);
void probe_low_water(void);
void probe_splice(void);
void probe_blocking(void);

/* calls.c: when and with what sock_ops programs are called */
void probe_calls(void);
void probe_namespaces(void);

/* visits.c: iterators that act on sockets */
void probe_late(void);
void probe_open(void);
void probe_errand(void);
void probe_reset(void);

/* load.c: what the kernel takes from this process, and from others */
void probe_btf(void);
/* Comes before any of the next two, for all of them. */
void verify_data_plane(void);
void probe_programs(void);
void probe_visitors(void);
void probe_functions(void);
void probe_memory(void);
void probe_jit(void);
void probe_pins(void);
void probe_unprivileged(void);

/* trace.c: tracepoints and what they tell */
void probe_tracepoints(void);
void probe_ring(void);
void probe_trace(void);
