// SPDX-License-Identifier: GPL-2.0
// Visiting each of the first 100 000 symbols of the kernel submits one record, so that reading the iterator fills the ring.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct record {
	__u64 number;
	__u8 tail[4];
};

#define VISITS 100000

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

__u64 submitted;
__u64 lost;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_iter__ksym {
	struct bpf_iter_meta *meta;
	struct kallsym_iter *ksym;
} __attribute__((preserve_access_index));

__u32 visited;

static __always_inline int begin_visit(struct bpf_iter__ksym *ctx)
{
	if (!ctx->meta->seq_num)
		visited = 0;
	return ctx->ksym && visited < VISITS;
}

SEC("iter/ksym")
int fill(struct bpf_iter__ksym *ctx)
{
	struct record *record;
	__u32 visit;

	if (!begin_visit(ctx))
		return 0;
	visit = visited++;
	record = bpf_ringbuf_reserve(&ring, 12, 0);
	if (!record) {
		lost++;
		return 0;
	}
	// Every tenth is thrown away: a reader must step over it.
	if (visit % 10 == 9) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	record->number = submitted++;
	*(__u32 *)record->tail = visit;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("iter/ksym")
int list(struct bpf_iter__ksym *ctx)
{
	__u32 visit;

	if (!begin_visit(ctx))
		return 0;
	visit = visited;
	// Without room the same symbol is visited again, with an empty buffer.
	if (!bpf_seq_write(ctx->meta->seq, &visit, sizeof(visit)))
		visited++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
