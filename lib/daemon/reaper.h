/*
 * The process between a caller of the library and the command that he starts, while the start lasts.
 *
 * It is the command's parent, every orphan below it comes to it where the system can do that, and it tells how
 * the command ended.  So nothing depends on the caller's SIGCHLD, on who reaps whom in its threads, or on a
 * setting of its process.  The command is not reaped before the reaper goes, so neither its number nor its
 * session's can mean anybody else meanwhile.  The reaper goes when the caller closes his end of the news, or
 * dies; what is left then is init's.
 *
 * The caller may have threads: what the reaper does is async-signal-safe.
 */
#ifndef REAPER_H
#define REAPER_H

#include <sys/types.h>

/* What it says: the command's number, once that prepares itself, and how it has ended. */
struct reaper_news {
	pid_t pid;
	int code;	/* as in siginfo_t; 0: it runs */
	int status;
};

struct reaper {
	pid_t pid;		/* -1: none, or not yet */
	int news[2];		/* the caller's end, and its own */
};
#define REAPER_INIT { -1, { -1, -1 } }

/* Make the news.  0 or -1. */
int reaper_open(struct reaper *reaper);

/*
 * In the child that the caller has forked, with all signals blocked: become the reaper, which does not return, and
 * fork the command, which does.  0; -1: errno.
 */
int reaper_fork(const struct reaper *reaper);

/* The caller's part once it has forked: his end alone, which waits for what is read from it until reaper_watch. */
void reaper_forked(struct reaper *reaper, pid_t pid);
int reaper_watch(struct reaper *reaper);

/* The next of its news.  1; 0: there is none now; -1: it has gone, and will say nothing more. */
int reaper_next(const struct reaper *reaper, struct reaper_news *news);

/* Let it go, and wait until it has. */
void reaper_dismiss(struct reaper *reaper);

#endif
