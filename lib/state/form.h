/*
 * The form of a metadata object: which members there are and what each may hold, and the one canonical text
 * that an object has.  What the members mean is meta.h's.
 */
#ifndef FORM_H
#define FORM_H

#include "json/json.h"
#include "otelop.h"

#include <stddef.h>
#include <stdint.h>

enum form_kind { FORM_PID, FORM_TIME, FORM_TEXT, FORM_TEXTS, FORM_NUMBER, FORM_TICKS };

/* A member that upstream or this project defines. */
struct form_member {
	const char *key;
	enum form_kind kind;
	const char *zero;	/* upstream's value for "not there"; NULL: left out */
};

/* The known member of this name, or NULL. */
const struct form_member *form_find(const char *key, size_t length);

/* What is wrong with a known member's value, or NULL. */
const char *form_fault(const struct form_member *ours, const struct json_value *value);

/* An array of strings and of nothing else?  1 or 0. */
int form_is_strings(const struct json_value *value);

/* A whole number within the bounds, or -1. */
int64_t form_whole_number(const struct json_value *value, int64_t low, int64_t high);

/* Is this KEY=VALUE, or a name, one that a user may give?  Our own members are not. */
int form_is_user_key(const char *key, size_t length);

/* Is key a member that this project or upstream defines? */
int form_is_known_key(const char *key, size_t length);

/* Parse what a file holds.  path: for the message.  -1: EBADMSG, ENODATA when there is nothing. */
int form_parse(struct otelop_metadata *metadata, const char *text, size_t length,
    const char *path, struct otelop_message *message);

/*
 * Set key to raw JSON (NULL: take it out).  For members of any type, also command and listen.
 * -1: EMSGSIZE, ENOMEM.
 */
int form_set(struct otelop_metadata *metadata, const char *key, const char *json, size_t length);

/* Set key to a string.  -1: EILSEQ not UTF-8; EMSGSIZE, ENOMEM. */
int form_set_text(struct otelop_metadata *metadata, const char *key, const char *value);

#endif
