/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run was asked for. */
#pragma once
#include "../address.h"
#include "../range.h"
#include <argp.h>

static struct {
	struct address address, target;
	struct range send_size;
	bool blocking, has_target, hold, whole, gone, shut, until_given_back, only_keepalive, hidden, out_of_reach;
	uint32_t warm_ms, first, receive_buffer, keep_idle;
	uint64_t limit, after, seed;
} options = {
	.send_size = { 16384, 16384 },
	.warm_ms = 500,
	.limit = 512ull << 20,
	.after = 1 << 20,
};

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "to", 'o', "ADDRESS", 0, "where the sender connects, if not there", 0 },
	{ "send", 'q', "SIZE", 0, "bytes a send: 64, or 1-65536 for random sizes (16384)", 0 },
	{ "blocking", 'b', NULL, 0, "use blocking sockets", 0 },
	{ "whole", 'm', NULL, 0, "when the reader is back, it receives with MSG_WAITALL, a MiB at a time", 0 },
	{ "warm-ms", 'w', "MS", 0, "requests and answers before the flood (500); 0: until SIGUSR1", 0 },
	{ "first", 'f', "BYTES", 0, "the reader stops after so many bytes of the flood (0)", 0 },
	{ "hold", 'h', NULL, 0, "say when the turns are over and when the sender is held up, and go on at SIGUSR1", 0 },
	{ "receive-buffer", 'r', "BYTES", 0, "SO_RCVBUF of the reader (as the kernel chooses)", 0 },
	{ "limit", 'l', "BYTES", 0, "give up when so much was accepted (512 MiB)", 0 },
	{ "shut", 'u', NULL, 0, "with --gone: it shuts its direction down before that", 0 },
	{ "gone", 'g', NULL, 0, "the sender closes its socket when it is held up, and sends nothing more", 0 },
	{ "until-given-back", 'i', "WHAT", 0, "the sender says when all was read, and ends when it has back its \"keepalive\", or \"all\" options", 0 },
	{ "keep-idle", 'k', "S", 0, "the sender has a keepalive of its own, after so many seconds of silence", 0 },
	{ "hidden", 'd', NULL, 0, "both ends are in a network namespace that nobody can enter", 0 },
	{ "out-of-reach", 'x', NULL, 0, "with --until-given-back: when all was read no process has the sender's descriptor, until SIGUSR1", 0 },
	{ "after", 'n', "BYTES", 0, "send so much more when the reader is back (1 MiB)", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 'a': right = address_parse(argument, &options.address); break;
	case 'o': right = options.has_target = address_parse(argument, &options.target); break;
	case 'q': right = range_parse(argument, &options.send_size); break;
	case 'b': options.blocking = true; break;
	case 'm': options.whole = true; break;
	case 'w': options.warm_ms = (uint32_t)atoi(argument); break;
	case 'f': options.first = (uint32_t)atoi(argument); break;
	case 'h': options.hold = true; break;
	case 'r': options.receive_buffer = (uint32_t)atoi(argument); break;
	case 'l': options.limit = strtoull(argument, NULL, 10); break;
	case 'u': options.shut = true; break;
	case 'k': options.keep_idle = (uint32_t)atoi(argument); break;
	case 'd': options.hidden = true; break;
	case 'x': options.out_of_reach = true; break;
	case 'i':
		options.until_given_back = true;
		options.only_keepalive = !strcmp(argument, "keepalive");
		right = options.only_keepalive || !strcmp(argument, "all");
		break;
	case 'g': options.gone = true; break;
	case 'n': options.after = strtoull(argument, NULL, 10); break;
	case 'e': options.seed = strtoull(argument, NULL, 0); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}
