// SPDX-License-Identifier: GPL-2.0
// What the binding cannot do from JavaScript: take libbpf's log (its callback gets a va_list), drain a ring buffer in batches, and make
// system calls that libc does not wrap.
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_ROOM (1u << 20)

// One log per thread, so that worker threads never read each other's.
static _Thread_local char *log_text;
static _Thread_local size_t log_length;

static void log_append(const char *text, size_t length)
{
	if (!log_text && !(log_text = malloc(LOG_ROOM)))
		return;
	// A verifier's log can be longer than the room; its reason stands at the end, so the beginning goes first.
	if (length > LOG_ROOM) {
		text += length - LOG_ROOM;
		length = LOG_ROOM;
	}
	if (log_length + length > LOG_ROOM) {
		size_t drop = log_length + length - LOG_ROOM;
		memmove(log_text, log_text + drop, log_length - drop);
		log_length -= drop;
	}
	memcpy(log_text + log_length, text, length);
	log_length += length;
}

static int log_print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *line;
	int length;

	if (level == LIBBPF_DEBUG)
		return 0;
	length = vasprintf(&line, format, args);
	if (length < 0)
		return 0;
	log_append(line, length);
	free(line);
	return length;
}

void shim_capture_log(void)
{
	libbpf_set_print(log_print);
}

uint32_t shim_log_length(void)
{
	return log_length;
}

// Copies the log, shim_log_length() bytes, and empties it.
void shim_log_take(char *into)
{
	if (log_length)
		memcpy(into, log_text, log_length);
	log_length = 0;
}

struct shim_ring {
	unsigned long *consumer;
	unsigned long *producer;
	const uint8_t *data;
	size_t size;
	size_t page;
};

struct shim_copied {
	uint32_t bytes;
	uint32_t records;
	uint64_t remaining;
	uint64_t position;
};

// The layout of a mapped BPF_MAP_TYPE_RINGBUF: consumer page (ours to write), producer page, then the data twice in a row, so that a
// record which wraps around is contiguous.
struct shim_ring *shim_ring_open(int fd, uint32_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct shim_ring *ring = calloc(1, sizeof(*ring));
	uint8_t *kernel;

	if (!ring)
		return NULL;
	ring->size = size;
	ring->page = page;
	ring->consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->consumer == MAP_FAILED)
		goto free_ring;
	kernel = mmap(NULL, page + 2 * (size_t)size, PROT_READ, MAP_SHARED, fd, page);
	if (kernel == MAP_FAILED)
		goto unmap_consumer;
	ring->producer = (unsigned long *)kernel;
	ring->data = kernel + page;
	return ring;

unmap_consumer:
	munmap(ring->consumer, page);
free_ring:
	free(ring);
	return NULL;
}

void shim_ring_close(struct shim_ring *ring)
{
	munmap(ring->consumer, ring->page);
	munmap(ring->producer, ring->page + 2 * ring->size);
	free(ring);
}

static size_t padded(uint32_t length)
{
	return ((size_t)length + 7) & ~(size_t)7;
}

// Bytes of records, headers included, that were released since the ring was made.
uint64_t shim_ring_position(struct shim_ring *ring)
{
	return __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
}

// Gives the room of all records before the position back to the kernel.
void shim_ring_release(struct shim_ring *ring, uint64_t position)
{
	__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
}

// Copies committed records in order as [u32 length][u32 zero][payload, padded to 8] until the ring is empty, the next record is still
// being written, or the room is used up. libbpf's own consumer hands a record over before one can say that there is no room for it,
// and does not say what remains. The records stay in the ring until they are released. Returns 0, or -EMSGSIZE when not even the first record fits.
int shim_ring_read(struct shim_ring *ring, uint8_t *into, uint32_t room, struct shim_copied *copied)
{
	unsigned long at = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	unsigned long end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	uint32_t used = 0, records = 0;
	int error = 0;

	while (at < end) {
		const uint8_t *header = ring->data + (at & (ring->size - 1));
		uint32_t word = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
		uint32_t length = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		size_t step = BPF_RINGBUF_HDR_SZ + padded(length);

		if (word & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
			if (step > room - used) {
				error = records ? 0 : -EMSGSIZE;
				break;
			}
			memcpy(into + used, &(uint32_t[2]){ length, 0 }, BPF_RINGBUF_HDR_SZ);
			memcpy(into + used + BPF_RINGBUF_HDR_SZ, header + BPF_RINGBUF_HDR_SZ, step - BPF_RINGBUF_HDR_SZ);
			used += step;
			records++;
		}
		at += step;
	}
	copied->bytes = used;
	copied->records = records;
	copied->remaining = end - at;
	copied->position = at;
	return error;
}

// What an iterator writes, until its end or until the room is used up: bytes, or a negative errno. Asks for `at_once` at a time, for each read
// keeps the CPU until it has so much.
int64_t shim_iterator_read(int fd, uint8_t *into, uint32_t room, uint32_t at_once)
{
	uint32_t used = 0;

	while (used < room) {
		uint32_t left = room - used;
		ssize_t length = read(fd, into + used, at_once < left ? at_once : left);

		if (length == 0)
			break;
		if (length > 0)
			used += length;
		// It has visited a million things without a word, and wants to be asked again.
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return used;
}

// A descriptor to attach a program to, or a negative errno.
int shim_tracepoint_open(uint32_t id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

// A program that does nothing, loaded for a kind of tracing and a function by its number among the kernel's types: 0, or the kernel's negative
// errno.
int shim_try_tracing(uint32_t attach_type, uint32_t type)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type, .attach_btf_id = type);
	int program;

	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, sizeof(nothing) / sizeof(*nothing), &options);
	if (program < 0)
		return program;
	close(program);
	return 0;
}
