/* The metadata as otelop-meta prints it: for people, for programs, for a shell. */
#ifndef SHOW_H
#define SHOW_H

#include "otelop.h"
#include "state/state.h"

/* "STATE PID", or "STATE" where no pid is known, and a newline; for people, in colour where they have it. */
void show_state(enum state state, const struct otelop_metadata *metadata, int is_for_people);

/* The file as it is; where stdout is a terminal, with what it would take for a command escaped. */
void show_file(const struct otelop_metadata *metadata);

/* What is known besides the metadata.  NULL: it is not. */
struct live;
struct show_details {
	const char *log;		/* its path */
	const struct live *live;	/* what the daemon says of itself */
	const char *unknown;		/* why it does not, though it could be asked */
};

/* The log's path: the one that was given, or the state directory's, if that is there.  NULL: there is none. */
const char *show_log(const struct otelop_metadata *metadata, const char *dir, char path[OTELOP_PATH_SIZE]);

/* Aligned lines, without what a terminal would take for a command; or one JSON object. */
void show_people(enum state state, const struct otelop_metadata *metadata, const struct show_details *details);
void show_json(enum state state, const struct otelop_metadata *metadata, const char *log);

#endif
