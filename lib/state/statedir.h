/*
 * The state directory: its name, its creation, and whether it and the files in it can be trusted.
 * The only reader of the environment for paths.  Everything on the way to it and in it is
 * reached through a descriptor, so a path that is swapped between check and use changes nothing.
 */
#ifndef STATEDIR_H
#define STATEDIR_H

#include <sys/stat.h>

#include "otelop.h"

#define STATEDIR_METADATA "otelop.json"
#define STATEDIR_NEXT "otelop.json.next"
#define STATEDIR_GONE "otelop.json.gone"	/* otelop.json while it is being removed */
#define STATEDIR_LOG "otelop.log"
#define STATEDIR_START "otelop.start"	/* chain.h says what for */

/*
 * Open path, if it is a directory that belongs to us or root and that not everyone may write, and
 * if no link on the way to it belongs to anybody else.  A descriptor; or -1: ENOENT, EPERM not to be
 * trusted, …
 */
int statedir_open(const char *path, struct otelop_message *message);

/*
 * What is odd about a trusted directory, or an empty text: a group may write to it that is not our own
 * one.  For the programs by which people look and begin; the others would say it a hundred times.
 */
void statedir_warn(const char *path, struct otelop_message *warning);

/*
 * Open name in it, with flags as open(2) takes them: a regular file, not a link, never waiting, as
 * trustworthy as the directory, and one that no group may write.  dir is its path, for messages.  -1: ENOENT, EPERM, …
 */
int statedir_open_file(int dir_fd, const char *dir, const char *name, int flags,
    struct otelop_message *message);

/* Does name in the directory name the very file that fd is?  1, 0 (also: there is none), -1. */
int statedir_names(int dir_fd, const char *name, int fd);

#endif
