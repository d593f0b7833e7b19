/*
 * Which addresses a process tree listens on, seen from outside without connecting: the kernel's
 * socket tables, and who has which socket open.  So another program on the same port is never
 * taken for the daemon.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <sys/types.h>

#include "otelop.h"

/* Addresses in order, each once: 127.0.0.1:80, [::1]:80, /path, @abstract. */
struct listen_addresses {
	char **items;	/* NULL-terminated */
	size_t count;
};

/* Does this system have such tables?  1 or 0. */
int listen_is_supported(void);

/* The addresses of these processes; free them with listen_free.  -1: ENOMEM, EMFILE, ENFILE, ENOSYS. */
int listen_find(const pid_t *pids, size_t count, struct listen_addresses *found);
void listen_free(struct listen_addresses *addresses);

int listen_is_same(const struct listen_addresses *a, const struct listen_addresses *b);

/* Is one of them this TCP port? */
int listen_has_port(const struct listen_addresses *addresses, unsigned port);

/*
 * A line of /proc/net/tcp, tcp6 or unix: a listening socket's inode and address.  1; 0: the line
 * is something else.
 */
int listen_parse_tcp(const char *line, unsigned long *inode, char *address, size_t size);
int listen_parse_unix(const char *line, unsigned long *inode, char *address, size_t size);

#endif
