/* SPDX-License-Identifier: GPL-2.0-only */
/* A page of memory that is not there until somebody says so. A send from it stands still with its socket locked, as it would on a slow disk. */
#pragma once
#include "fail.h"
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct slow_page {
	void *bytes;
	size_t size;
	int fault_fd;
};

static inline void slow_page_open(struct slow_page *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register region = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	page->size = (size_t)sysconf(_SC_PAGESIZE);
	page->bytes = mmap(NULL, page->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page->fault_fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (page->bytes == MAP_FAILED || page->fault_fd < 0)
		fail("slow page");
	region.range.start = (uintptr_t)page->bytes;
	region.range.len = page->size;
	if (ioctl(page->fault_fd, UFFDIO_API, &api) || ioctl(page->fault_fd, UFFDIO_REGISTER, &region))
		fail("userfaultfd");
}

/* Until somebody stands still at it. */
static inline void slow_page_wait(const struct slow_page *page)
{
	struct uffd_msg message;

	if (read(page->fault_fd, &message, sizeof(message)) != sizeof(message) || message.event != UFFD_EVENT_PAGEFAULT)
		fail("wait for a page fault");
}

/* Its bytes come, and whoever waits goes on. */
static inline void slow_page_fill(const struct slow_page *page, const char *text)
{
	_Alignas(4096) static uint8_t source[65536];
	struct uffdio_copy copy = { .dst = (uintptr_t)page->bytes, .src = (uintptr_t)source, .len = page->size };

	strncpy((char *)source, text, sizeof(source) - 1);
	if (ioctl(page->fault_fd, UFFDIO_COPY, &copy))
		fail("fill a page");
}
