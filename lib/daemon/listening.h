/*
 * Where a process tree listens, and since when that has not changed: the modes listen and listen:PORT.
 *
 * listen is for all addresses, of which no new one may have come for a while; for a longer one where there are only Unix
 * sockets, for these are often between processes of the command's own.  listen:PORT is for those of this port alone.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "daemon/modes.h"
#include "process/addresses.h"
#include "process/tree.h"

struct listening {
	struct addresses addresses;
	int64_t since;		/* when these were first seen */
	pid_t hidden;		/* whose sockets may not be seen; 0: nobody's */
	struct {
		size_t count;
		int64_t since;
	} ports[MODES_MAX];	/* of each mode that names one */
};

/* Look, for these modes. */
void listening_look(struct listening *listening, const struct modes *modes, const struct tree *tree);

/* Does the mode of this number hold, by what was seen last? */
int listening_holds(const struct listening *listening, const struct modes *modes, size_t number);

/* Look once more, for what others are told: each address as it is now, with the paths that files have by now. */
void listening_settle(struct listening *listening, const struct tree *tree);

void listening_free(struct listening *listening);

#endif
