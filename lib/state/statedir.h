/*
 * The state directory: its name, its creation, and whether it and the files in it can be trusted.
 * The only reader of the environment for paths.
 *
 * A directory is opened and trusted once, and handed on as the thing that this has given.  Everything on the
 * way to it and in it is reached through a descriptor, so a path that is swapped between check and use changes
 * nothing; the path itself is for messages, and for those who ask what it names by now.
 *
 *	struct statedir dir = STATEDIR_INIT;
 *
 *	if (statedir_open(&dir, path, &message) < 0)
 *		return -1;
 *	fd = statedir_open_file(&dir, STATEDIR_METADATA, O_RDONLY, &message);
 *	...
 *	statedir_close(&dir);
 */
#ifndef STATEDIR_H
#define STATEDIR_H

#include <sys/stat.h>

#include "otelop.h"

#define STATEDIR_METADATA "otelop.json"
#define STATEDIR_NEXT "otelop.json.next"
#define STATEDIR_FIRST "otelop.json.first"	/* otelop.json before it is there at all */
#define STATEDIR_GONE "otelop.json.gone"	/* otelop.json while it is being removed */
#define STATEDIR_LOG "otelop.log"
#define STATEDIR_STDIN "otelop.stdin"	/* endless.h says what for */
#define STATEDIR_NOTES "otelop.notes"	/* what a script has to remember */
#define STATEDIR_START "otelop.start"	/* chain.h says what for */

/* An open state directory; or none, while fd is -1. */
struct statedir {
	int fd;
	char *path;	/* as it was given to statedir_open */
};
#define STATEDIR_INIT { -1, NULL }

/* Does OTELOP_STATE_DIR name one?  1 or 0. */
int statedir_is_chosen(void);

/*
 * Open path, if it is a directory that belongs to us or root and that not everyone may write, and
 * if no link on the way to it belongs to anybody else.  0; or -1, and dir is STATEDIR_INIT: ENOENT, EPERM not
 * to be trusted, ENOMEM, …
 */
int statedir_open(struct statedir *dir, const char *path, struct otelop_message *message);

/* The same, and create it as otelop_ensure_state_dir does; 0: warning may have a text. */
int statedir_ensure(struct statedir *dir, const char *path, struct otelop_message *warning);

/* The same directory, open once more.  0; or -1, and copy is STATEDIR_INIT. */
int statedir_copy(struct statedir *copy, const struct statedir *dir);

/* Close it, with errno kept; dir is STATEDIR_INIT again.  One that is not open stays as it is. */
void statedir_close(struct statedir *dir);

/*
 * What is odd about a trusted directory, or an empty text: a group may write to it that is not our own
 * one.  For the programs by which people look and begin; the others would say it a hundred times.
 */
void statedir_warn(const char *path, struct otelop_message *warning);

/*
 * Open name in it, with flags as open(2) takes them: a regular file, not a link, never waiting, as
 * trustworthy as the directory, and one that no group may write.  A descriptor, 3 or above; -1: ENOENT, EPERM, …
 */
int statedir_open_file(const struct statedir *dir, const char *name, int flags, struct otelop_message *message);

/* Does name in the directory name the very file that fd is?  1, 0 (also: there is none), -1. */
int statedir_names(const struct statedir *dir, const char *name, int fd);

#endif
