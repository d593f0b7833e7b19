/* The words that otelop-run takes. */
#include "run_words.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/logger.h"
#include "daemon/modes.h"
#include "daemon/respawn.h"
#include "daemon/run_options.h"
#include "daemon/stop_time.h"
#include "otelop.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READY = CLI_LONG, JOIN, WITH_PARENT, MAX_LIFETIME, NO_SWEEP, LOG_MAX, LOG_KEEP, RESPAWN, STDIN, DRY_RUN,
    GRACE, PARENT_GRACE, STOP_SIGNAL, STOP_ALL, TRY, STARTED_WITH, UNNAMED, NOTIFY_FD };

static const struct option long_options[] = {
	{ "ready", required_argument, NULL, READY }, { "try", required_argument, NULL, TRY }, { "join", no_argument, NULL, JOIN },
	{ "with-parent", required_argument, NULL, WITH_PARENT },
	{ "max-lifetime", required_argument, NULL, MAX_LIFETIME },
	{ "no-sweep", no_argument, NULL, NO_SWEEP },
	{ "grace", required_argument, NULL, GRACE }, { "parent-grace", required_argument, NULL, PARENT_GRACE },
	{ "stop-signal", required_argument, NULL, STOP_SIGNAL }, { "stop-all", no_argument, NULL, STOP_ALL },
	{ "log-max", required_argument, NULL, LOG_MAX },
	{ "log-keep", required_argument, NULL, LOG_KEEP },
	{ "respawn", optional_argument, NULL, RESPAWN }, { "stdin", required_argument, NULL, STDIN },
	{ "started-with", required_argument, NULL, STARTED_WITH }, { "unnamed", no_argument, NULL, UNNAMED },
	{ "notify-fd", required_argument, NULL, NOTIFY_FD },
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ NULL, 0, NULL, 0 },
};

#define TRY_MS 5000
#define NAME "otelop-run"
#define USAGE \
	"otelop-run [-hV] [-C DIR] [-n NAME] [--ready MODE[,MODE...]]... [--try TIME] [--join] [--with-parent PID]... " \
	"[--parent-grace TIME] [--max-lifetime TIME] [--grace TIME] [--stop-signal SIG] [--stop-all] [--no-sweep] " \
	"[--log-max SIZE] [--log-keep N] [--respawn[=N]] [--stdin open] [--notify-fd N] [--started-with WORD]... [--unnamed] [--dry-run] " \
	"[KEY=VALUE...] -- CMD [ARG...]\n" \
	"otelop-run --attend [--with-parent PID] [--grace TIME] [--then N] [--as NAME] -- [THEN...] CMD [ARG...]"

const struct cli run_words_cli = { NAME, USAGE, "", long_options, CLI_DAEMON };
const struct cli run_words_look_cli = { NAME, USAGE, "", long_options, CLI_PROGRAM };

static void
no_memory(const struct cli *cli)
{
	struct otelop_message message;

	message_errno(&message, "memory: cannot allocate the words of the command");
	cli_fail(cli, STATUS_FAILED, &message);
}

void
run_words_add(const struct cli *cli, struct list *list, const char *item, size_t name_length)
{
	const char **grown;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strncmp(list->items[i], item, name_length) == 0 && strcspn(list->items[i], "=") == name_length)
			break;
	if (i == list->count) {
		if ((grown = realloc(list->items, (i + 2) * sizeof(*grown))) == NULL)
			no_memory(cli);
		list->items = grown;
		list->items[++list->count] = NULL;
	}
	list->items[i] = item;
}

/* Where a supervisor waits; it is not for anybody whom we start. */
static int
notify_fd(const struct cli *cli, const char *text)
{
	int fd = (int)cli_number(cli, "--notify-fd", text, STDERR_FILENO + 1, INT_MAX);

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		cli_usage_error(cli, "--notify-fd: descriptor %d is not open", fd);
	return fd;
}

/* Its value is what our own environment has: that is shown to nobody else, and words are. */
static const char *
with_value(const struct cli *cli, const char *name, size_t length)
{
	char *pair, *key = strndup(name, length);
	const char *value;

	if (key == NULL)
		no_memory(cli);
	value = getenv(key);
	if ((pair = malloc(length + strlen(value != NULL ? value : "") + 2)) == NULL)
		no_memory(cli);
	sprintf(pair, "%s=%s", key, value != NULL ? value : "");
	free(key);
	return pair;
}

/* A word of otelop-spawn's, as the manual has it: -eVAR= -eVAR -uVAR -mUMASK -lLOG. */
static void
take_started_with(const struct cli *cli, struct run_words *words, const char *word)
{
	const char *value = *word == '-' && word[1] != '\0' ? word + 2 : "";
	size_t length = strcspn(value, "=");

	if (*value == '\0' || strchr("euml", word[1]) == NULL)
		cli_usage_error(cli, "--started-with: not an option with its value: %s", word);
	switch (word[1]) {
	case 'e':
		run_words_add(cli, &words->environment, value[length] == '=' ? with_value(cli, value, length) : value, length);
		words->options.environment = words->environment.items;
		break;
	case 'u':
		run_words_add(cli, &words->unset, value, length);
		words->options.unset = words->unset.items;
		break;
	case 'm':
		words->options.umask_text = value;
		break;
	case 'l':
		words->options.log = value;
		break;
	}
}

