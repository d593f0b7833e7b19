/* What otelop-spawn was asked for: its words, and those of `otelop start`. */
#include "request.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"
#include "process/exec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL = RUN_WORDS_LONG, PROGRESS, DRY_RUN, RUN, NATIVE, STRICT, AGAIN, START, SERVERS, SERVER };

static const struct option long_options[] = {
	{ "log", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' }, { "chdir", required_argument, NULL, 'd' },
	{ "umask", required_argument, NULL, 'm' }, { "env", required_argument, NULL, 'e' },
	{ "unset", required_argument, NULL, 'u' }, { "quiet-busy", no_argument, NULL, 'q' },
	{ "tail", required_argument, NULL, TAIL }, { "as", required_argument, NULL, CLI_AS },
	{ "progress", required_argument, NULL, PROGRESS }, { "dry-run", no_argument, NULL, DRY_RUN },
	{ "run", no_argument, NULL, RUN }, { "native", no_argument, NULL, NATIVE },
	{ "strict", no_argument, NULL, STRICT }, { "again", no_argument, NULL, AGAIN },
	{ "start", required_argument, NULL, START },
	{ "servers", required_argument, NULL, SERVERS }, { "server", required_argument, NULL, SERVER },
	{ NULL, 0, NULL, 0 },
};

const struct cli request_cli = {
	"otelop-spawn",
	"otelop-spawn [-hqV] [-C DIR] [-n NAME] [-l LOG] [-t TIME] [-d DIR] [-m UMASK] [-e VAR=VALUE]... "
	"[-u VAR]... [--tail N] [--as NAME] [--progress TEXT] [--run | --native [--strict]] [--again] [--dry-run] [--] CMD [ARG...]\n"
	"otelop-spawn --start RUN [--as NAME] [-C DIR] [-n NAME] [-t TIME] [--dry-run] COMMAND [ARG...]\n"
	"otelop-spawn --start RUN --as NAME [-C DIR] [-n NAME] {--servers | --server} N -- [NEXT...] WORD...",
	"l:t:d:m:e:u:q", long_options, CLI_PROGRAM,
};

/* Of `otelop start` those that are not otelop-run's. */
static const struct option start_options[] = {
	{ "timeout", required_argument, NULL, 't' }, { "foreground", no_argument, NULL, 'f' },
	{ "native", no_argument, NULL, NATIVE }, { "strict", no_argument, NULL, STRICT },
};
#define START_OPTIONS (sizeof(start_options) / sizeof(*start_options))
#define FRONT 4		/* words in front of otelop-run's own: itself, -C, -n, --join */

/* Cleared memory that is needed until the end. */
static void *
allocate(size_t count, size_t size)
{
	struct otelop_message message;
	void *memory = calloc(count, size);

	if (memory == NULL) {
		message_errno(&message, "memory: cannot allocate the words of the command");
		cli_fail(&request_cli, STATUS_FAILED, &message);
	}
	return memory;
}

static char *
join(const char *option, const char *value)
{
	return strcat(strcpy(allocate(strlen(option) + strlen(value) + 1, 1), option), value);
}

static mode_t
parse_umask(const char *text)
{
	const char *end = text;
	unsigned long long mask;

	if (*text < '0' || *text > '7' || !text_take_number(&end, 8, &mask) || *end != '\0' || mask > 0777)
		cli_usage_error(&request_cli, "-m: not an octal mask: %s", text);
	return (mode_t)mask;
}

static const char *
parse_variable(const char *option, const char *text, int with_value)
{
	const char *equals = strchr(text, '=');

	if (*text == '\0' || equals == text || (equals != NULL) != with_value)
		cli_usage_error(&request_cli, "%s: not %s: %s", option, with_value ? "VAR=VALUE" : "a variable",
		    text);
	return text;
}

/* The variables have room for every word of the command line. */
static void
take_options(struct request *request, const char **set, const char **unset, int argc, char *argv[])
{
	const struct cli *cli = &request_cli;
	int option;

	while ((option = cli_option(cli, &request->place, argc, argv)) != -1)
		switch (option) {
		case 'l':
			request->log = optarg;
			break;
		case 't':
			request->spawn.timeout_ms = cli_limit(cli, "-t", optarg);
			break;
		case 'd':
			request->spawn.cwd = optarg;
			break;
		case 'm':
			request->spawn.umask = parse_umask(optarg);
			request->spawn.set_umask = 1;
			break;
		case 'e':
			*set++ = parse_variable("-e", optarg, 1);
			break;
		case 'u':
			*unset++ = parse_variable("-u", optarg, 0);
			break;
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
		case NATIVE:
			request->is_native = 1;
			break;
		case STRICT:
			request->is_strict = 1;
			break;
		case AGAIN:
			request->is_again = 1;
			break;
		case START:
			request->runner = optarg;
			break;
		case SERVERS:
		case SERVER:
			request->next_count = cli_number(cli, option == SERVER ? "--server" : "--servers", optarg, 0, argc);
			request->asks_servers = 1;
			request->is_server = option == SERVER;
			break;
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
		switch (option) {
		case 't':
			request->spawn.timeout_ms = cli_limit(cli, "-t", optarg);
			break;
		case 'f':
			request->is_foreground = 1;
			break;
		case NATIVE:
			request->is_native = 1;
			break;
		case STRICT:
			request->is_strict = 1;
			break;
		default:
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
		cli_usage_error(cli, "--native goes with -t and --strict only");
	if (optind >= argc)
		cli_usage_error(cli, "no command: give it behind --");
	request->argv = argv + optind;
}

/* The words in front of otelop-run's own; without us in between, it is told where to be.  How many there are. */
static size_t
make_front(const struct request *request, char *front[FRONT])
{
	static char joins[] = "--join";
	const struct cli_place *place = &request->place;
	size_t count = 0;

	front[count++] = (char *)(uintptr_t)request->runner;
	if (request->is_foreground && place->dir != NULL)
		front[count++] = join("--state-dir=", place->dir);
	if (request->is_foreground && place->name != NULL)
		front[count++] = join("--name=", place->name);
	if (!request->is_foreground && !request->is_strict)
		front[count++] = joins;
	return count;
}

/* otelop-run's words, from the end on of those that have been taken. */
static void
put_rest(struct request *request, size_t taken, char *const rest[])
{
	char *front[FRONT], **words = request->room;
	size_t count = make_front(request, front);

	request->argv = words + FRONT - count;
	memcpy(request->argv, front, count * sizeof(*front));
	words += FRONT + taken;
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
	size_t taken;

	request_start_options(all);
	run_words_begin(&request->words);
	request->room = allocate((size_t)argc + FRONT + 1, sizeof(*request->room));
	taken = take_start_options(&cli, request, request->room + FRONT, argc, argv);
	if (request->is_native) {
		check_native(&cli, request, taken, argc, argv);
		return;
	}
	request->is_run = 1;
	run_words_end(&cli, &request->words, argc, argv);
	check_foreground(&cli, request);
	run_words_restore(&request->words);
	put_rest(request, taken, argv + optind);
}

static void
parse_start(struct request *request, const char *command, int argc, char *argv[])
{
	char name[32];

	if (strcmp(command, "start") != 0 && strcmp(command, "restart") != 0)
		cli_usage_error(&request_cli, "%s: neither start nor restart", command);
	snprintf(name, sizeof(name), "otelop: %s", command);
	request_parse_start(request, name, CLI_OTELOP_USAGE, argc, argv);
}

struct request *
request_parse(int argc, char *argv[])
{
	struct request *request = allocate(1, sizeof(*request));
	const char *command;

	request->tail = 10;
	request->chain_fd = -1;
	request->dir = (struct statedir)STATEDIR_INIT;
	request->variables = allocate((size_t)argc * 2 + 2, sizeof(*request->variables));
	request->spawn.timeout_ms = 60000;
	request->spawn.set_env = request->variables;
	request->spawn.unset_env = request->variables + argc + 1;
	take_options(request, request->variables, request->variables + argc + 1, argc, argv);
	if (request->asks_servers)
		return request;
	if (request->runner == NULL)
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
	words = allocate((size_t)request->next_count + count + i + 1, sizeof(*words));
	memcpy(words, request->next, (size_t)request->next_count * sizeof(*words));
	memcpy(words + request->next_count, more, count * sizeof(*words));
	memcpy(words + request->next_count + count, request->rest, i * sizeof(*words));
	exec_command((char *const *)(uintptr_t)words);
	message_errno(&message, "%s: cannot run", words[0]);
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
