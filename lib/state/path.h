/*
 * A path, walked a component at a time and by descriptors, as the kernel would walk it
 * but for two things: of links only our own and root's are followed, and what is missing is made.
 * A name that is given to something else meanwhile leads to a refusal, never to another place.
 */
#ifndef PATH_H
#define PATH_H

#include <sys/types.h>

#include "otelop.h"

enum path_missing {
	PATH_REFUSE_MISSING,	/* ENOENT */
	PATH_MAKE,		/* with mode 0700, whatever the umask is */
	PATH_MAKE_IN_OURS	/* the same, but in no directory that is neither ours nor root's */
};

/*
 * Open the directory path.  what: what cannot be done with it when that fails, for the message.  A
 * descriptor, 3 or above, or -1: ENOENT, ENOTDIR, EACCES, EPERM refused, …
 */
int path_open_directory(const char *path, enum path_missing missing, const char *what,
    struct otelop_message *message);

/*
 * Open the log path, with flags and mode as open(2) has them, and no other links followed on the way to it, its last
 * component included.  A descriptor, or -1: as open(2), message is empty; or EPERM, and message says what was refused.
 */
int path_open_file(const char *path, int flags, mode_t mode, struct otelop_message *message);

#endif
