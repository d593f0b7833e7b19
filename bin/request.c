/* What otelop-spawn was asked for: its words, and those of `otelop start`. */
#include "request.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"
#include "commands.h"
#include "process/exec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL = RUN_WORDS_LONG, PROGRESS, DRY_RUN, RUN, NATIVE, STRICT, AGAIN, START, BEHIND, SERVERS, SERVER };

static const struct option long_options[] = {
	{ "log", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' }, { "chdir", required_argument, NULL, 'd' },
	{ "umask", required_argument, NULL, 'm' }, { "env", required_argument, NULL, 'e' },
	{ "unset", required_argument, NULL, 'u' }, { "quiet-busy", no_argument, NULL, 'q' },
	{ "tail", required_argument, NULL, TAIL }, { "as", required_argument, NULL, CLI_AS },
	{ "progress", required_argument, NULL, PROGRESS }, { "dry-run", no_argument, NULL, DRY_RUN },
	{ "run", no_argument, NULL, RUN }, { "native", no_argument, NULL, NATIVE },
	{ "strict", no_argument, NULL, STRICT }, { "again", no_argument, NULL, AGAIN },
	{ "start", required_argument, NULL, START }, { "behind", required_argument, NULL, BEHIND },
	{ "servers", required_argument, NULL, SERVERS }, { "server", required_argument, NULL, SERVER },
	{ NULL, 0, NULL, 0 },
};

const struct cli request_cli = {
	"otelop-spawn",
	"otelop-spawn [-hqV] [-C DIR] [-n NAME] [-l LOG] [-t TIME] [-d DIR] [-m UMASK] [-e VAR[=VALUE]]... "
	"[-u VAR]... [--tail N] [--as NAME] [--progress TEXT] [--run | --native [--strict]] [--again] [--dry-run] [--] CMD [ARG...]\n"
	"otelop-spawn --start RUN [--as NAME] [-C DIR] [-n NAME] [-t TIME] [--again] [--dry-run] COMMAND [ARG...]\n"
	"otelop-spawn --behind N [--as NAME] [--] CMD [ARG...]\n"
	"otelop-spawn --start RUN --as NAME [-C DIR] [-n NAME] {--servers | --server} N -- [NEXT...] WORD...",
	"l:t:d:m:e:u:q", long_options, CLI_PROGRAM,
};

/* Of `otelop start` those that are not otelop-run's. */
static const struct option start_options[] = {
	{ "timeout", required_argument, NULL, 't' }, { "foreground", no_argument, NULL, 'f' },
	{ "native", no_argument, NULL, NATIVE }, { "strict", no_argument, NULL, STRICT },
	{ "log", required_argument, NULL, 'l' }, { "chdir", required_argument, NULL, 'd' },
	{ "umask", required_argument, NULL, 'm' }, { "env", required_argument, NULL, 'e' },
	{ "unset", required_argument, NULL, 'u' },
};
#define START_OPTIONS (sizeof(start_options) / sizeof(*start_options))
#define FRONT 5		/* words in front of otelop-run's own: itself, --join, --unnamed, and of -m and -l */

/* 1; 0: it is none of those that `otelop start` has, too. */
static int
take_shared(const struct cli *cli, struct request *request, int option)
{
	switch (option) {
	case NATIVE:
		request->is_native = 1;
		return 1;
	case STRICT:
		request->is_strict = 1;
		return 1;
	}
	return request_take_outfit(cli, request, option);
}

/* There is no more of either than words. */
static void
make_room(struct request *request, int argc)
{
	request->set = request_allocate((size_t)argc + 1, sizeof(*request->set));
	request->unset = request_allocate((size_t)argc + 1, sizeof(*request->unset));
	request->started_with = request_allocate((size_t)argc + FRONT, sizeof(*request->started_with));
	request->started_count = 0;
	request->spawn.set_env = request->set;
	request->spawn.unset_env = request->unset;
}

static void
take_options(struct request *request, int argc, char *argv[])
{
	const struct cli *cli = &request_cli;
	int option;

	while ((option = cli_option(cli, &request->place, argc, argv)) != -1)
		switch (option) {
		case 'q':
			request->quiet_busy = 1;
			break;
		case TAIL:
			request->tail = cli_number(cli, "--tail", optarg, 0, 10000);
			break;
		case PROGRESS:
			request->progress = optarg;
			break;
		case DRY_RUN:
			request->dry_run = 1;
			break;
		case RUN:
			request->is_run = 1;
			break;
		case AGAIN:
			request->is_again = 1;
			break;
		case START:
			request->runner = optarg;
			break;
		case BEHIND:
			request->behind = cli_number(cli, "--behind", optarg, 1, argc);
			break;
		case SERVERS:
		case SERVER:
			request->next_count = cli_number(cli, option == SERVER ? "--server" : "--servers", optarg, 0, argc);
			request->asks_servers = 1;
			request->is_server = option == SERVER;
			break;
		default:
			take_shared(cli, request, option);
		}
}

/* CMD may be otelop-run: what is wrong with its own words is found out before anything is made. */
static void
check(struct request *request, int argc, char *argv[])
{
	const struct cli *cli = &request_cli;

	if (optind >= argc)
		cli_usage_error(cli, "no command");
	if (request->is_run && request->is_native)
		cli_usage_error(cli, "--run and --native: only one of them");
	if (request->is_strict && !request->is_native)
		cli_usage_error(cli, "--strict: only with --native");
	if (request->is_again)
		cli_usage_error(cli, "--again: only with --start");
	request->argv = argv + optind;
	if (!request->is_run)
		return;
	argc -= optind;
	optind = 1;
	run_words_parse(&run_words_look_cli, &request->words, argc, request->argv);
	run_words_restore(&request->words);
}

/*
 * The words of `otelop start`: some are ours, and what is otelop-run's is handed on as it was given.  words has room
 * for all of them and for what is put in front.  How many there are in it.
 */
static size_t
take_start_options(const struct cli *cli, struct request *request, char **words, int argc, char *argv[])
{
	size_t count = 0;
	int option, before = optind;

	for (; (option = cli_option(cli, NULL, argc, argv)) != -1; before = optind)
		if (option == 'f') {
			request->is_foreground = 1;
		} else if (!take_shared(cli, request, option)) {
			run_words_take(cli, &request->words, option);
			while (before < optind)
				words[count++] = argv[before++];
		}
	return count;
}

static void
check_native(const struct cli *cli, struct request *request, size_t count, int argc, char *argv[])
{
	if (count > 0 || request->is_foreground ||
	    (optind < argc && strcmp(argv[optind - 1], "--") != 0))
		cli_usage_error(cli, "--native goes with -t, --strict, -l, -d, -m, -e and -u only");
	if (optind >= argc)
		cli_usage_error(cli, "no command: give it behind --");
	request->argv = argv + optind;
}

/* The daemon may begin in another directory than ours. */
static const char *
absolute(const char *path)
{
	char here[OTELOP_PATH_SIZE];

	if (*path == '/' || getcwd(here, sizeof(here)) == NULL)
		return path;
	return request_join(request_join(here, strcmp(here, "/") == 0 ? "" : "/"), path);
}

/* What is not said by words of its own.  How many there are. */
static size_t
make_front(struct request *request, char *front[])
{
	static char joins[] = "--join", unnamed[] = "--unnamed";
	char mask[8];
	size_t count = 0;

	if (request->spawn.set_umask) {
		snprintf(mask, sizeof(mask), "%04o", (unsigned)request->spawn.umask);
		request_start_with(request, "-m", mask, strlen(mask));
	}
	if (request->log != NULL)
		request_start_with(request, "-l", absolute(request->log), strlen(absolute(request->log)));
	front[count++] = (char *)(uintptr_t)request->runner;
	if (!request->is_foreground && !request->is_strict)
		front[count++] = joins;
	if (request->is_unnamed)
		front[count++] = unnamed;
	memcpy(front + count, request->started_with, request->started_count * sizeof(*front));
	return count + request->started_count;
}

/* otelop-run's words: those in front, those that have been taken, and the rest. */
static void
put_words(struct request *request, char *const taken[], size_t count, char *const rest[])
{
	char **words = request->argv = request->room;

	words += make_front(request, words);
	memcpy(words, taken, count * sizeof(*words));
	words += count;
	while ((*words++ = *rest++) != NULL)
		;
}

/* What goes to the terminal or to a supervisor cannot be looked into; with --log-max otelop-run writes the log itself. */
static void
check_foreground(const struct cli *cli, const struct request *request)
{
	const struct modes *modes = &request->words.modes;
	size_t i;

	for (i = 0; request->is_foreground && request->words.options.log_max == 0 && i < modes->count; i++)
		if (modes->items[i].kind == MODE_LOG)
			cli_usage_error(cli, "--ready: %s: needs the log, and -f writes none", modes->items[i].text);
}

static void
check_log(const struct cli *cli, const struct request *request)
{
	if (request->log != NULL && request->is_foreground)
		cli_usage_error(cli, "-f and -l: only one of them");
	if (request->log != NULL && request->words.options.log_max_text != NULL)
		cli_usage_error(cli, "--log-max and -l: only one of them: it is the state directory's log that is kept small");
}

void
request_start_options(struct option *table)
{
	memcpy(table, start_options, sizeof(start_options));
	run_words_options(table + START_OPTIONS);
}

void
request_parse_start(struct request *request, const char *name, const char *usage, int argc, char *argv[])
{
	struct option all[CLI_LONG_MAX + 1];
	struct cli cli = { name, usage, REQUEST_START_LETTERS, all, CLI_COMMAND };
	char **taken;
	size_t count;

	request_start_options(all);
	run_words_begin(&request->words);
	make_room(request, argc);
	request->given = argv + 1;
	request->room = request_allocate((size_t)argc * 2 + FRONT + 1, sizeof(*request->room));
	taken = request_allocate((size_t)argc + 1, sizeof(*taken));
	count = take_start_options(&cli, request, taken, argc, argv);
	check_log(&cli, request);
	if (request->is_native) {
		check_native(&cli, request, count, argc, argv);
		return;
	}
	request->is_run = 1;
	run_words_end(&cli, &request->words, argc, argv);
	check_foreground(&cli, request);
	run_words_restore(&request->words);
	put_words(request, taken, count, argv + optind);
	free(taken);
}

/* The words of the start that comes after what is to be become. */
static void
check_behind(struct request *request, int argc, char *argv[])
{
	request->argv = argv + optind;
	if (request->behind >= argc - optind)
		cli_usage_error(&request_cli, "--behind: there are not so many words, and a command line of a start behind them");
}

static void
parse_start(struct request *request, const char *command, int argc, char *argv[])
{
	char name[32];

	if (strcmp(command, "start") != 0 && strcmp(command, "restart") != 0)
		cli_usage_error(&request_cli, "%s: neither start nor restart", command);
	snprintf(name, sizeof(name), "otelop: %s", command);
	request_parse_start(request, name, COMMANDS_USAGE, argc, argv);
}

struct request *
request_parse(int argc, char *argv[])
{
	struct request *request = request_allocate(1, sizeof(*request));
	const char *command;

	request->tail = 10;
	request->chain_fd = -1;
	request->dir = (struct statedir)STATEDIR_INIT;
	request->spawn.timeout_ms = 60000;
	make_room(request, argc);
	take_options(request, argc, argv);
	if (request->asks_servers)
		return request;
	request->is_unnamed = !instance_is_chosen(request->place.dir, request->place.name);
	if (request->behind > 0)
		check_behind(request, argc, argv);
	else if (request->runner == NULL)
		check(request, argc, argv);
	else if ((command = cli_command_of_otelop(&request->place, &argc, &argv)) != NULL)
		parse_start(request, command, argc, argv);
	else
		cli_usage_error(&request_cli, "--start: needs --as otelop, and start or restart behind it");
	return request;
}

void
request_become_next(const struct cli *cli, const struct request *request, const char *const more[])
{
	struct otelop_message message;
	size_t count = 0, i;
	const char **words;

	while (more[count] != NULL)
		count++;
	for (i = 0; request->rest[i] != NULL; i++)
		;
	words = request_allocate((size_t)request->next_count + count + i + 1, sizeof(*words));
	memcpy(words, request->next, (size_t)request->next_count * sizeof(*words));
	memcpy(words + request->next_count, more, count * sizeof(*words));
	memcpy(words + request->next_count + count, request->rest, i * sizeof(*words));
	exec_command((char *const *)(uintptr_t)words);
	exec_failed(words[0], &message);
	cli_fail(cli, status_of_exec(errno), &message);
}

struct cli
request_speaker(const struct request *request)
{
	struct cli speaker = request_cli;

	if (request->place.as != NULL)
		speaker.name = request->place.as;
	return speaker;
}
