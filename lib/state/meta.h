/*
 * The metadata: one JSON object, upstream's eight members first, then ours, then everybody
 * else's.  Reading refuses what is not that; unknown members are carried along.
 */
#ifndef META_H
#define META_H

#include "json/json.h"
#include "otelop.h"
#include "state/statedir.h"

/* Make to the same object.  -1: ENOMEM. */
int meta_copy(struct otelop_metadata *to, const struct otelop_metadata *from);

/* Read what fd, an open otelop.json of this directory, has.  -1: ENODATA it is empty; EBADMSG corrupt. */
int meta_read_fd(struct otelop_metadata *metadata, const struct statedir *dir, int fd,
    struct otelop_message *message);

/* Set key to an array of strings.  -1: EILSEQ not UTF-8; EMSGSIZE. */
int meta_set_strings(struct otelop_metadata *metadata, const char *key, const char *const *strings);

/* Set from KEY=VALUE, refusing what members_is_user_key refuses unless all is set. */
int meta_set_pair(struct otelop_metadata *metadata, const char *pair, int all,
    struct otelop_message *message);

/* The value of key, pointing into metadata.  1; 0: not there, or null. */
int meta_find(const struct otelop_metadata *metadata, const char *key, struct json_value *value);

/* pid, or 0 when the object is empty. */
pid_t meta_pid(const struct otelop_metadata *metadata);

int meta_state_is(const struct otelop_metadata *metadata, const char *state);

/* Does the list of what could not be recorded have this member? */
int meta_is_unrecorded(const struct otelop_metadata *metadata, const char *key);

/* Note that key could not be recorded: it is then equal to nothing.  -1: EMSGSIZE, ENOMEM. */
int meta_set_unrecorded(struct otelop_metadata *metadata, const char *key);

/* Has it none but the members that upstream writes? */
int meta_is_upstreams(const struct otelop_metadata *metadata);

#endif
