/*
 * Whose the metadata is.
 *
 * A process's number is its own only on one host, in one pid namespace, and until it is given to another.  So what is
 * recorded beside it is what no change of a name or of the clock touches:
 *
 *	bootId		which run of which host; where there is none, host, its name
 *	pidNamespace	in which the number counts
 *	startTicks	the tick of that run in which the process began
 *	session		what may outlive the process is known by it
 *
 * Nothing is signalled, and no lock taken for lost, by the number alone.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "otelop.h"

/* Record when the process that pid names began, and its session; what cannot be told is taken out.  -1: ENOMEM, EMSGSIZE. */
int identity_set_process(struct otelop_metadata *metadata);

/* Record this host, this run of it, and this pid namespace, as far as they have names.  -1: ENOMEM. */
int identity_set_place(struct otelop_metadata *metadata);

/* Take out what ties it to a process: for who only tells of one, and does not hold the lock for it. */
int identity_forget_process(struct otelop_metadata *metadata);

enum identity_place {
	IDENTITY_HERE,			/* this host and this pid namespace, or nothing says otherwise */
	IDENTITY_PERHAPS_HERE,		/* this host; its pid namespace has a name, and ours has none that can be read */
	IDENTITY_OTHER_NAMESPACE,	/* this host, another pid namespace */
	IDENTITY_OTHER_HOST		/* or this one, before it was started again */
};

/* Where the pid in it counts.  The reason goes into message unless it is here.  To ask costs some 20 system calls. */
enum identity_place identity_place(const struct otelop_metadata *metadata, struct otelop_message *message);

/* Is it here, for certain?  1; or 0 and the reason. */
int identity_is_here(const struct otelop_metadata *metadata, struct otelop_message *message);

/*
 * Is the process that it names still that very process, by the tick in which it began?  1; 0: that one
 * has ended (a zombie has), or runs elsewhere; -1: one of this number lives, and nothing tells whether it
 * is the same: what upstream writes does not say.
 */
int identity_process_lives(const struct otelop_metadata *metadata);

/* The same, where the place has been asked for already. */
int identity_lives_at(const struct otelop_metadata *metadata, enum identity_place place);

/* The session that the process was in when it was recorded; 0: it is not known. */
pid_t identity_session(const struct otelop_metadata *metadata);

#endif
