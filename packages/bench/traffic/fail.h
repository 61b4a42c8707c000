/* SPDX-License-Identifier: GPL-2.0-only */
/* How a traffic program ends: 0 all is right, 1 something went wrong on the wire or around it, 2 wrong usage. */
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

__attribute__((format(printf, 1, 2), noreturn)) static inline void fail(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	if (error)
		fprintf(stderr, ": %s", strerror(error));
	fputc('\n', stderr);
	exit(EXIT_WRONG);
}
