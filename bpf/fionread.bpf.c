// SPDX-License-Identifier: GPL-2.0
/* Learns which processes ask FIONREAD: join.bpf.h says what for. */
#include "leave.bpf.h"

#define FIONREAD 0x541B

struct sys_enter_ioctl {
	__u64 common;
	long number;
	unsigned long fd;
	unsigned long command;
	unsigned long argument;
};

SEC("tracepoint/syscalls/sys_enter_ioctl")
int sidestep_fionread(struct sys_enter_ioctl *call)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u8 yes = 1;

	if (call->command != FIONREAD || bpf_map_lookup_elem(&fionread_askers, &pid))
		return 0;
	bpf_map_update_elem(&fionread_askers, &pid, &yes, BPF_ANY);
	/* Its connections that are on the bypass already become strict at the next visit. */
	ask_for_attention();
	return 0;
}
