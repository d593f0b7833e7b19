/* otelop-meta: read and write the metadata file. */
#include "cli.h"
#include "clock.h"
#include "io.h"
#include "lock.h"
#include "meta.h"
#include "show.h"
#include "statedir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JSON = CLI_LONG };

static const struct option no_options[] = { { NULL, 0, NULL, 0 } };
static const struct option main_options[] = {
	{ "state-dir", required_argument, NULL, 'C' }, { NULL, 0, NULL, 0 },
};
static const struct option get_options[] = {
	{ "shell", no_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
};
static const struct option running_options[] = {
	{ "wait", required_argument, NULL, 'w' }, { "appear", no_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 },
};
static const struct option show_options[] = {
	{ "json", no_argument, NULL, JSON }, { NULL, 0, NULL, 0 },
};

#define USAGE \
	"otelop-meta [-hV] [-C DIR] write [KEY=VALUE...]\n" \
	"otelop-meta [-C DIR] read\n" \
	"otelop-meta [-C DIR] get [-s] KEY...\n" \
	"otelop-meta [-C DIR] running [-w TIME] [-a] [-- CMD [ARG...]]\n" \
	"otelop-meta [-C DIR] show [--json]\n" \
	"otelop-meta [-C DIR] args\n" \
	"otelop-meta [-C DIR] remove"

#define NAME "otelop-meta"

static const struct cli cli = { NAME, USAGE, "C:", main_options };
static const struct cli plain_cli = { NAME, USAGE, "", no_options };
static const struct cli get_cli = { NAME, USAGE, "s", get_options };
static const struct cli running_cli = { NAME, USAGE, "w:a", running_options };
static const struct cli show_cli = { NAME, USAGE, "", show_options };

/* Statuses of a state, as LSB has them. */
static int
state_status(enum meta_state state)
{
	switch (state) {
	case META_RUNNING:
	case META_STARTING:
		return CLI_DONE;
	case META_STALE:
	case META_KEPT:
		return CLI_NO;
	case META_STOPPED:
		break;
	}
	return CLI_NOT_RUNNING;
}

static void
no_operands(int argc, char *argv[])
{
	if (optind < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[optind]);
}

static void
take_options(const struct cli *sub, int argc, char *argv[])
{
	while (cli_option(sub, argc, argv) != -1)
		;
}

/* The metadata that is there, whoever lives; else the status that says why not. */
static void
read_or_fail(const char *dir, struct otelop_metadata *metadata)
{
	struct otelop_message message;

	if (otelop_read_metadata(dir, metadata, &message) < 0)
		cli_fail(&cli, errno == ENOENT || errno == ENODATA ? CLI_NOT_RUNNING : CLI_UNKNOWN,
		    &message);
}

static int
run_write(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct lock_request request = { .create = 1 };
	struct otelop_message message;
	struct otelop_lock lock;
	int i;

	take_options(&plain_cli, argc, argv);
	if (otelop_metadata_init(&metadata, getppid()) < 0) {
		message_errno(&message, "memory: cannot make the metadata");
		cli_fail(&cli, CLI_FAILED, &message);
	}
	/* Who only tells of a process does not make it a daemon: nobody is to stop it for that. */
	meta_forget_process(&metadata);
	for (i = optind; i < argc; i++) {
		if (meta_set_pair(&metadata, argv[i], 1, &message) < 0) {
			if (errno == ENOMEM)
				cli_fail(&cli, CLI_FAILED, &message);
			cli_usage_error(&cli, "%s", message.text);
		}
		meta_forget_process(&metadata);
	}
	if (otelop_ensure_state_dir(dir, &message) < 0)
		cli_fail(&cli, CLI_FAILED, &message);
	request.own = meta_pid(&metadata);	/* what it wrote of itself, it may write again */
	if (lock_claim(&lock, dir, &request, &message) < 0)
		cli_fail(&cli, errno == EWOULDBLOCK ? CLI_BUSY : errno == EREMOTE ? CLI_UNKNOWN : CLI_FAILED,
		    &message);
	if (lock_publish(&lock, &metadata, &message) < 0) {
		lock_release(&lock);
		cli_fail(&cli, CLI_FAILED, &message);
	}
	lock_release(&lock);
	otelop_metadata_free(&metadata);
	return CLI_DONE;
}

static int
run_read(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;

	take_options(&plain_cli, argc, argv);
	no_operands(argc, argv);
	read_or_fail(dir, &metadata);
	show_file(&metadata);
	return CLI_DONE;
}

static int
run_get(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	struct json_value value;
	int option, shell = 0, status = CLI_DONE;

	while ((option = cli_option(&get_cli, argc, argv)) != -1)
		shell = 1;
	if (optind >= argc)
		cli_usage_error(&cli, "get: no key");
	read_or_fail(dir, &metadata);
	for (; optind < argc; optind++) {
		if (!meta_find(&metadata, argv[optind], &value)) {
			message_set(&message, "%s: no such member", argv[optind]);
			cli_say(&cli, "%s", message.text);
			status = CLI_NO;
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
		cli_fail(&cli, CLI_UNKNOWN, warning);
	if (*warning->text != '\0')
		cli_say(&cli, "%s", warning->text);
}

static void
look_or_fail(const char *dir, enum meta_state *state, struct otelop_metadata *metadata)
{
	struct otelop_message warning;
	int result = meta_look_at(dir, state, metadata, &warning);

	accept_look(result, &warning);
}

static void
print_state(enum meta_state state, const struct otelop_metadata *metadata)
{
	pid_t pid = state == META_STOPPED ? 0 : meta_pid(metadata);

	if (pid > 0)
		printf("%s %ld\n", meta_state_name(state), (long)pid);
	else
		printf("%s\n", meta_state_name(state));
}

/* Does its name lead to another file from here than from where the daemon was started? */
static int
is_elsewhere(const struct otelop_metadata *metadata, const char *name)
{
	char here[OTELOP_PATH_SIZE], there[OTELOP_PATH_SIZE];

	return *name != '/' && strchr(name, '/') != NULL &&
	    otelop_metadata_get(metadata, "cwd", there, sizeof(there)) == 1 &&
	    getcwd(here, sizeof(here)) != NULL && strcmp(here, there) != 0;
}

/*
 * Is it this command that runs?  What says neither state nor command (upstream's) may be anything; what
 * has a state but no command has one that could not be recorded, and may be any other.
 */
static int
is_command(const struct otelop_metadata *metadata, char *const argv[])
{
	struct otelop_metadata wanted = OTELOP_METADATA_INIT;
	struct json_value is, asked, state;
	int can_be_recorded = meta_set_strings(&wanted, "command", (const char *const *)argv) == 0 &&
	    meta_find(&wanted, "command", &asked);

	if (!meta_find(metadata, "command", &is))
		return !meta_find(metadata, "state", &state);
	return can_be_recorded && show_same_strings(&is, &asked) && !is_elsewhere(metadata, argv[0]);
}

/* The answer to somebody who wanted to start argv and was not the first. */
static int
join_status(const char *dir, char *const argv[], int began, enum meta_state now,
    const struct otelop_metadata *metadata)
{
	struct otelop_message other, cwd;

	if (now == META_KEPT)
		return CLI_BUSY;
	if (now == META_STOPPED || now == META_STALE)
		return began ? CLI_NO : CLI_NOT_RUNNING;
	if (now == META_STARTING || is_command(metadata, argv))
		return CLI_DONE;
	if (otelop_metadata_get(metadata, "command", other.text, sizeof(other.text)) != 1)
		message_set(&other, "one that could not be recorded, or is too long to show");
	if (otelop_metadata_get(metadata, "cwd", cwd.text, sizeof(cwd.text)) != 1 ||
	    !is_elsewhere(metadata, argv[0]))
		cwd.text[0] = '\0';
	cli_say(&cli, "%s: another command runs here: %s%s%s", dir, other.text,
	    *cwd.text != '\0' ? ", started in " : "", cwd.text);
	return CLI_BUSY;
}

static int
run_running(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	enum meta_state state;
	int64_t wait_ms = 0;
	int option, appear = 0, waits = 0, began = 0, decided = 1;

	while ((option = cli_option(&running_cli, argc, argv)) != -1)
		if (option == 'a') {
			appear = 1;
		} else {
			wait_ms = cli_limit(&cli, "-w", optarg);
			waits = 1;
		}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		no_operands(argc, argv);
	if (waits) {
		decided = meta_wait(dir, appear, clock_deadline(wait_ms), &began, &state, &metadata,
		    &message);
		accept_look(decided, &message);
	} else {
		look_or_fail(dir, &state, &metadata);
	}
	print_state(state, &metadata);
	if (!decided)
		return CLI_TIMEOUT;
	if (optind < argc)
		return join_status(dir, argv + optind, began, state, &metadata);
	/* What we saw start and then saw gone has failed, and left no word. */
	return began && state == META_STOPPED ? CLI_NO : state_status(state);
}

static int
run_show(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	enum meta_state state;
	int json = 0;

	while (cli_option(&show_cli, argc, argv) != -1)
		json = 1;
	no_operands(argc, argv);
	look_or_fail(dir, &state, &metadata);
	cli_warn_state_dir(&cli, dir);
	if (state == META_STOPPED)
		metadata.length = 0;
	if (json)
		show_json(state, &metadata);
	else
		show_people(state, &metadata);
	return state_status(state);
}

static int
run_args(const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;

	take_options(&plain_cli, argc, argv);
	no_operands(argc, argv);
	read_or_fail(dir, &metadata);
	if (show_start_arguments(&metadata))
		return CLI_DONE;
	message_set(&message, "%s: the metadata does not say which command it was", dir);
	cli_fail(&cli, CLI_NO, &message);
}

static int
run_remove(const char *dir, int argc, char *argv[])
{
	struct lock_request request = { .own = getppid(), .any_host = 1 };
	struct otelop_message message;

	take_options(&plain_cli, argc, argv);
	no_operands(argc, argv);
	if (lock_remove_free(dir, &request, &message) < 0)
		cli_fail(&cli, errno == EWOULDBLOCK ? CLI_BUSY : CLI_UNKNOWN, &message);
	return CLI_DONE;
}

static const struct command {
	const char *name;
	int (*run)(const char *dir, int argc, char *argv[]);
	int status;	/* when the directory cannot even be named */
} commands[] = {
	{ "write", run_write, CLI_FAILED }, { "read", run_read, CLI_UNKNOWN },
	{ "get", run_get, CLI_UNKNOWN }, { "running", run_running, CLI_UNKNOWN },
	{ "show", run_show, CLI_UNKNOWN }, { "args", run_args, CLI_UNKNOWN },
	{ "remove", run_remove, CLI_UNKNOWN },
};

int
main(int argc, char *argv[])
{
	char dir[OTELOP_PATH_SIZE];
	const char *given = NULL, *name;
	size_t i;

	cli_begin(&cli);
	while (cli_option(&cli, argc, argv) != -1)
		given = optarg;
	if (optind >= argc)
		cli_usage_error(&cli, "no command");
	name = argv[optind];
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0) {
			cli_state_dir(&cli, given, commands[i].status, dir);
			/* The command's own options begin behind its name. */
			argc -= optind;
			argv += optind;
			optind = 1;
			return cli_end(&cli, commands[i].run(dir, argc, argv));
		}
	cli_usage_error(&cli, "%s: unknown command", name);
}
