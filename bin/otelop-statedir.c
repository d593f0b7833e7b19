/* otelop-statedir: where state lives. */
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "commands.h"
#include "otelop.h"
#include "state/statedir.h"
#include "tail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL = CLI_LONG, FOLLOW, COMPLAIN, SAY, NOTE, NOTES };

static const struct option long_options[] = {
	{ "ensure", no_argument, NULL, 'e' },
	{ "log", no_argument, NULL, 'l' }, { "metadata", no_argument, NULL, 'm' },
	{ "tail", required_argument, NULL, TAIL }, { "follow", no_argument, NULL, FOLLOW },
	{ "as", required_argument, NULL, CLI_AS }, { "complain", required_argument, NULL, COMPLAIN },
	{ "say", required_argument, NULL, SAY }, { "note", required_argument, NULL, NOTE },
	{ "notes", no_argument, NULL, NOTES },
	{ NULL, 0, NULL, 0 },
};
static const struct option logs_options[] = {
	{ "follow", no_argument, NULL, 'f' }, { "lines", required_argument, NULL, 'N' }, { NULL, 0, NULL, 0 },
};
static const struct option no_options[] = { { NULL, 0, NULL, 0 } };

static const struct cli cli = {
	"otelop-statedir",
	"otelop-statedir [-ehV] [-C DIR] [-n NAME] [-l | -m]\n"
	"otelop-statedir [-C DIR] [-n NAME] --tail N [--follow]\n"
	"otelop-statedir --as otelop [-C DIR] [-n NAME] COMMAND [ARG...]\n"
	"otelop-statedir --complain TEXT\n"
	"otelop-statedir --as NAME --say TEXT\n"
	"otelop-statedir [--as NAME] [-C DIR] [-n NAME] --note TEXT | --notes",
	"elm", long_options, CLI_PROGRAM,
};
static const struct cli otelop_cli = { "otelop", COMMANDS_USAGE, "", no_options, CLI_COMMAND };
static const struct cli logs_cli = { "otelop: logs", COMMANDS_USAGE, "fN:", logs_options, CLI_COMMAND };
static const struct cli help_cli = { "otelop: help", COMMANDS_USAGE, "", no_options, CLI_COMMAND };
static const struct cli version_cli = { "otelop: version", COMMANDS_USAGE, "", no_options, CLI_COMMAND };

struct request {
	struct cli_place place;
	int ensure;
	int log;
	int metadata;
	long lines;		/* of the log; -1: no matter */
	int follow;
	const char *note;	/* to be taken down, or NULL */
	int notes;
};

/* The words of a command that takes none. */
static void
no_words(const struct cli *of, int argc, char *argv[])
{
	while (cli_option(of, NULL, argc, argv) != -1)
		;
	cli_no_operands(of, argc, argv);
}

static void
help(int argc, char *argv[])
{
	while (cli_option(&help_cli, NULL, argc, argv) != -1)
		;
	if (argc - optind > 1)
		cli_usage_error(&help_cli, "%s: unexpected operand", argv[optind + 1]);
	if (optind == argc)
		commands_print();
	else if (!commands_print_one(argv[optind]))
		cli_usage_error(&help_cli, "%s: unknown command", argv[optind]);
}

static int
show_log(const struct request *request)
{
	char dir[OTELOP_PATH_SIZE];

	cli_state_dir(&cli, &request->place, STATUS_FAILED, dir);
	return tail_log(&cli, dir, request->lines, request->follow);
}

static int
run_logs(struct request *request, int argc, char *argv[])
{
	int option;

	request->lines = 10;
	while ((option = cli_option(&logs_cli, NULL, argc, argv)) != -1)
		if (option == 'f')
			request->follow = 1;
		else
			request->lines = cli_number(&logs_cli, "-N", optarg, 0, LONG_MAX);
	cli_no_operands(&logs_cli, argc, argv);
	return show_log(request);
}

static int
run_command_of_otelop(struct request *request, const char *command, int argc, char *argv[])
{
	if (strcmp(command, "logs") == 0)
		return run_logs(request, argc, argv);
	if (strcmp(command, "help") == 0) {
		help(argc, argv);
	} else if (strcmp(command, "version") == 0) {
		no_words(&version_cli, argc, argv);
		printf("%s %s\n", otelop_cli.name, OTELOP_VERSION);
	} else if (strcmp(command, "usage") == 0) {
		commands_print();
	} else {
		cli_usage_error(&otelop_cli, "%s: unknown command", command);
	}
	return cli_end(&cli, STATUS_DONE);
}

/* For a script: a line in its name, without what a terminal would take for a command. */
static void
say(const struct request *request, const char *text)
{
	struct cli speaker = { .name = request->place.as != NULL ? request->place.as : cli.name };

	cli_say(&speaker, "%s", text);
	exit(STATUS_DONE);
}

