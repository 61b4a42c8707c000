// SPDX-License-Identifier: GPL-2.0
/* One object, one compilation: the rooms below share maps and inline functions, and no linker is needed at build time. */
#include "errands.bpf.c"
#include "fionread.bpf.c"
#include "hold.bpf.c"
#include "look.bpf.c"
#include "maps.bpf.c"
#include "sockops.bpf.c"
#include "splice.bpf.c"
#include "survey.bpf.c"
#include "tend.bpf.c"
#include "verdict.bpf.c"

#ifdef SS_TEST_REFUSED
/* No kernel takes a program that reads from any number as if it were an address. */
SEC("sockops")
int test_refused(struct bpf_sock_ops *ops)
{
	return *(volatile int *)(long)ops->op;
}
#endif

char LICENSE[] SEC("license") = "GPL";
