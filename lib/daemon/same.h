/* Is what runs what a start asks for?  And where it is, in what does it differ? */
#ifndef SAME_H
#define SAME_H

#include "otelop.h"

/* What a start asks for. */
struct same_want {
	char *const *argv;
	const char *const *environment;	/* of -e, VAR=VALUE or VAR, NULL-terminated; NULL: as it is */
	const char *const *unset;	/* of -u */
	const char *cwd;		/* NULL: the caller's */
	int is_unnamed;			/* nobody has said which instance: it is another one in another directory */
	const struct otelop_metadata *recorded;	/* what would be recorded of it, to tell what differs; or NULL */
};

enum same {
	SAME,
	SAME_NOT,		/* another command, or one that could not be recorded */
	SAME_ELSEWHERE,		/* the same words, in another directory */
	SAME_OTHERWISE		/* with another environment */
};

/*
 * The same are: the same words; the same -e and -u, in any order; and where a word begins at the directory, or the
 * instance is nobody's choice, the same directory.  What could not be recorded is the same as nothing.
 */
enum same same_judge(const struct otelop_metadata *metadata, const struct same_want *want);

/*
 * Of the same command: the options and members that are other ones than what would be recorded of the start, for
 * people, or an empty text.
 */
void same_differences(const struct otelop_metadata *metadata, const struct otelop_metadata *recorded,
    struct otelop_message *names);

/* Does the daemon not know of us (upstream's)?  It says neither state nor command, and what runs may be any command. */
int same_is_foreign(const struct otelop_metadata *metadata);

#endif