static void
parse(struct request *request, int argc, char *argv[])
{
	int option;

	while ((option = cli_option(&cli, &request->place, argc, argv)) != -1)
		switch (option) {
		case 'e':
			request->ensure = 1;
			break;
		case 'l':
			request->log = 1;
			break;
		case 'm':
			request->metadata = 1;
			break;
		case TAIL:
			request->lines = cli_number(&cli, "--tail", optarg, 0, LONG_MAX);
			break;
		case COMPLAIN:
			cli_usage_error(&otelop_cli, "%s", optarg);
			break;
		case SAY:
			say(request, optarg);
			break;
		case FOLLOW:
			request->follow = 1;
			break;
		case NOTE:
			request->note = optarg;
			break;
		case NOTES:
			request->notes = 1;
			break;
		}
}

static void
check(const struct request *request, int argc, char *argv[])
{
	if (request->log && request->metadata)
		cli_usage_error(&cli, "-l and -m: only one of them");
	if (request->follow && request->lines < 0)
		cli_usage_error(&cli, "--follow: only with --tail");
	if (request->lines >= 0 && (request->ensure || request->log || request->metadata))
		cli_usage_error(&cli, "--tail: not with -e, -l or -m");
	if ((request->note != NULL) + request->notes + (request->ensure || request->log || request->metadata ||
	    request->lines >= 0) > 1)
		cli_usage_error(&cli, "--note and --notes: only one of them, and alone");
	cli_no_operands(&cli, argc, argv);
}

/* What a script takes down where nobody else can have put a link; a shell would open it by its path. */
static int
take_down(const struct request *request)
{
	struct cli speaker = { .name = request->place.as != NULL ? request->place.as : cli.name };
	struct statedir dir = STATEDIR_INIT;
	char path[OTELOP_PATH_SIZE];
	struct otelop_message message;
	int fd;

	cli_state_dir(&cli, &request->place, STATUS_FAILED, path);
	if (statedir_open(&dir, path, &message) < 0 ||
	    (fd = statedir_open_file(&dir, STATEDIR_NOTES, O_WRONLY | O_APPEND | O_CREAT, &message)) < 0)
		return cli_fail(&speaker, STATUS_FAILED, &message);
	if (io_write_all(fd, request->note, strlen(request->note)) < 0 || io_write_all(fd, "\n", 1) < 0) {
		message_errno(&message, "%s/%s: cannot write", path, STATEDIR_NOTES);
		cli_fail(&speaker, STATUS_FAILED, &message);
	}
	io_close(&fd);
	statedir_close(&dir);
	return STATUS_DONE;
}

/* All that was taken down. */
static int
print_notes(const struct request *request)
{
	struct statedir dir = STATEDIR_INIT;
	char path[OTELOP_PATH_SIZE], bytes[4096];
	struct otelop_message message;
	ssize_t n = 0;
	int fd;

	cli_state_dir(&cli, &request->place, STATUS_FAILED, path);
	if (statedir_open(&dir, path, &message) < 0 ||
	    (fd = statedir_open_file(&dir, STATEDIR_NOTES, O_RDONLY, &message)) < 0)
		return cli_fail(&cli, errno == ENOENT ? STATUS_NO : STATUS_UNKNOWN, &message);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, stdout);
	if (n < 0) {
		message_errno(&message, "%s/%s: cannot read", path, STATEDIR_NOTES);
		cli_fail(&cli, STATUS_UNKNOWN, &message);
	}
	io_close(&fd);
	statedir_close(&dir);
	return cli_end(&cli, STATUS_DONE);
}

static int
print_path(const struct request *request)
{
	char dir[OTELOP_PATH_SIZE], path[OTELOP_PATH_SIZE];

	cli_state_dir(&cli, &request->place, STATUS_FAILED, dir);
	if (request->ensure) {
		cli_ensure_state_dir(&cli, &request->place, dir);
		cli_warn_state_dir(&cli, dir);
	}
	if ((request->log ? otelop_log_file(dir, path, sizeof(path)) :
	    request->metadata ? otelop_metadata_file(dir, path, sizeof(path)) :
	    io_format(path, sizeof(path), "%s", dir)) < 0) {
		struct otelop_message message;

		message_errno(&message, "%s: cannot name a file in it", dir);
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	cli_put_answer(path, strlen(path));
	putchar('\n');
	return cli_end(&cli, STATUS_DONE);
}

int
main(int argc, char *argv[])
{
	struct request request = { .lines = -1 };
	const char *command;

	cli_begin(&cli);
	cli_ignore_pipe();
	parse(&request, argc, argv);
	if ((command = cli_command_of_otelop(&request.place, &argc, &argv)) != NULL)
		return run_command_of_otelop(&request, command, argc, argv);
	check(&request, argc, argv);
	if (request.note != NULL)
		return take_down(&request);
	if (request.notes)
		return print_notes(&request);
	return request.lines >= 0 ? show_log(&request) : print_path(&request);
}
