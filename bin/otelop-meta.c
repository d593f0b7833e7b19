/* otelop-meta: read and write the metadata file. */
#include "again.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/join.h"
#include "json/json.h"
#include "list.h"
#include "otelop.h"
#include "show.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JSON = CLI_LONG, AS };

static const struct option no_options[] = { { NULL, 0, NULL, 0 } };
static const struct option get_options[] = {
	{ "shell", no_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
};
static const struct option running_options[] = {
	{ "wait", required_argument, NULL, 'w' }, { "appear", no_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	{ NULL, 0, NULL, 0 },
};
static const struct option again_options[] = {
	{ "as", required_argument, NULL, AS }, { NULL, 0, NULL, 0 },
};
static const struct option show_options[] = {
	{ "json", no_argument, NULL, JSON }, { "quiet", no_argument, NULL, 'q' }, { NULL, 0, NULL, 0 },
};

#define USAGE \
	"otelop-meta [-hV] [-C DIR] [-n NAME] write [KEY=VALUE...]\n" \
	"otelop-meta [-C DIR] [-n NAME] read\n" \
	"otelop-meta [-C DIR] [-n NAME] get [-s] KEY...\n" \
	"otelop-meta [-C DIR] [-n NAME] running [-w TIME] [-aq] [-- CMD [ARG...]]\n" \
	"otelop-meta [-C DIR] [-n NAME] show [--json | -q]\n" \
	"otelop-meta [-C DIR] [-n NAME] list\n" \
	"otelop-meta [-C DIR] [-n NAME] args\n" \
	"otelop-meta [-C DIR] [-n NAME] again [--as NAME] -- CMD [ARG...]\n" \
	"otelop-meta [-C DIR] [-n NAME] remove"

#define NAME "otelop-meta"

static const struct cli cli = { NAME, USAGE, "", no_options, 0 };
static const struct cli get_cli = { NAME, USAGE, "s", get_options, 0 };
static const struct cli running_cli = { NAME, USAGE, "w:aq", running_options, 0 };
static const struct cli again_cli = { NAME, USAGE, "", again_options, 0 };
static const struct cli show_cli = { NAME, USAGE, "q", show_options, 0 };

/* Statuses of a state, as LSB has them. */
static int
state_status(enum state state)
{
	switch (state) {
	case STATE_RUNNING:
	case STATE_STARTING:
		return STATUS_DONE;
	case STATE_STALE:
	case STATE_KEPT:
		return STATUS_NO;
	case STATE_STOPPED:
		break;
	}
	return STATUS_NOT_RUNNING;
}

static void
no_operands(int argc, char *argv[])
{
	if (optind < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[optind]);
}

static void
take_options(int argc, char *argv[])
{
	while (cli_option(&cli, NULL, argc, argv) != -1)
		;
}

/* The metadata that is there, whoever lives; else the status that says why not. */
static void
read_or_fail(const char *dir, struct otelop_metadata *metadata)
{
	struct otelop_message message;

	if (otelop_read_metadata(dir, metadata, &message) < 0)
		cli_fail(&cli, errno == ENOENT || errno == ENODATA ? STATUS_NOT_RUNNING : STATUS_UNKNOWN,
		    &message);
}

static int
run_write(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct lock_request request = { .create = 1 };
	struct otelop_message message;
	struct otelop_lock lock = LOCK_INIT;
	int i;

	take_options(argc, argv);
	if (otelop_metadata_init(&metadata, getppid()) < 0) {
		message_errno(&message, "memory: cannot make the metadata");
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	/* Who only tells of a process does not make it a daemon: nobody is to stop it for that. */
	identity_forget_process(&metadata);
	for (i = optind; i < argc; i++) {
		if (meta_set_pair(&metadata, argv[i], 1, &message) < 0)
			cli_member_error(&cli, errno, &message);
		identity_forget_process(&metadata);
	}
	if (statedir_ensure(&lock.dir, dir, &message) < 0)
		cli_fail(&cli, STATUS_FAILED, &message);
	request.own = meta_pid(&metadata);	/* what it wrote of itself, it may write again */
	if (lock_start(&lock, dir, &request, &metadata, &message) < 0)
		cli_fail(&cli, errno == EWOULDBLOCK ? STATUS_BUSY : errno == EREMOTE ? STATUS_UNKNOWN : STATUS_FAILED,
		    &message);
	lock_release(&lock);
	otelop_metadata_free(&metadata);
	return STATUS_DONE;
}

static int
run_read(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;

	take_options(argc, argv);
	no_operands(argc, argv);
	read_or_fail(dir, &metadata);
	show_file(&metadata);
	return STATUS_DONE;
}

static int
run_get(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	struct json_value value;
	int option, shell = 0, status = STATUS_DONE;

	while ((option = cli_option(&get_cli, NULL, argc, argv)) != -1)
		shell = 1;
	if (optind >= argc)
		cli_usage_error(&cli, "get: no key");
	read_or_fail(dir, &metadata);
	for (; optind < argc; optind++) {
		if (!meta_find(&metadata, argv[optind], &value)) {
			message_set(&message, "%s: no such member", argv[optind]);
			cli_say(&cli, "%s", message.text);
			status = STATUS_NO;
			continue;
		}
		show_value(&value, shell);
		putchar('\n');
	}
	return status;
}

/* A warning is printed.  4 when it could not be told what there is. */
static void
accept_look(int result, const struct otelop_message *warning)
{
	if (result < 0)
		cli_fail(&cli, STATUS_UNKNOWN, warning);
	if (*warning->text != '\0')
		cli_say(&cli, "%s", warning->text);
}

static void
look_or_fail(const char *dir, enum state *state, struct otelop_metadata *metadata)
{
	struct otelop_message warning;
	int result = state_look(dir, state, metadata, &warning);

	accept_look(result, &warning);
}

/* The answer to somebody who wanted to start argv and was not the first; any daemon of upstream's will do. */
static int
join_status(const char *dir, char *const argv[], int began, enum state now,
    const struct otelop_metadata *metadata, const struct otelop_message *warning)
{
	struct otelop_message words = *warning;

	switch (join_judge(dir, now, began, metadata, argv, 1, &words)) {
	case JOIN_LEFT:
		return STATUS_BUSY;	/* it has been said why */
	case JOIN_FAILED:
		return STATUS_NO;
	case JOIN_GONE:
		return STATUS_NOT_RUNNING;
	case JOIN_OTHER:
		cli_say(&cli, "%s", words.text);
		return STATUS_BUSY;
	case JOIN_RUNS:
	case JOIN_TIMEOUT:
	case JOIN_UNKNOWN:
		break;
	}
	return STATUS_DONE;
}

static int
run_running(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	enum state state;
	int64_t wait_ms = 0;
	int option, appear = 0, quiet = 0, waits = 0, began = 0, decided = 1;

	while ((option = cli_option(&running_cli, NULL, argc, argv)) != -1)
		switch (option) {
		case 'a':
			appear = 1;
			break;
		case 'q':
			quiet = 1;
			break;
		case 'w':
			wait_ms = cli_limit(&cli, "-w", optarg);
			waits = 1;
			break;
		}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		no_operands(argc, argv);
	if (waits) {
		decided = state_wait(dir, appear, clock_deadline(wait_ms), &began, &state, &metadata,
		    &message);
		accept_look(decided, &message);
	} else {
		decided = state_look(dir, &state, &metadata, &message);
		accept_look(decided, &message);
		decided = 1;
	}
	if (!quiet)
		show_state(state, &metadata);
	if (!decided)
		return STATUS_TIMEOUT;
	if (optind < argc)
		return join_status(dir, argv + optind, began, state, &metadata, &message);
	/* What we saw start and then saw gone has failed, and left no word. */
	return began && state == STATE_STOPPED ? STATUS_NO : state_status(state);
}

static int
run_show(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	enum state state;
	int option, json = 0, quiet = 0;

	while ((option = cli_option(&show_cli, NULL, argc, argv)) != -1)
		if (option == JSON)
			json = 1;
		else
			quiet = 1;
	no_operands(argc, argv);
	look_or_fail(dir, &state, &metadata);
	if (quiet)
		return state_status(state);
	cli_warn_state_dir(&cli, dir);
	if (state == STATE_STOPPED)
		metadata.length = 0;
	if (json)
		show_json(state, &metadata);
	else
		show_people(state, &metadata);
	return state_status(state);
}

static int
run_list(const char *dir, int argc, char *argv[])
{
	take_options(argc, argv);
	no_operands(argc, argv);
	return list_instances(&cli, dir);
}

static int
run_args(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	const char **words, **command;

	take_options(argc, argv);
	no_operands(argc, argv);
	read_or_fail(dir, &metadata);
	if ((words = again_words(dir, &metadata, &command, &message)) == NULL)
		cli_fail(&cli, STATUS_NO, &message);
	show_words(words);
	return STATUS_DONE;
}

static int
run_again(const char *dir, int argc, char *argv[])
{
	struct cli as = { .name = NAME };

	while (cli_option(&again_cli, NULL, argc, argv) != -1)
		as.name = optarg;
	if (optind >= argc || strcmp(argv[optind - 1], "--") != 0)
		cli_usage_error(&cli, "again: no command: give it behind --");
	return again_become(&as, dir, argv + optind);
}

static int
run_remove(const char *dir, int argc, char *argv[])
{
	struct lock_request request = { .own = getppid(), .any_host = 1 };
	struct otelop_message message;

	take_options(argc, argv);
	no_operands(argc, argv);
	if (lock_remove_free(dir, &request, &message) < 0)
		cli_fail(&cli, errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_UNKNOWN, &message);
	return STATUS_DONE;
}

static const struct command {
	const char *name;
	int (*run)(const char *dir, int argc, char *argv[]);
	int status;	/* when the directory cannot even be named */
} commands[] = {
	{ "write", run_write, STATUS_FAILED }, { "read", run_read, STATUS_UNKNOWN },
	{ "get", run_get, STATUS_UNKNOWN }, { "running", run_running, STATUS_UNKNOWN },
	{ "show", run_show, STATUS_UNKNOWN }, { "list", run_list, STATUS_FAILED },
	{ "args", run_args, STATUS_UNKNOWN }, { "again", run_again, STATUS_UNKNOWN },
	{ "remove", run_remove, STATUS_UNKNOWN },
};

int
main(int argc, char *argv[])
{
	char dir[OTELOP_PATH_SIZE];
	struct cli_place place = { NULL, NULL };
	const char *name;
	size_t i;

	cli_begin(&cli);
	while (cli_option(&cli, &place, argc, argv) != -1)
		;
	if (optind >= argc)
		cli_usage_error(&cli, "no command");
	name = argv[optind];
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0) {
			cli_state_dir(&cli, &place, commands[i].status, dir);
			/* The command's own options begin behind its name. */
			argc -= optind;
			argv += optind;
			optind = 1;
			if (commands[i].run != run_again)
				cli_ignore_pipe();	/* it becomes another program */
			return cli_end(&cli, commands[i].run(dir, argc, argv));
		}
	cli_usage_error(&cli, "%s: unknown command", name);
}
