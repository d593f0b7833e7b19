/* otelop-meta: read and write the metadata file. */
#include "again.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "commands.h"
#include "json/json.h"
#include "list.h"
#include "otelop.h"
#include "running.h"
#include "show.h"
#include "show_live.h"
#include "state/endpoint.h"
#include "state/identity.h"
#include "state/instance.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/state.h"
#include "values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JSON = CLI_LONG };

static const struct option no_options[] = { { NULL, 0, NULL, 0 } };
static const struct option meta_options[] = {
	{ "as", required_argument, NULL, CLI_AS }, { NULL, 0, NULL, 0 },
};
static const struct option get_options[] = {
	{ "shell", no_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
};
static const struct option running_options[] = {
	{ "wait", required_argument, NULL, 'w' }, { "appear", no_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	{ NULL, 0, NULL, 0 },
};
static const struct option again_options[] = {
	{ "as", required_argument, NULL, CLI_LONG }, { "timeout", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 },
};
static const struct option wait_options[] = {
	{ "ready", no_argument, NULL, RUNNING_READY }, { "stopped", no_argument, NULL, RUNNING_STOPPED },
	{ "timeout", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 },
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
	"otelop-meta [-C DIR] [-n NAME] again [--as NAME] [-t TIME] -- CMD [ARG...]\n" \
	"otelop-meta [-C DIR] [-n NAME] remove\n" \
	"otelop-meta --as otelop [-C DIR] [-n NAME] COMMAND [ARG...]"

#define NAME "otelop-meta"

static const struct cli cli = { NAME, USAGE, "", meta_options, CLI_PROGRAM };
static const struct cli plain_cli = { NAME, USAGE, "", no_options, CLI_PROGRAM };
static const struct cli get_cli = { NAME, USAGE, "s", get_options, CLI_PROGRAM };
static const struct cli running_cli = { NAME, USAGE, "w:aq", running_options, CLI_PROGRAM };
static const struct cli again_cli = { NAME, USAGE, "t:", again_options, CLI_PROGRAM };
static const struct cli show_cli = { NAME, USAGE, "q", show_options, CLI_PROGRAM };
static const struct cli status_cli = { "otelop: status", COMMANDS_USAGE, "q", show_options, CLI_COMMAND };
static const struct cli list_cli = { "otelop: list", COMMANDS_USAGE, "", no_options, CLI_COMMAND };
static const struct cli wait_cli = { "otelop: wait", COMMANDS_USAGE, "t:", wait_options, CLI_COMMAND };
static const struct cli otelop_cli = { "otelop", COMMANDS_USAGE, "", no_options, CLI_COMMAND };

static void
take_options(const struct cli *of, int argc, char *argv[])
{
	while (cli_option(of, NULL, argc, argv) != -1)
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
run_write(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct lock_request request = { .create = 1 };
	struct otelop_message message;
	struct otelop_lock lock = LOCK_INIT;
	int i;

	take_options(of, argc, argv);
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
run_read(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;

	take_options(of, argc, argv);
	cli_no_operands(of, argc, argv);
	read_or_fail(dir, &metadata);
	show_file(&metadata);
	return STATUS_DONE;
}

static int
is_computed(const char *key)
{
	return strcmp(key, "port") == 0 || strcmp(key, "address") == 0;
}

/* A member, or what is computed from the others; that is put into text. */
static int
find_value(const struct otelop_metadata *metadata, const char *key, struct json_value *value,
    char text[ENDPOINT_SIZE + 2])
{
	char address[ENDPOINT_SIZE];
	unsigned port;

	if (meta_find(metadata, key, value))
		return 1;
	*value = (struct json_value){ .type = JSON_NUMBER, .text = text };
	if (strcmp(key, "port") == 0 && endpoint_port(metadata, &port)) {
		value->length = (size_t)snprintf(text, ENDPOINT_SIZE, "%u", port);
		return 1;
	}
	value->type = JSON_STRING;
	if (strcmp(key, "address") == 0 && endpoint_address(metadata, address)) {
		value->length = (size_t)snprintf(text, ENDPOINT_SIZE + 2, "\"%s\"", address);
		return 1;
	}
	return 0;
}

static int
run_get(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	struct json_value value;
	char computed[ENDPOINT_SIZE + 2];
	int shell = 0, status = STATUS_DONE;

	while (cli_option(of, NULL, argc, argv) != -1)
		shell = 1;
	if (optind >= argc)
		cli_usage_error(&cli, "get: no key");
	read_or_fail(dir, &metadata);
	for (; optind < argc; optind++) {
		if (!find_value(&metadata, argv[optind], &value, computed)) {
			message_set(&message, "%s: no such member%s", argv[optind], is_computed(argv[optind]) ?
			    ", and no TCP port that it is known to listen on" : "");
			cli_say(&cli, "%s", message.text);
			status = STATUS_NO;
			continue;
		}
		values_put(&value, shell ? VALUES_SHELL : VALUES_RAW);
		putchar('\n');
	}
	return status;
}

static int
run_running(const struct cli *of, const char *dir, int argc, char *argv[])
{
	return running_run(&cli, of, dir, argc, argv);
}

static int
run_wait(const struct cli *of, const char *dir, int argc, char *argv[])
{
	return running_wait(&cli, of, dir, argc, argv);
}

/* What the daemon says of itself, where it can be asked. */
static void
ask_daemon(const struct otelop_metadata *metadata, struct live *live, struct otelop_message *reason,
    struct show_details *details)
{
	switch (show_live_ask(metadata, live, reason)) {
	case 1:
		details->live = live;
		break;
	case -1:
		details->unknown = reason->text;
		break;
	}
}

static int
run_show(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct show_details details = { NULL, NULL, NULL };
	struct otelop_message reason;
	struct live live;
	char log[OTELOP_PATH_SIZE];
	enum state state;
	int option, json = 0, quiet = 0;

	while ((option = cli_option(of, NULL, argc, argv)) != -1)
		if (option == JSON)
			json = 1;
		else
			quiet = 1;
	cli_no_operands(of, argc, argv);
	running_look(&cli, dir, &state, &metadata);
	if (quiet)
		return running_status(state);
	cli_warn_state_dir(&cli, dir);
	if (state == STATE_STOPPED)
		metadata.length = 0;
	details.log = show_log(&metadata, dir, log);
	if (!json && of == &status_cli && state == STATE_RUNNING)
		ask_daemon(&metadata, &live, &reason, &details);
	if (json)
		show_json(state, &metadata, details.log);
	else
		show_people(state, &metadata, &details);
	return running_status(state);
}

static int
run_list(const struct cli *of, const char *dir, int argc, char *argv[])
{
	take_options(of, argc, argv);
	cli_no_operands(of, argc, argv);
	return list_instances(&cli, dir);
}

static int
run_args(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	const char **words, **command;

	take_options(of, argc, argv);
	cli_no_operands(of, argc, argv);
	read_or_fail(dir, &metadata);
	if ((words = again_words(dir, &metadata, &command, &message)) == NULL)
		cli_fail(&cli, STATUS_NO, &message);
	values_put_words(words);
	return STATUS_DONE;
}

static int
run_again(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct cli as = { .name = NAME };
	int64_t limit_ms = OTELOP_FOREVER;
	int option;

	while ((option = cli_option(of, NULL, argc, argv)) != -1)
		if (option == 't')
			limit_ms = cli_limit(of, "-t", optarg);
		else
			as.name = optarg;
	if (optind >= argc || strcmp(argv[optind - 1], "--") != 0)
		cli_usage_error(&cli, "again: no command: give it behind --");
	return again_become(&as, dir, limit_ms, argv + optind);
}

/* The first program of `otelop restart`. */
static int
run_again_for_otelop(const struct cli *of, const char *dir, int argc, char *argv[])
{
	int64_t limit_ms = OTELOP_FOREVER;

	while (cli_option(of, NULL, argc, argv) == 't')
		limit_ms = cli_limit(of, "-t", optarg);
	if (optind >= argc)
		cli_usage_error(&cli, "again: no command: give it behind --");
	return again_become(&otelop_cli, dir, limit_ms, argv + optind);
}

static int
run_remove(const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct lock_request request = { .own = getppid(), .any_host = 1 };
	struct otelop_message message;

	take_options(of, argc, argv);
	cli_no_operands(of, argc, argv);
	if (lock_remove_free(dir, &request, &message) < 0)
		cli_fail(&cli, errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_UNKNOWN, &message);
	return STATUS_DONE;
}

struct command {
	const char *name;
	const struct cli *of;
	int (*run)(const struct cli *of, const char *dir, int argc, char *argv[]);
	int status;	/* when the directory cannot even be named */
};

static const struct command commands[] = {
	{ "write", &plain_cli, run_write, STATUS_FAILED }, { "read", &plain_cli, run_read, STATUS_UNKNOWN },
	{ "get", &get_cli, run_get, STATUS_UNKNOWN }, { "running", &running_cli, run_running, STATUS_UNKNOWN },
	{ "show", &show_cli, run_show, STATUS_UNKNOWN }, { "list", &plain_cli, run_list, STATUS_FAILED },
	{ "args", &plain_cli, run_args, STATUS_UNKNOWN }, { "again", &again_cli, run_again, STATUS_UNKNOWN },
	{ "remove", &plain_cli, run_remove, STATUS_UNKNOWN }, { NULL, NULL, NULL, 0 },
};

/* Those of otelop, with --as=otelop. */
static const struct command commands_of_otelop[] = {
	{ "status", &status_cli, run_show, STATUS_UNKNOWN }, { "list", &list_cli, run_list, STATUS_FAILED },
	{ "wait", &wait_cli, run_wait, STATUS_UNKNOWN }, { "again", &again_cli, run_again_for_otelop, STATUS_UNKNOWN },
	{ NULL, NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	const struct command *command = commands_of_otelop;
	const struct cli *speaker = &otelop_cli;
	struct instance instance;
	struct cli_place place = { NULL, NULL, NULL };
	const char *name;

	cli_begin(&cli);
	while (cli_option(&cli, &place, argc, argv) != -1)
		;
	if (optind >= argc)
		cli_usage_error(&cli, "no command");
	if ((name = cli_command_of_otelop(&place, &argc, &argv)) == NULL) {
		command = commands;
		speaker = &cli;
		name = argv[optind];
		/* The command's own options begin behind its name. */
		argc -= optind;
		argv += optind;
		optind = 1;
	}
	while (command->name != NULL && strcmp(command->name, name) != 0)
		command++;
	if (command->name == NULL)
		cli_usage_error(speaker, "%s: unknown command", name);
	cli_instance(&cli, &place, command->status, &instance);
	/* All of them, also for one of them that asks. */
	if (command->run == run_list && place.name == NULL)
		instance_siblings(&instance, instance.path);
	if (command->run != run_again && command->run != run_again_for_otelop)
		cli_ignore_pipe();	/* it becomes another program */
	return cli_end(&cli, command->run(command->of, instance.path, argc, argv));
}
