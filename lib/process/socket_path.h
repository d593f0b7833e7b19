/* Where the file of a Unix socket is. */
#ifndef SOCKET_PATH_H
#define SOCKET_PATH_H

#include <sys/types.h>

#include <stddef.h>

/*
 * The absolute path of the file of a Unix socket that pid has bound to name, which may have been relative to where it
 * was then, and may have another name in the same directory by now.  file: as platform_listener has it; 0: any socket
 * of that name is taken for it.  1; 0: it is not found.
 */
int socket_path_find(pid_t pid, const char *name, unsigned long file, char *path, size_t size);

#endif
