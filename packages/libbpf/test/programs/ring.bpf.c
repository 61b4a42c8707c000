// SPDX-License-Identifier: GPL-2.0
// Visiting each element of `source` submits one record, so that reading the iterator fills the ring.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct record {
	__u64 number;
	__u8 tail[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 100000);
	__type(key, __u32);
	__type(value, __u32);
} source SEC(".maps");

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

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

SEC("iter/bpf_map_elem")
int fill(struct bpf_iter__bpf_map_elem *ctx)
{
	struct record *record;
	__u32 *key = ctx->key;

	if (!key)
		return 0;
	// Every tenth is thrown away: a reader must step over it.
	record = bpf_ringbuf_reserve(&ring, 12, 0);
	if (!record) {
		lost++;
		return 0;
	}
	if (*key % 10 == 9) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	record->number = submitted++;
	*(__u32 *)record->tail = *key;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("iter/bpf_map_elem")
int list(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;

	if (key)
		bpf_seq_write(ctx->meta->seq, key, sizeof(*key));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
