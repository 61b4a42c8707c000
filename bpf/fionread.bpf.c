// SPDX-License-Identifier: GPL-2.0
/* Learns which processes ask FIONREAD: join.bpf.h says what for. At a function or at the system call: splice.bpf.c. */
#include "leave.bpf.h"

#define FIONREAD 0x541B

struct sys_enter_ioctl {
	__u64 common;
	long number;
	unsigned long fd;
	unsigned long command;
	unsigned long argument;
};

static __always_inline void note_ioctl(__u32 command)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u8 yes = 1;

	if (command != FIONREAD || bpf_map_lookup_elem(&fionread_askers, &pid))
		return;
	bpf_map_update_elem(&fionread_askers, &pid, &yes, BPF_ANY);
	/* Its connections that are on the bypass already become strict at the next visit. */
	ask_for_attention();
}

/* sock_ioctl(file, command, argument) */
SEC("fentry/sock_ioctl")
int sidestep_fionread_function(__u64 *arguments)
{
	note_ioctl(arguments[1]);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_ioctl")
int sidestep_fionread_call(struct sys_enter_ioctl *call)
{
	note_ioctl(call->command);
	return 0;
}
