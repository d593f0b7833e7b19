/* A list of the addresses that somebody listens on, and how one is written. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <sys/types.h>

#include <stddef.h>

#define ADDRESSES_TEXT_SIZE 256	/* bytes of the longest that counts, with its NUL */

/* Addresses in order, each once: 127.0.0.1:80, [::1]:80, /path, ./relative to wherever, @abstract (a NUL in it is @). */
struct addresses {
	char **items;	/* NULL-terminated */
	size_t count;
	pid_t hidden;	/* a process whose sockets we may not see; 0: all are seen */
};

/* One more.  -1: ENOMEM. */
int addresses_add(struct addresses *found, const char *address);

/* 127.0.0.1:80 or [::1]:80, from 4 bytes or 16 as on the wire.  1; 0: it does not fit. */
int addresses_format_inet(int family, const void *bytes, unsigned port, char *address, size_t size);

/* Put them in order, each once: many sockets may share one (SO_REUSEPORT). */
void addresses_tidy(struct addresses *found);

void addresses_free(struct addresses *addresses);

int addresses_is_same(const struct addresses *a, const struct addresses *b);

int addresses_have(const struct addresses *addresses, const char *address);

/* How many of them are this TCP port? */
size_t addresses_of_port(const struct addresses *addresses, unsigned port);

/* Is it a Unix socket's, of whatever kind? */
int addresses_is_local(const char *address);

#endif
