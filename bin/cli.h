/*
 * What every program here does alike: options, messages, statuses.  Only bin prints and exits.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "otelop.h"

struct cli {
	const char *name;
	const char *usage;	/* the SYNOPSIS, a line each */
	const char *options;	/* as getopt takes them; h, V, C, n and ':' are added */
	const struct option *long_options;	/* besides those of all programs; NULL-terminated */
	int is_daemon;	/* whoever awaits its verdict is told of a mistake in the usage */
};

/* Which state directory is meant: -C DIR (NULL: the environment's), -n NAME (NULL: not one below it). */
struct cli_place {
	const char *dir;
	const char *name;
};

/* Options that take no letter get numbers from here on. */
#define CLI_LONG 256
#define CLI_LONG_MAX 24		/* how many long options a program may have */

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

/* A mistake in the usage: one line, the usage, status 2. */
void cli_usage_error(const struct cli *cli, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

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

/* Values of options; a mistake ends the program with status 2. */
int64_t cli_duration(const struct cli *cli, const char *option, const char *text);
int64_t cli_limit(const struct cli *cli, const char *option, const char *text);	/* 0: OTELOP_FOREVER */
long cli_number(const struct cli *cli, const char *option, const char *text, long low, long high);
pid_t cli_pid(const struct cli *cli, const char *text);

/* Is it the name of an instance?  It becomes a directory's: nothing in it may be more than that. */
int cli_is_name(const char *name);

/* Where state lives; failure ends the program with status. */
void cli_state_dir(const struct cli *cli, const struct cli_place *place, int status,
    char path[OTELOP_PATH_SIZE]);

/* The same, created and trusted. */
void cli_ensure_state_dir(const struct cli *cli, const struct cli_place *place,
    char path[OTELOP_PATH_SIZE]);

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
