/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways in which a connection ends, each from either end: half-closed, closed, reset, with bytes on their way. */
#pragma once
#include "outcome.h"

#define SHORT_BYTES 1000
#define SHORT_MESSAGES 3

static inline void send_a_few(int fd)
{
	static const uint8_t bytes[SHORT_BYTES];

	for (int i = 0; i < SHORT_MESSAGES; i++)
		note("send", send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL));
}

/* Says all that it has to say, and goes on listening. */
static inline void half_close(int one, int other)
{
	send_a_few(one);
	note("shutdown", shutdown(one, SHUT_WR));
	settle();
	receive_rest(other);
	send_a_few(other);
	settle();
	receive_rest(one);
	note("close", close(other));
	settle();
	receive_rest(one);
}

/* Both at once, each with bytes for the other. */
static inline void half_close_both(int one, int other)
{
	send_a_few(one);
	send_a_few(other);
	note("shutdown", shutdown(one, SHUT_WR));
	note("shutdown", shutdown(other, SHUT_WR));
	settle();
	receive_rest(one);
	receive_rest(other);
}

static inline void close_in_flight(int one, int other)
{
	send_a_few(one);
	note("close", close(one));
	settle();
	receive_rest(other);
	for (int i = 0; i < SHORT_MESSAGES; i++)
		try_to_send(other);
	try_to_receive(other);
}

/* Without a farewell, and without waiting for what is on its way. */
static inline void reset(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)))
		fail("setsockopt");
	note("close", close(fd));
}

static inline void reset_in_flight(int one, int other)
{
	send_a_few(one);
	reset(one);
	settle();
	receive_rest(other);
	try_to_send(other);
}

/* What the other end has sent is never read; what it has not read yet is. */
static inline void end_in_flight_both_ways(int one, int other, void (*end)(int fd))
{
	send_a_few(one);
	send_a_few(other);
	settle();
	end(one);
	settle();
	receive_rest(other);
	for (int i = 0; i < SHORT_MESSAGES; i++)
		try_to_send(other);
	try_to_receive(other);
}

static inline void just_close(int fd)
{
	note("close", close(fd));
}

static inline void close_in_flight_both_ways(int one, int other)
{
	end_in_flight_both_ways(one, other, just_close);
}

static inline void reset_in_flight_both_ways(int one, int other)
{
	end_in_flight_both_ways(one, other, reset);
}

/* Reads no more: what was sent before it said so can still be read. */
static inline void stop_reading(int one, int other)
{
	send_a_few(other);
	settle();
	note("shutdown", shutdown(one, SHUT_RD));
	receive_rest(one);
	send_a_few(one);
	settle();
	receive_rest(other);
}
