/*
 * The modes of otelop-run's --ready: what is to say that a command is ready.  Each --ready is a group of modes that
 * commas join; any of them is enough for the group, and the command is ready when that is so of every group.
 */
#ifndef MODES_H
#define MODES_H

#include <stddef.h>
#include <stdint.h>

#include "otelop.h"

#define MODES_AUTO "fd,notify,listen"
#define MODES_MAX 32		/* in all groups together; more are refused */
#define MODES_HOST_SIZE 256

enum mode_kind {
	MODE_FD,
	MODE_NOTIFY,
	MODE_LISTEN,
	MODE_CONNECT,
	MODE_URL,
	MODE_CHECK,
	MODE_LOG,
	MODE_UP,
	MODE_EXEC,
	MODE_KINDS
};

/* What points to text is in the caller's, and has no end of its own unless that is said. */
struct mode {
	enum mode_kind kind;
	unsigned group;		/* its number */
	const char *text;	/* as it was given */
	size_t length;
	const char *target;	/* check's command, log's ERE, the URL: to the end of the text; connect's path */
	size_t target_length;
	const char *host;	/* of connect and of a URL; NULL: connect is to the path */
	size_t host_length;
	unsigned port;		/* theirs, or listen's; 0: any, or none */
	int64_t up_ms;
};

/* Cleared: there are none. */
struct modes {
	struct mode items[MODES_MAX];
	size_t count;
	const char *texts[MODES_MAX + 1];	/* of each group, NULL behind the last */
	unsigned groups;
};

/* One more group: MODE[,MODE...]; what begins with check:, log: or is a URL takes the rest.  -1: EINVAL. */
int modes_add(struct modes *modes, const char *text, struct otelop_message *message);

/* As they were given, in one line for people, as much as there is room for. */
void modes_describe(const struct modes *modes, char *text, size_t size);

/* Is there one of this kind? */
int modes_have(const struct modes *modes, enum mode_kind kind);

/* Is any group only of this kind? */
int modes_need(const struct modes *modes, enum mode_kind kind);

/* Is there one of this kind in every group? */
int modes_suffice(const struct modes *modes, enum mode_kind kind);

#endif
