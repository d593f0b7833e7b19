/* An environment for a command, made before the fork: between fork and exec nothing may be allocated. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stddef.h>

struct environment {
	char **variables;	/* as execve(2) takes them */
	size_t count;
};

/* A copy of this process's own.  0 or -1. */
int environment_copy(struct environment *environment);

void environment_free(struct environment *environment);

/* variable: NAME=VALUE; it replaces what has that name.  0 or -1. */
int environment_put(struct environment *environment, const char *variable);
int environment_set(struct environment *environment, const char *name, const char *value);
void environment_unset(struct environment *environment, const char *name);

/*
 * Take out whatever names a descriptor or a channel that a command which is handed none of them does not
 * get: make's job server, node's, systemd's, bash's; but for those of kept (NAME=VALUE or NAME; or NULL).
 */
void environment_drop_channels(struct environment *environment, const char *const *kept);

#endif
