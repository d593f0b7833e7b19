/*
 * What every program here does alike: options, messages, statuses.  Only bin prints and exits.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "otelop.h"

enum cli_kind {
	CLI_PROGRAM,
	CLI_DAEMON,	/* whoever awaits its verdict is told of a mistake in the usage */
	CLI_COMMAND,	/* a command of otelop, name is "otelop: COMMAND"; --help shows all of them */
	CLI_WRAPPER	/* a script that leaves its words to a program; part of a long option's name is none, either */
};

struct cli {
	const char *name;
	const char *usage;	/* the SYNOPSIS, a line each */
	const char *options;	/* as getopt takes them; h, V, C, n and ':' are added */
	const struct option *long_options;	/* besides those of all programs; NULL-terminated */
	enum cli_kind kind;
};

/* Which state directory is meant: -C DIR (NULL: the environment's), -n NAME (NULL: not one below it). */
struct cli_place {
	const char *dir;
	const char *name;
	const char *as;		/* --as NAME, in whose name this program speaks, where it takes that; or NULL */
};

/* Options that take no letter get numbers from here on. */
#define CLI_LONG 256
#define CLI_LONG_MAX 48		/* how many long options a program may have */
#define CLI_AS (CLI_LONG + CLI_LONG_MAX + 1)	/* --as NAME, for a program that takes it */

/*
 * First of all: closed standard descriptors are filled, so that no file is taken for one, and what is
 * printed on stdout is kept until cli_end, so that an answer is one write.  Returns the sum of 1 << N for
 * the descriptors that were closed.
 */
int cli_begin(const struct cli *cli);

/*
 * The next option, or -1; --help, --version and mistakes end the program.  With place (else NULL) also -C and
 * -n, which go into it, and are not returned.  A program that has another -n has --name only.
 */
int cli_option(const struct cli *cli, struct cli_place *place, int argc, char *argv[]);

/*
 * What the otelop script leaves to the program that it becomes.  Behind --as=otelop the first operand may be a command
 * of otelop's, and what follows are the words of that: its name, and argc and argv begin with it from now on.  NULL:
 * otelop has not become us.
 */
const char *cli_command_of_otelop(const struct cli_place *place, int *argc, char ***argv);

/* A mistake in the usage: one line, the usage, status 2. */
void cli_usage_error(const struct cli *cli, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* What stands at optind is such a mistake. */
void cli_no_operands(const struct cli *cli, int argc, char *argv[]);

/* One line "NAME: …" on stderr, without what a terminal would take for a command. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* meta_set_pair has refused a member, with this errno: a mistake, unless it was for want of memory. */
void cli_member_error(const struct cli *cli, int error, const struct otelop_message *message)
    __attribute__((noreturn));

/* cli_say, and the end; it has a type only so that it can stand behind return. */
int cli_fail(const struct cli *cli, int status, const struct otelop_message *message)
    __attribute__((noreturn));

/*
 * Print what was kept.  status, also when whoever read stdout has gone away; or 125 and a line, when it
 * is full or closed.
 */
int cli_end(const struct cli *cli, int status);

/* From here on a reader of stdout or stderr that goes away is no signal; for a program that becomes no other. */
void cli_ignore_pipe(void);

/* Is stdout there to be written to?  Else 125 before anything has happened. */
void cli_need_stdout(const struct cli *cli);

/*
 * chain_enter, for so long at most.  With OTELOP_FOREVER, that others have to be waited for is said after a while, in
 * the name of `as`.
 */
int cli_enter_chain(const struct cli *as, const char *dir, int64_t limit_ms, int *waited,
    struct otelop_message *message);

/* Values of options; a mistake ends the program with status 2. */
int64_t cli_duration(const struct cli *cli, const char *option, const char *text);
int64_t cli_limit(const struct cli *cli, const char *option, const char *text);	/* 0: OTELOP_FOREVER */
long cli_number(const struct cli *cli, const char *option, const char *text, long low, long high);
int cli_signal(const struct cli *cli, const char *option, const char *text);
pid_t cli_pid(const struct cli *cli, const char *text);

/*
 * Which instance is meant; those that this program starts or becomes are told, too.  Failure ends the program with
 * status.
 */
struct instance;
void cli_instance(const struct cli *cli, const struct cli_place *place, int status, struct instance *instance);

/* The same, where only its directory matters. */
void cli_state_dir(const struct cli *cli, const struct cli_place *place, int status,
    char path[OTELOP_PATH_SIZE]);

/* The same, created and trusted. */
void cli_ensure_state_dir(const struct cli *cli, const struct cli_place *place,
    char path[OTELOP_PATH_SIZE]);

/* An instance's, created, trusted and open; what is odd about it is said by speaker. */
struct statedir;
void cli_open_state_dir(const struct cli *cli, const struct cli *speaker, const struct instance *instance,
    struct statedir *dir);

/* Say what is odd about a trusted one: a warning, where people look or begin. */
void cli_warn_state_dir(const struct cli *cli, const char *path);

/*
 * The operands [KEY=VALUE...] -- CMD [ARG...]: members gets the first, NULL-terminated, and the
 * command is returned.  What is wrong with either ends the program with status 2.
 */
char **cli_command(const struct cli *cli, int argc, char *argv[], char ***members);

/* Write text to a stream with control characters as \xNN. */
void cli_put_clean(const char *text, size_t length, FILE *stream);

/* The same for many lines: of the control characters, newlines and tabs stay. */
void cli_put_lines(const char *text, size_t length, FILE *stream);

/* A value on stdout: as it is, for a script; clean where stdout is a terminal. */
void cli_put_answer(const char *text, size_t length);

#endif
