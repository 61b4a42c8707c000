// SPDX-License-Identifier: GPL-2.0
#include "say.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A verifier's log can be longer; its reason stands at the end. */
#define LOG_ROOM 16384

static char log_text[LOG_ROOM];
static size_t log_length;

static void append(const char *text, size_t length)
{
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

static int log_print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *line;
	int length;

	if (level == LIBBPF_DEBUG)
		return 0;
	length = vasprintf(&line, format, arguments);
	if (length < 0)
		return 0;
	append(line, length);
	free(line);
	return length;
}

void capture_log(void)
{
	libbpf_set_print(log_print);
}

void forget_log(void)
{
	log_length = 0;
}

void tell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("{\"probe\":\"%s\",\"facts\":{", options.probe);
	vprintf(format, arguments);
	printf("}}\n");
	va_end(arguments);
	exit(EXIT_SUCCESS);
}

static void print_log(void)
{
	for (size_t i = 0; i < log_length; i++) {
		unsigned char byte = log_text[i];

		if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\')
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
}

/* The words are our own, and hold nothing that JSON would want escaped. */
static void say_no(const char *kind, int error, const char *format, va_list arguments)
{
	const char *name = strerrorname_np(abs(error));

	printf("{\"probe\":\"%s\",\"%s\":\"", options.probe, kind);
	vprintf(format, arguments);
	if (name)
		printf("\",\"error\":\"%s\",\"log\":\"", name);
	else
		printf("\",\"error\":\"ERRNO_%d\",\"log\":\"", abs(error));
	print_log();
	printf("\"}\n");
}

void refuse(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_no("refused", error, format, arguments);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

void trouble(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	say_no("trouble", error, format, arguments);
	va_end(arguments);
	exit(EXIT_FAILURE);
}
