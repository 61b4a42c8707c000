/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses as they are written on a command line: 127.0.0.1:80, [::1]:80, [::ffff:127.0.0.1]:80, unix:/path. */
#pragma once
#include "fail.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
	socklen_t length;
	/* 0, or IPPROTO_MPTCP. */
	int protocol;
	/* Whoever connects there begins with this sequence number; 0: the kernel draws one. */
	uint32_t isn;
};

static inline bool address_parse(const char *text, struct address *address)
{
	char host[INET6_ADDRSTRLEN + 1] = { 0 };
	const char *colon = strrchr(text, ':');
	size_t host_length;
	char *end;
	unsigned long port;

	memset(address, 0, sizeof(*address));
	if (!strncmp(text, "unix:", 5)) {
		if (!text[5] || strlen(text + 5) >= sizeof(address->local.sun_path))
			return false;
		address->local.sun_family = AF_UNIX;
		strcpy(address->local.sun_path, text + 5);
		address->length = sizeof(address->local);
		return true;
	}
	if (!colon)
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port > 65535)
		return false;
	host_length = (size_t)(colon - text);
	if (*text == '[' && host_length >= 2 && colon[-1] == ']')
		text++, host_length -= 2;
	if (host_length >= sizeof(host))
		return false;
	memcpy(host, text, host_length);
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons((uint16_t)port);
		address->length = sizeof(address->v4);
		return true;
	}
	if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) != 1)
		return false;
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons((uint16_t)port);
	address->length = sizeof(address->v6);
	return true;
}

static inline bool address_is_tcp(const struct address *address)
{
	return address->any.sa_family != AF_UNIX;
}

/* 0 for UNIX sockets. */
static inline uint16_t address_port(const struct address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohs(address->v4.sin_port);
	return address->any.sa_family == AF_INET6 ? ntohs(address->v6.sin6_port) : 0;
}
