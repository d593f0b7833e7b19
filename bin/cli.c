/* What every program here does alike: options, messages, statuses. */
#include "cli.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"
#include "commands.h"
#include "daemon/verdict.h"
#include "state/instance.h"
#include "state/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME = CLI_LONG + CLI_LONG_MAX };	/* --name, and -n where that is free */

#define ANSWER_SIZE (4 * OTELOP_METADATA_MAX)	/* a whole object, with its control characters escaped */

int
cli_begin(const struct cli *cli)
{
	/* A message is one write, so that those of several programs do not mix in a log. */
	static char line[2 * OTELOP_MESSAGE_SIZE];
	static char answer[ANSWER_SIZE];
	int closed = io_fill_standard();

	setvbuf(stderr, line, _IOLBF, sizeof(line));
	setvbuf(stdout, answer, _IOFBF, sizeof(answer));
	if (closed < 0) {
		cli_say(cli, "/dev/null: cannot open: %s", strerror(errno));
		exit(STATUS_FAILED);
	}
	return closed;
}

/* Whoever read may have gone away: that ends nothing.  What SIGPIPE did before is put back for a command. */
static void
ignore_pipe(struct sigaction *before)
{
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, before);
}

static void
print_usage(const struct cli *cli, FILE *stream)
{
	const char *line = cli->usage, *prefix = "usage: ";

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		fprintf(stream, "%s%.*s\n", prefix, (int)length, line);
		line += length + (line[length] == '\n');
		prefix = "       ";
	}
}

static void
put_clean_line(const struct cli *cli, const char *text)
{
	struct sigaction before;

	ignore_pipe(&before);
	cli_put_clean(cli->name, strlen(cli->name), stderr);
	fputs(": ", stderr);
	cli_put_clean(text, strlen(text), stderr);
	fputc('\n', stderr);
	sigaction(SIGPIPE, &before, NULL);
}

void
cli_put_clean(const char *text, size_t length, FILE *stream)
{
	char shown[TEXT_SHOWN_MAX];
	size_t at, taken;

	for (at = 0; at < length; at += taken) {
		size_t n = text_next(text + at, length - at, shown, &taken);

		fwrite(shown, 1, n, stream);
	}
}

void
cli_put_lines(const char *text, size_t length, FILE *stream)
{
	size_t at = 0, n;

	for (; at < length; at += n) {
		for (n = 0; at + n < length && text[at + n] != '\n' && text[at + n] != '\t'; n++)
			;
		cli_put_clean(text + at, n, stream);
		if (at + n < length)
			fputc(text[at + n++], stream);
	}
}

void
cli_put_answer(const char *text, size_t length)
{
	if (isatty(STDOUT_FILENO))
		cli_put_clean(text, length, stdout);
	else
		fwrite(text, 1, length, stdout);
}

void
cli_say(const struct cli *cli, const char *format, ...)
{
	struct otelop_message message;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message.text, sizeof(message.text), format, arguments);
	va_end(arguments);
	put_clean_line(cli, message.text);
}

/* A mistake in the usage is a verdict, too. */
static void
tell_launcher(const char *text)
{
	char line[VERDICT_LINE_MAX + 1], lines[VERDICT_LINE_MAX + 32];

	verdict_one_line("err:", text, line);
	if (io_format(lines, sizeof(lines), "set:exitCode=%d\n%s\n", STATUS_USAGE, line) == 0)
		verdict_say_pipe(otelop_ready_pipe(), lines);
}

void
cli_usage_error(const struct cli *cli, const char *format, ...)
{
	struct otelop_message message;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message.text, sizeof(message.text), format, arguments);
	va_end(arguments);
	ignore_pipe(NULL);
	if (cli->kind == CLI_DAEMON)
		tell_launcher(message.text);
	put_clean_line(cli, message.text);
	print_usage(cli, stderr);
	exit(STATUS_USAGE);
}

void
cli_no_operands(const struct cli *cli, int argc, char *argv[])
{
	if (optind < argc)
		cli_usage_error(cli, "%s: unexpected operand", argv[optind]);
}

int
cli_fail(const struct cli *cli, int status, const struct otelop_message *message)
{
	put_clean_line(cli, message->text);
	for (;;)	/* not every compiler knows that exit is the end */
		exit(status);
}

void
cli_member_error(const struct cli *cli, int error, const struct otelop_message *message)
{
	if (error == ENOMEM)
		cli_fail(cli, STATUS_FAILED, message);
	cli_usage_error(cli, "%s", message->text);
}

int
cli_end(const struct cli *cli, int status)
{
	int had_failed = ferror(stdout);

	ignore_pipe(NULL);
	/* fclose and not fflush: some errors come only when the file is closed. */
	if (fclose(stdout) != 0 ? errno != EPIPE : had_failed) {
		cli_say(cli, "stdout: cannot write: %s", strerror(errno));
		return STATUS_FAILED;
	}
	return status;
}

void
cli_ignore_pipe(void)
{
	ignore_pipe(NULL);
}

void
cli_need_stdout(const struct cli *cli)
{
	struct otelop_message message;
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return;
	errno = EBADF;
	message_errno(&message, "stdout: cannot write");
	cli_fail(cli, STATUS_FAILED, &message);
}

/* Is word a long option, perhaps shortened, that was given a value it does not take? */
static int
has_needless_value(const char *word, const struct option *all)
{
	size_t length = strcspn(word, "=");

	if (strncmp(word, "--", 2) != 0 || word[length] != '=')
		return 0;
	for (; all->name != NULL; all++)
		if (strncmp(all->name, word + 2, length - 2) == 0 && all->has_arg == no_argument &&
		    all->val == optopt)
			return 1;
	return 0;
}

