// SPDX-License-Identifier: GPL-2.0
/*
 * Learns which executables splice from TCP sockets: join.bpf.h says what for. At the function where that is done, whoever asks for it (a 32-bit
 * program, io_uring); and at the system call, on kernels that let no program in at functions. There every system call of the host
 * takes some nanoseconds longer: docs/decisions/learn-at-functions.md.
 */
#include "join.bpf.h"

struct sys_enter_splice {
	__u64 common;
	long number;
	unsigned long fd_in;
};

/* The TCP socket behind a descriptor of the running process, or 0. */
static __always_inline struct sock *socket_behind(unsigned long fd)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = 0;
	struct socket *socket;
	struct sock *sk;
	__u16 family;

	if (fd >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6 ? sk : 0;
}

static __always_inline bool is_known(struct ss_executable *executable)
{
	struct ss_splicer *known = bpf_map_lookup_elem(&splicers, executable);

	if (known)
		/* The one that was seen before may have ended before its executable's path could be read. */
		known->pid = bpf_get_current_pid_tgid() >> 32;
	return known;
}

static __always_inline void learn(struct ss_executable *executable)
{
	struct ss_splicer splicer = {};

	note_process(&splicer.pid, splicer.comm);
	bpf_map_update_elem(&splicers, executable, &splicer, BPF_ANY);
	/* Its connections that are on the bypass already leave at the next visit. */
	ask_for_attention();
}

SEC("fentry/tcp_splice_read")
int sidestep_splice_function(void *arguments)
{
	struct ss_executable executable = {};

	(void)arguments;
	note_executable(&executable);
	/* Not a thread of the kernel's own. */
	if (executable.inode && !is_known(&executable))
		learn(&executable);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_splice")
int sidestep_splice_call(struct sys_enter_splice *call)
{
	struct ss_executable executable = {};

	note_executable(&executable);
	if (socket_behind(call->fd_in) && !is_known(&executable))
		learn(&executable);
	return 0;
}
