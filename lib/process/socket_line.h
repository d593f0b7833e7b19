/* A line of the kernel's text of the sockets: /proc/net/tcp, tcp6 and unix. */
#ifndef SOCKET_LINE_H
#define SOCKET_LINE_H

#include <stddef.h>

/* A listening socket's inode and address (a Unix socket's as it stands there).  1; 0: the line is something else. */
int socket_line_tcp(const char *line, unsigned long *inode, char *address, size_t size);
int socket_line_unix(const char *line, unsigned long *inode, char *address, size_t size);

/* Is it a Unix socket's line at all, listening or not?  1, and *line is in front of the name; 0. */
int socket_line_unix_fields(const char **line, unsigned long long *flags, unsigned long *inode);

#endif
