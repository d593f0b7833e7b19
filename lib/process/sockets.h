/*
 * Which addresses a process tree listens on, seen from outside without connecting: the kernel's
 * sockets, and who has which of them open.  So another program on the same port is never taken for the
 * daemon.
 *
 * Invariants:
 *   1. An address counts only when one of the tree's processes has a socket of that inode number, and
 *      only the kernel says which number has which address.  It says so in binary for our network
 *      namespace.  In its text, for another one or where there is no other way, anybody's Unix socket
 *      may have a newline and a whole line in its name: there a Unix socket's line counts only if it
 *      is one, its number is in no other line, and no broken line follows.  Strangers can make us miss
 *      a Unix socket then, but not see one that there is not.
 *   2. No name looks like a TCP address, and none has a control character or is not UTF-8, for it could
 *      not be shown as it is: those sockets do not count.
 *   3. Whom we may not look into is told, not taken for one without sockets.
 *   4. The kernel has the name that a Unix socket was bound to, which may be relative, and whose file may have been
 *      renamed since or be gone.  What is told to others in the end is where that very socket's file is, or nothing.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <sys/types.h>

#include <stddef.h>

#include "process/addresses.h"

/* Does this system have such tables?  1 or 0. */
int sockets_are_seen(void);

/* The addresses of these processes; free them with addresses_free.  -1: ENOMEM, EMFILE, ENFILE, ENOSYS. */
int sockets_find(const pid_t *pids, size_t count, struct addresses *found);

/* The same, with the paths that the Unix sockets' files have now.  It may wait for a file server. */
int sockets_find_last(const pid_t *pids, size_t count, struct addresses *found);

/*
 * Somebody hides his sockets or his children, maybe since a moment ago: what was seen before and is still listened to, by
 * whomever, is kept.
 */
void sockets_keep(const struct addresses *before, struct addresses *now);

/* Whom we may not see into, and why: "process 12 (server): it runs as another user". */
void sockets_describe_hidden(pid_t pid, char *text, size_t size);

#endif
