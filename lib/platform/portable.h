/* What the files of the systems share; nobody else includes it. */
#ifndef PORTABLE_H
#define PORTABLE_H

#include "platform/platform.h"

/* platform_close_all_but, one by one. */
void portable_close_all_but(const int *keep, size_t count);

/* platform_rename_new where there is no such call: a link fails if the name is there. */
int portable_rename_new(int dir_fd, const char *from, const char *to);

/* platform_has_no_living_child, by the list of all processes. */
int portable_has_no_living_child(void);

/* Has the text, variables that each end with a NUL, NAME=VALUE, or NAME at all (value NULL)? */
int portable_has_variable(const char *text, size_t length, const char *name, const char *value);

/* One more in an array of *count that has room for *room.  -1: ENOMEM. */
int portable_add_process(struct platform_process **list, size_t *count, size_t *room,
    const struct platform_process *process);

#endif
