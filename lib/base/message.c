/* Reasons, into the buffer of whoever will say them. */
#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REASON_ROOM 256

int
message_set(struct otelop_message *message, const char *format, ...)
{
	va_list arguments;

	if (message != NULL) {
		int saved = errno;

		va_start(arguments, format);
		vsnprintf(message->text, sizeof(message->text), format, arguments);
		va_end(arguments);
		errno = saved;
	}
	return -1;
}

int
message_errno(struct otelop_message *message, const char *format, ...)
{
	va_list arguments;

	if (message != NULL) {
		int saved = errno;
		size_t used;

		/* The reason is what matters: an endless path must leave room for it. */
		va_start(arguments, format);
		vsnprintf(message->text, sizeof(message->text) - REASON_ROOM, format, arguments);
		va_end(arguments);
		used = strlen(message->text);
		snprintf(message->text + used, sizeof(message->text) - used, ": %s",
		    strerror(saved));
		errno = saved;
	}
	return -1;
}

int
message_invalid(struct otelop_message *message, const char *what)
{
	errno = EINVAL;
	return message_set(message, "%s: not an argument", what);
}
