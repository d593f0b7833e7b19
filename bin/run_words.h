/*
 * The words that otelop-run takes, for itself and for otelop-spawn, which looks at them before anything is
 * made.
 */
#ifndef RUN_WORDS_H
#define RUN_WORDS_H

#include "cli.h"
#include "daemon/readiness.h"
#include "daemon/run_options.h"

struct run_words {
	struct cli_place place;
	struct run_options options;	/* but for state_dir */
	struct readiness_modes modes;
	char **command;
	int dry_run;
};

/* How otelop-run speaks of them: as what a launcher may wait for, and as somebody who only looks at them. */
extern const struct cli run_words_cli;
extern const struct cli run_words_look_cli;

/*
 * A mistake ends the program with status 2.  Words points to itself and into argv, in which the "--" in front of
 * the command is NULL from now on.
 */
void run_words_parse(const struct cli *cli, struct run_words *words, int argc, char *argv[]);

/* Make argv again what it was. */
void run_words_restore(struct run_words *words);

#endif
