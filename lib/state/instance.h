/*
 * Which instance is meant, and how a program that is started is told.
 *
 * A directory has one instance of its own, and one of each NAME below it.  OTELOP_STATE_DIR names the instance itself;
 * OTELOP_NAME, set or unset together with it by every program that sets one, tells whether its last component is a
 * NAME.  So a NAME means the same to a daemon, and to what it starts, as to whoever started it.
 */
#ifndef INSTANCE_H
#define INSTANCE_H

#include "otelop.h"

struct instance {
	char path[OTELOP_PATH_SIZE];	/* its state directory, absolute */
	const char *name;		/* the last component of path, and within it; or NULL: the directory's own */
};

/* Has somebody named it, by dir, name or the environment?  Else it is the account's own one. */
int instance_is_chosen(const char *dir, const char *name);

/* Is it the name of an instance?  It becomes a directory's: nothing in it may be more than that. */
int instance_is_name(const char *name);

/*
 * dir, or NULL: the environment's; name, or NULL: none below it.  Nothing is made or looked at.  -1: as
 * otelop_state_dir has it.
 */
int instance_find(struct instance *instance, const char *dir, const char *name, struct otelop_message *message);

/* The directory that all NAMEs are below; path has OTELOP_PATH_SIZE bytes. */
void instance_siblings(const struct instance *instance, char *path);

/* Tell those that this process starts or becomes.  -1: ENOMEM. */
int instance_export(const struct instance *instance);

#endif
