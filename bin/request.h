/* What otelop-spawn was asked for, and how that stands. */
#ifndef REQUEST_H
#define REQUEST_H

#include "cli.h"
#include "daemon/spawn.h"
#include "run_words.h"
#include "state/instance.h"
#include "state/statedir.h"

/* It is too large for the stack of who has little. */
struct request {
	struct cli_place place;		/* as: begins messages instead of our name and CMD's */
	char **argv;			/* what is to be started */
	const char *log;		/* -l, or NULL: the state directory's */
	int quiet_busy;
	long tail;			/* so many lines of the log are shown after a failure */
	const char *progress;		/* what is shown on a terminal while we wait, or NULL */
	int dry_run;
	int is_run;			/* argv is otelop-run: its words can be looked at */
	int is_native;			/* argv takes the lock itself */
	int is_strict;			/* what runs already is not joined */
	int is_foreground;		/* argv is to take our place */
	int is_again;			/* a restart: say after a failure how to start it again */
	int asks_servers;		/* what follows is still to be taken apart: see servers.h */
	int is_server;			/* argv is one of otelop-with's servers, strictly */
	char **next;			/* with it: what to become when it is ready, and so many words */
	long next_count;
	char *const *rest;		/* and what goes behind those, NULL-terminated */
	const char *runner;		/* --start: otelop-run, which our words are for, too */
	char **given;			/* with --start: the words of the command */
	long behind;			/* argv is a chain, in which so many words are in front of such a request; 0: no */
	int has_timeout;		/* -t was given */
	int is_unnamed;			/* nobody has said which instance it is */
	struct run_words words;		/* with is_run */
	struct otelop_spawn spawn;
	const char **set, **unset;	/* where the next -e and -u go */
	char **started_with;		/* what otelop-run is told of our own options */
	size_t started_count;
	char **room;			/* for otelop-run's words, with --start */

	struct instance instance;
	struct statedir dir;
	char log_path[OTELOP_PATH_SIZE];
	int chain_fd;			/* otelop.start, held; or -1 */
	int shows_progress;		/* 1: a line for a terminal is shown at the moment; -1: there is no terminal */
	int is_told;			/* the pid was asked for, and stdout has said whether it took it */
	int is_busy;			/* with quiet_busy: it was the lock, and nothing was said */
	struct otelop_spawn_result result;
	struct otelop_message progress_text;
};

extern const struct cli request_cli;

/*
 * Take the command line apart; mistakes end the program.  A request of our own, or with --start that of `otelop
 * start`, whose words are ours and otelop-run's in any order.
 */
struct request *request_parse(int argc, char *argv[]);

/*
 * What stands between the name of a command and its own words: `start` as name takes it, from argv[1] on.  The usage is
 * shown after a mistake.
 */
void request_parse_start(struct request *request, const char *name, const char *usage, int argc, char *argv[]);

/* Put the long options of `otelop start` into a table, that ends with them; and its letters. */
#define REQUEST_START_LETTERS "t:fl:d:m:e:u:"
void request_start_options(struct option *table);

/* Become the words of next, more (NULL-terminated), and the rest; what goes wrong is said by cli. */
void request_become_next(const struct cli *cli, const struct request *request, const char *const more[])
    __attribute__((noreturn));

/* Who speaks: --as, or we. */
struct cli request_speaker(const struct request *request);

/* Of request_outfit, for request itself: take one of -l, -t, -d, -m, -e and -u.  1; 0: it is none of these. */
int request_take_outfit(const struct cli *cli, struct request *request, int option);

/* What is to be told to otelop-run: an option and so much of its value, the name alone, for words are seen by everybody. */
void request_start_with(struct request *request, const char *option, const char *value, size_t length);

/* Cleared memory that is needed until the end; and two texts as one in such memory. */
void *request_allocate(size_t count, size_t size);
char *request_join(const char *front, const char *behind);

#endif
