/* Reasons: "OBJECT: what failed: why", into the buffer of whoever will say them. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "otelop.h"

/* Put a reason into the caller's buffer (NULL: nowhere).  errno is kept.  Returns -1. */
int message_set(struct otelop_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, followed by ": " and errno's text. */
int message_errno(struct otelop_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* EINVAL, and that what is no argument.  Returns -1. */
int message_invalid(struct otelop_message *message, const char *what);

#endif
