/*
 * The form of a metadata object: the one canonical text that it has.  Which members there are is members.h's, what they
 * mean is meta.h's.
 */
#ifndef FORM_H
#define FORM_H

#include "otelop.h"

#include <stddef.h>

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
