/*
 * The words that otelop-run takes, for itself and for otelop-spawn, which looks at them before anything is
 * made.
 */
#ifndef RUN_WORDS_H
#define RUN_WORDS_H

#include "cli.h"
#include "daemon/modes.h"
#include "daemon/run_options.h"

/* Strings, a NULL behind the last one. */
struct list {
	const char **items;
	size_t count;
};

struct run_words {
	struct cli_place place;
	struct run_options options;	/* but for state_dir */
	struct modes modes;
	struct list environment;	/* of options */
	struct list unset;
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

/*
 * The same in steps, for who takes words of its own as well, with numbers from RUN_WORDS_LONG on: put the options into
 * a table, that ends with them; begin; take each; and when there are no more, look at the operands.
 */
#define RUN_WORDS_LONG (CLI_LONG + 32)
void run_words_options(struct option *table);
void run_words_begin(struct run_words *words);
/* Add to a list of variables, VAR=VALUE or VAR, of which of the same name the last one counts. */
void run_words_add(const struct cli *cli, struct list *list, const char *item, size_t name_length);

void run_words_take(const struct cli *cli, struct run_words *words, int option);
void run_words_end(const struct cli *cli, struct run_words *words, int argc, char *argv[]);

#endif
