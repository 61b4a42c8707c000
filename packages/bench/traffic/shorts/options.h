/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run was asked for. */
#pragma once
#include "../address.h"
#include "../range.h"
#include <argp.h>

static struct {
	struct address address, target;
	uint32_t connections, threads, turns, pause_ms, pieces, targets;
	struct range request, answer;
	bool blocking, defer_accept, fastopen, banner, half_close, nodelay, has_target;
	uint64_t seed;
} options = {
	.connections = 2000,
	.threads = 32,
	.turns = 1,
	.pieces = 1,
	.targets = 1,
	.request = { 64, 64 },
	.answer = { 64, 64 },
	.nodelay = true,
};

static const struct argp_option argp_options[] = {
	{ "address", 'a', "ADDRESS", 0, "127.0.0.1:0, [::1]:0, unix:/path; port 0 lets the kernel choose", 0 },
	{ "to", 'o', "ADDRESS", 0, "where the client connects, if not there", 0 },
	{ "targets", 'm', "N", 0, "connect to 127.0.0.1 and so many minus one after it by turns; listen at 0.0.0.0 (1)", 0 },
	{ "connections", 'n', "N", 0, "how many altogether (2000)", 0 },
	{ "threads", 'j', "N", 0, "how many at once (32)", 0 },
	{ "turns", 't', "N", 0, "requests on each (1)", 0 },
	{ "pieces", 'p', "N", 0, "sends for each message (1)", 0 },
	{ "pause-ms", 'w', "MS", 0, "rest between an answer and the next request", 0 },
	{ "request", 'q', "SIZE", 0, "bytes: 64, or 1-65536 for random sizes", 0 },
	{ "answer", 'r', "SIZE", 0, "bytes", 0 },
	{ "blocking", 'b', NULL, 0, "use blocking sockets", 0 },
	{ "defer-accept", 'd', NULL, 0, "set TCP_DEFER_ACCEPT on the listener", 0 },
	{ "fastopen", 'f', NULL, 0, "send the first request in the SYN", 0 },
	{ "banner", 'g', NULL, 0, "the server speaks first", 0 },
	{ "half-close", 'h', NULL, 0, "the client half-closes before the last answer", 0 },
	{ "seed", 'e', "SEED", 0, "of the pattern (random)", 0 },
	{ 0 },
};

static inline error_t parse_option(int key, char *argument, struct argp_state *state)
{
	bool right = true;

	switch (key) {
	case 'a': right = address_parse(argument, &options.address); break;
	case 'o': right = options.has_target = address_parse(argument, &options.target); break;
	case 'm': right = (options.targets = (uint32_t)atoi(argument)) > 0; break;
	case 'n': right = (options.connections = (uint32_t)atoi(argument)) > 0; break;
	case 'j': right = (options.threads = (uint32_t)atoi(argument)) > 0; break;
	case 't': right = (options.turns = (uint32_t)atoi(argument)) > 0; break;
	case 'p': right = (options.pieces = (uint32_t)atoi(argument)) > 0; break;
	case 'w': options.pause_ms = (uint32_t)atoi(argument); break;
	case 'q': right = range_parse(argument, &options.request); break;
	case 'r': right = range_parse(argument, &options.answer); break;
	case 'b': options.blocking = true; break;
	case 'd': options.defer_accept = true; break;
	case 'f': options.fastopen = true; break;
	case 'g': options.banner = true; break;
	case 'h': options.half_close = true; break;
	case 'e': options.seed = strtoull(argument, NULL, 0); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	if (!right)
		argp_error(state, "\"%s\" is not right for -%c", argument, key);
	return 0;
}
