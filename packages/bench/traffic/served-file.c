// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file system (FUSE) with one file, a copy of another: `program`. Whoever opens it after the first time is not answered, ever, as with a server of
 * files that has gone. Prints a line when it is there, and one for each request that it has taken and leaves unanswered.
 */
#include "fail.h"
#include "stop.h"
#include <argp.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAME "program"
#define FILE_NODE 2
#define REQUEST_BYTES (64 * 1024)
#define ALWAYS_S 3600

static struct {
	const char *at, *source;
} options;

static struct {
	const uint8_t *bytes;
	size_t length;
	int device;
	unsigned int opened;
} served;

static void answer(const struct fuse_in_header *request, int error, const void *body, size_t length)
{
	struct fuse_out_header header = { .unique = request->unique, .error = -error, .len = (uint32_t)(sizeof(header) + length) };
	const struct iovec parts[] = { { &header, sizeof(header) }, { (void *)body, length } };

	/* ENOENT: nobody waits for it any more. */
	if (writev(served.device, parts, length ? 2 : 1) < 0 && errno != ENOENT)
		fail("answer to request %u", request->opcode);
}

static struct fuse_attr attributes(uint64_t node)
{
	if (node == FUSE_ROOT_ID)
		return (struct fuse_attr){ .ino = node, .mode = S_IFDIR | 0755, .nlink = 2 };
	return (struct fuse_attr){ .ino = node, .mode = S_IFREG | 0755, .nlink = 1, .size = served.length, .blocks = (served.length + 511) / 512 };
}

static void answer_lookup(const struct fuse_in_header *request, const char *name)
{
	struct fuse_entry_out entry = { .nodeid = FILE_NODE, .attr = attributes(FILE_NODE), .entry_valid = ALWAYS_S, .attr_valid = ALWAYS_S };

	if (strcmp(name, NAME))
		answer(request, ENOENT, NULL, 0);
	else
		answer(request, 0, &entry, sizeof(entry));
}

static void answer_getattr(const struct fuse_in_header *request)
{
	struct fuse_attr_out out = { .attr_valid = ALWAYS_S, .attr = attributes(request->nodeid) };

	answer(request, 0, &out, sizeof(out));
}

static void answer_open(const struct fuse_in_header *request)
{
	struct fuse_open_out out = { .open_flags = FOPEN_KEEP_CACHE };

	if (!served.opened++) {
		answer(request, 0, &out, sizeof(out));
		return;
	}
	printf("{\"unanswered\":%u}\n", request->pid);
	fflush(stdout);
}

static void answer_read(const struct fuse_in_header *request, const struct fuse_read_in *read)
{
	size_t offset = read->offset < served.length ? read->offset : served.length;
	size_t length = read->size < served.length - offset ? read->size : served.length - offset;

	answer(request, 0, served.bytes + offset, length);
}

static void answer_init(const struct fuse_in_header *request, const struct fuse_init_in *init)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = init->minor < FUSE_KERNEL_MINOR_VERSION ? init->minor : FUSE_KERNEL_MINOR_VERSION,
		.max_write = REQUEST_BYTES / 2,
	};

	answer(request, 0, &out, sizeof(out));
}

static void serve(const struct fuse_in_header *request)
{
	const void *body = request + 1;

	switch (request->opcode) {
	case FUSE_INIT:
		answer_init(request, body);
		break;
	case FUSE_LOOKUP:
		answer_lookup(request, body);
		break;
	case FUSE_GETATTR:
		answer_getattr(request);
		break;
	case FUSE_OPEN:
		answer_open(request);
		break;
	case FUSE_READ:
		answer_read(request, body);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(request, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(request, ENOSYS, NULL, 0);
	}
}

static void load(void)
{
	int fd = open(options.source, O_RDONLY | O_CLOEXEC);
	struct stat file;

	if (fd < 0 || fstat(fd, &file))
		fail("%s", options.source);
	served.length = (size_t)file.st_size;
	served.bytes = mmap(NULL, served.length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (served.bytes == MAP_FAILED)
		fail("%s", options.source);
	close(fd);
}

static void mount_it(void)
{
	char how[128];

	served.device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (served.device < 0)
		fail("/dev/fuse");
	snprintf(how, sizeof(how), "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other", served.device, getuid(), getgid());
	if (mount("served-file", options.at, "fuse", MS_NOSUID | MS_NODEV, how))
		fail("a file system at %s", options.at);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	switch (key) {
	case 'a':
		options.at = value;
		return 0;
	case 's':
		options.source = value;
		return 0;
	case ARGP_KEY_END:
		if (!options.at || !options.source)
			argp_error(state, "--at and --source are needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option known[] = {
		{ "at", 'a', "FOLDER", 0, "where the file system is mounted", 0 },
		{ "source", 's', "FILE", 0, "what the file is a copy of", 0 },
		{ 0 },
	};
	static const struct argp argp = { known, parse, NULL, "A file that can be opened once.", NULL, NULL, NULL };
	static union {
		struct fuse_in_header header;
		char bytes[REQUEST_BYTES];
	} request;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	load();
	stop_on_signals();
	mount_it();
	printf("{\"program\":\"%s/" NAME "\"}\n", options.at);
	fflush(stdout);
	while (!stopping && (read(served.device, &request, sizeof(request)) > 0 || errno == ENOENT))
		serve(&request.header);
	/* What waits for an answer gets an error, and nobody needs to let go of it first. */
	if (umount2(options.at, MNT_DETACH) && errno != EINVAL)
		fail("%s cannot be unmounted", options.at);
	return EXIT_RIGHT;
}
