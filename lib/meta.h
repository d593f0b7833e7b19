/*
 * The metadata: one JSON object, upstream's eight members first, then ours, then everybody
 * else's.  Reading refuses what is not that; unknown members are carried along.
 */
#ifndef META_H
#define META_H

#include "json.h"
#include "otelop.h"

/* What a state directory holds.  Kept is a kind of stale: a dead daemon's child keeps its lock. */
enum meta_state { META_STOPPED, META_STALE, META_KEPT, META_STARTING, META_RUNNING };

/* In the word that the programs print. */
const char *meta_state_name(enum meta_state state);

/* Parse what a file holds.  path: for the message.  -1: EBADMSG, ENODATA when there is nothing. */
int meta_parse(struct otelop_metadata *metadata, const char *text, size_t length,
    const char *path, struct otelop_message *message);

/* Make to the same object.  -1: ENOMEM. */
int meta_copy(struct otelop_metadata *to, const struct otelop_metadata *from);

/* Read from an open otelop.json. */
int meta_read_fd(struct otelop_metadata *metadata, int fd, const char *dir,
    struct otelop_message *message);

/*
 * Set key to raw JSON (NULL: take it out).  For members of any type, also command and listen.
 * -1: EMSGSIZE, ENOMEM.
 */
int meta_set_json(struct otelop_metadata *metadata, const char *key, const char *json, size_t length);

/* Set key to an array of strings.  -1: EILSEQ not UTF-8; EMSGSIZE. */
int meta_set_strings(struct otelop_metadata *metadata, const char *key, const char *const *strings);

/* Is this KEY=VALUE, or a name, one that a user may give?  Our own members are not. */
int meta_is_user_key(const char *key, size_t length);

/* Is key a member that this project or upstream defines? */
int meta_is_known_key(const char *key, size_t length);

/* Set from KEY=VALUE, refusing what meta_is_user_key refuses unless all is set. */
int meta_set_pair(struct otelop_metadata *metadata, const char *pair, int all,
    struct otelop_message *message);

/* The value of key, pointing into metadata.  1; 0: not there, or null. */
int meta_find(const struct otelop_metadata *metadata, const char *key, struct json_value *value);

/* pid, or 0 when the object is empty. */
pid_t meta_pid(const struct otelop_metadata *metadata);

int meta_state_is(const struct otelop_metadata *metadata, const char *state);

/* Was it written on another host?  1 and the reason, or 0. */
int meta_is_other_host(const struct otelop_metadata *metadata, struct otelop_message *message);

/* Is the pid in it one of this host's and this pid namespace's?  1; or 0 and the reason. */
int meta_is_here(const struct otelop_metadata *metadata, struct otelop_message *message);

/*
 * Is the process that it names still that very process, by the tick in which it began?  1; 0: that one
 * has ended (a zombie has), or runs elsewhere; -1: one of this number lives, and nothing tells whether it
 * is the same: what upstream writes does not say.
 */
int meta_process_lives(const struct otelop_metadata *metadata);

/* The session that the process was in when it was recorded; 0: it is not known. */
pid_t meta_session(const struct otelop_metadata *metadata);

/* Take out what ties it to a process: for who only tells of one, and does not hold the lock for it. */
int meta_forget_process(struct otelop_metadata *metadata);

/* Does the list of what could not be recorded have this member? */
int meta_is_unrecorded(const struct otelop_metadata *metadata, const char *key);

/* Note that key could not be recorded: it is then equal to nothing.  -1: EMSGSIZE, ENOMEM. */
int meta_set_unrecorded(struct otelop_metadata *metadata, const char *key);

/* Has it none but the members that upstream writes? */
int meta_is_upstreams(const struct otelop_metadata *metadata);

/*
 * What the directory holds.  0 and *state; metadata (may be NULL) has length 0 where nothing is
 * readable (no directory: stopped); warning has a text when the file is corrupt but free.  -1: cannot tell.
 */
int meta_look_at(const char *dir, enum meta_state *state, struct otelop_metadata *metadata,
    struct otelop_message *warning);

/*
 * While the lock is held but no ready daemon lives (and while there is none, when appear is set), wait
 * for what comes of it.  1: decided, 0: deadline, -1: cannot tell.  *began: a start was under way.
 */
int meta_wait(const char *dir, int appear, int64_t deadline, int *began, enum meta_state *state,
    struct otelop_metadata *metadata, struct otelop_message *warning);

#endif