static void
refuse_option(const struct cli *cli, int found, int argc, char *argv[], const struct option *all)
{
	const char *what = found == ':' ? "needs a value" : "unknown option";
	/* musl counts the value that is not there. */
	const char *word = argv[(optind <= argc ? optind : argc) - 1];

	if (has_needless_value(word, all))
		cli_usage_error(cli, "%s: takes no value", word);
	/* A long option is a whole word; a letter may stand inside one. */
	if (strncmp(word, "--", 2) == 0 && (optopt == 0 || optopt >= CLI_LONG || found == ':'))
		cli_usage_error(cli, "%s: %s", word, what);
	cli_usage_error(cli, "-%c: %s", optopt, what);
}

/*
 * To a command of otelop or to otelop-with, part of a long option's name is none: scripts are written with them, and what is the only one of
 * that beginning today need not be so tomorrow.
 */
static void
refuse_part(const struct cli *cli, const char *word, const struct option *all)
{
	size_t length = strcspn(word, "=");

	while (all->name != NULL && (strncmp(all->name, word + 2, length - 2) != 0 || strlen(all->name) != length - 2))
		all++;
	if (all->name == NULL)
		cli_usage_error(cli, "%s: unknown option", word);
}

/* The next option of the command line, as getopt_long says it; all has room for CLI_LONG_MAX more. */
static int
next_option(const struct cli *cli, int with_place, int argc, char *argv[])
{
	struct option all[CLI_LONG_MAX + 5] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ "state-dir", required_argument, NULL, 'C' }, { "name", required_argument, NULL, NAME },
	};
	/* '+': options before operands only; ':': a missing value is told apart. */
	char letters[64] = "+:hV";
	int i, found, own = with_place ? 4 : 2;

	for (i = 0; i < CLI_LONG_MAX && cli->long_options[i].name != NULL; i++)
		all[own + i] = cli->long_options[i];
	all[own + i] = (struct option){ NULL, 0, NULL, 0 };
	snprintf(letters + 4, sizeof(letters) - 4, "%s%s", cli->options,
	    !with_place ? "" : strchr(cli->options, 'n') != NULL ? "C:" : "C:n:");
	if (cli->kind >= CLI_COMMAND && optind < argc && strncmp(argv[optind], "--", 2) == 0 && argv[optind][2] != '\0')
		refuse_part(cli, argv[optind], all);
	opterr = 0;
	found = getopt_long(argc, argv, letters, all, NULL);
	if (found == '?' || found == ':')
		refuse_option(cli, found, argc, argv, all);
	return found == 'n' && with_place && strchr(cli->options, 'n') == NULL ? NAME : found;
}

/* Of "otelop: start" the part that is no command's. */
static int
program_length(const struct cli *cli)
{
	return (int)strcspn(cli->name, cli->kind == CLI_COMMAND ? ":" : "");
}

static int
is_otelop(const struct cli_place *place)
{
	return place->as != NULL && strcmp(place->as, "otelop") == 0;
}

static const char *
take_name(const struct cli *cli, const struct cli_place *place, const char *name)
{
	const struct cli otelop = { "otelop", COMMANDS_USAGE, "", NULL, CLI_COMMAND };

	if (!instance_is_name(name))
		cli_usage_error(is_otelop(place) ? &otelop : cli, "-n: not an instance name: %s", name);
	return name;
}

static void
print_help(const struct cli *cli)
{
	const char *command = cli->kind == CLI_COMMAND ? strchr(cli->name, ':') : NULL;

	if (command == NULL || !commands_print_one(command + 2))
		print_usage(cli, stdout);
	exit(cli_end(cli, STATUS_DONE));
}

int
cli_option(const struct cli *cli, struct cli_place *place, int argc, char *argv[])
{
	int found;

	for (;;)
		switch (found = next_option(cli, place != NULL, argc, argv)) {
		case 'h':
			print_help(cli);
			break;
		case 'V':
			printf("%.*s %s\n", program_length(cli), cli->name, OTELOP_VERSION);
			exit(cli_end(cli, STATUS_DONE));
		case 'C':
			if (place == NULL)
				return found;
			place->dir = optarg;
			break;
		case NAME:
			place->name = take_name(cli, place, optarg);
			break;
		case CLI_AS:
			place->as = optarg;
			break;
		default:
			return found;
		}
}

const char *
cli_command_of_otelop(const struct cli_place *place, int *argc, char ***argv)
{
	if (!is_otelop(place) || optind >= *argc ||
	    strcmp((*argv)[optind - 1], "--") == 0)
		return NULL;
	*argc -= optind;
	*argv += optind;
	optind = 1;
	return **argv;
}

char **
cli_command(const struct cli *cli, int argc, char *argv[], char ***members)
{
	struct otelop_metadata scratch = OTELOP_METADATA_INIT;
	struct otelop_message message;
	int separator = optind, i;

	/* getopt has taken a "--" that directly follows the options. */
	if (optind > 1 && strcmp(argv[optind - 1], "--") == 0)
		separator = --optind;
	while (separator < argc && strcmp(argv[separator], "--") != 0)
		separator++;
	for (i = optind; i < separator; i++) {
		if (strchr(argv[i], '=') == NULL)
			cli_usage_error(cli, "%s: not KEY=VALUE; a command stands behind --", argv[i]);
		if (meta_set_pair(&scratch, argv[i], 0, &message) < 0)
			cli_member_error(cli, errno, &message);
	}
	otelop_metadata_free(&scratch);
	if (separator + 1 >= argc)
		cli_usage_error(cli, "no command: give it behind --");
	argv[separator] = NULL;
	*members = argv + optind;
	return argv + separator + 1;
}