void
run_words_take(const struct cli *cli, struct run_words *words, int option)
{
	struct run_options *options = &words->options;
	struct otelop_message message;

	switch (option) {
	case READY:
		if (modes_add(&words->modes, optarg, &message) < 0)
			cli_usage_error(cli, "--ready: %s", message.text);
		break;
	case TRY:
		options->try_ms = cli_limit(cli, "--try", optarg);
		options->try_text = optarg;
		break;
	case JOIN:
		options->join = 1;
		break;
	case WITH_PARENT:
		if (options->with_parent_count == PARENTS_MAX)
			cli_usage_error(cli, "--with-parent: more than %d of them", PARENTS_MAX);
		options->with_parents[options->with_parent_count++] = cli_pid(cli, optarg);
		break;
	case MAX_LIFETIME:
		options->max_lifetime_ms = cli_duration(cli, "--max-lifetime", optarg);
		options->max_lifetime_text = optarg;
		break;
	case NO_SWEEP:
		options->no_sweep = 1;
		break;
	case GRACE:
		options->grace_ms = cli_limit(cli, "--grace", optarg);
		options->grace_text = optarg;
		break;
	case PARENT_GRACE:
		options->parent_grace_ms = cli_limit(cli, "--parent-grace", optarg);
		options->has_parent_grace = 1;
		break;
	case STOP_SIGNAL:
		options->stop_signal = cli_signal(cli, "--stop-signal", optarg);
		options->stop_signal_text = optarg;
		break;
	case STOP_ALL:
		options->stop_all = 1;
		break;
	case LOG_MAX:
		if (logger_parse_size(optarg, &options->log_max) < 0)
			cli_usage_error(cli, "--log-max: not a size such as 64k, 10M or 1G, "
			    "%d at least: %s", LOGGER_SIZE_MIN, optarg);
		options->log_max_text = optarg;
		break;
	case LOG_KEEP:
		options->log_keep = (int)cli_number(cli, "--log-keep", optarg, 1, LOGGER_KEEP_MAX);
		options->log_keep_text = optarg;
		break;
	case RESPAWN:
		options->respawn = optarg == NULL ? RESPAWN_USUAL :
		    (int)cli_number(cli, "--respawn", optarg, 1, RESPAWN_MAX);
		options->respawn_text = optarg == NULL ? RESPAWN_USUAL_TEXT : optarg;
		break;
	case STDIN:
		if (strcmp(optarg, "open") != 0)
			cli_usage_error(cli, "--stdin: only open is known: %s", optarg);
		options->stdin_open = 1;
		break;
	case DRY_RUN:
		words->dry_run = 1;
		break;
	case NOTIFY_FD:
		options->notify_fd = notify_fd(cli, optarg);
		break;
	case STARTED_WITH:
		take_started_with(cli, words, optarg);
		break;
	case UNNAMED:
		options->is_unnamed = 1;
		break;
	}
}

/* All but what is said to otelop-run alone. */
void
run_words_options(struct option *table)
{
	const struct option *option;

	for (option = long_options; option->name != NULL; option++)
		if (option->val != JOIN && option->val != DRY_RUN && option->val != STARTED_WITH &&
		    option->val != UNNAMED && option->val != NOTIFY_FD)
			*table++ = *option;
	*table = *option;
}

void
run_words_begin(struct run_words *words)
{
	static const char *const none[] = { NULL };

	*words = (struct run_words){ .options = { .try_ms = TRY_MS, .log_keep = 1, .log_fd = STDERR_FILENO, .notify_fd = -1,
	    .grace_ms = STOP_TIME_GRACE_MS, .stop_signal = SIGTERM, .environment = none, .unset = none } };
}

void
run_words_end(const struct cli *cli, struct run_words *words, int argc, char *argv[])
{
	char **members;

	if (words->modes.groups == 0)
		modes_add(&words->modes, MODES_AUTO, NULL);
	words->command = cli_command(cli, argc, argv, &members);
	words->options.modes = &words->modes;
	words->options.members = (const char *const *)members;
}

void
run_words_parse(const struct cli *cli, struct run_words *words, int argc, char *argv[])
{
	int option;

	run_words_begin(words);
	while ((option = cli_option(cli, &words->place, argc, argv)) != -1)
		run_words_take(cli, words, option);
	run_words_end(cli, words, argc, argv);
}

void
run_words_restore(struct run_words *words)
{
	static char separator[] = "--";

	words->command[-1] = separator;
}
