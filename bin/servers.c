/* The words of otelop-with; servers.h says what is made of them. */
#include "servers.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "otelop.h"
#include "request.h"
#include "state/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "otelop-with"
#define USAGE "otelop-with [-hV] [-C DIR] {[-n NAME] [START-OPTION...] -s SERVER}... -- CMD [ARG...]"
#define NAMES_SIZE 4096

enum { REFUSED = CLI_LONG - 1 };

/* These are found first: what start has by the same name is not for a server. */
static const struct option own_options[] = {
	{ "server", required_argument, NULL, 's' }, { "name", required_argument, NULL, 'n' },
	{ "state-dir", required_argument, NULL, 'C' }, { "with-parent", required_argument, NULL, REFUSED },
	{ "parent-grace", required_argument, NULL, REFUSED },
	{ "foreground", no_argument, NULL, REFUSED }, { "native", no_argument, NULL, REFUSED },
};
#define OWN_OPTIONS (sizeof(own_options) / sizeof(*own_options))

/* One of them, as its words say it. */
struct server {
	const char *dir;	/* -C, or NULL */
	const char *name;	/* -n, or NULL */
	char *line;
	char **words;		/* `start`'s: room for as many as there are, and for `-- sh -c SERVER` */
	int count;
};

/* What is behind argv[0] is still to be taken. */
struct rest {
	int argc;
	char **argv;
};

/* getopt remembers what it has seen of an argv behind its optind: begin another one instead of going on in one. */
static void
skip_taken(struct rest *rest)
{
	rest->argc -= optind - 1;
	rest->argv += optind - 1;
}

/* What is given in front of an -s goes to its start; but for its dir and name, which are ours.  1; 0: there is none. */
static int
take(const struct cli *cli, struct server *server, int may_be_refused, struct rest *rest)
{
	char **argv = rest->argv;
	int option, before;

	optind = before = 1;
	server->name = NULL;
	server->count = 1;
	for (; (option = cli_option(cli, NULL, rest->argc, argv)) != -1; before = optind)
		switch (option) {
		case 's':
			server->line = optarg;
			if (*optarg == '\0' || strcmp(optarg, "--") == 0)
				cli_usage_error(cli, "-s: needs a server");
			skip_taken(rest);
			return 1;
		case 'n':
			server->name = optarg;
			if (!instance_is_name(optarg))
				cli_usage_error(cli, "-n: not an instance name: %s", optarg);
			break;
		case 'C':
			server->dir = optarg;
			break;
		case 'f':
		case REFUSED:
			if (may_be_refused)
				cli_usage_error(cli, "%s: not for a server", argv[before]);
			/* FALLTHROUGH */
		default:
			while (before < optind)
				server->words[server->count++] = argv[before++];
		}
	if (server->count > 1 || server->name != NULL)
		cli_usage_error(cli, "%s: there is no -s behind it", argv[optind - 1 - (strcmp(argv[optind - 1], "--") == 0)]);
	skip_taken(rest);
	return 0;
}

/* As `otelop start OPTION... -- sh -c SERVER`. */
static void
parse_one(struct request *request, struct server *server)
{
	static char start[] = "start", separator[] = "--", shell[] = "sh", command[] = "-c";

	server->words[0] = start;
	server->words[server->count++] = separator;
	server->words[server->count++] = shell;
	server->words[server->count++] = command;
	server->words[server->count++] = server->line;
	server->words[server->count] = NULL;
	optind = 1;
	request_parse_start(request, NAME, USAGE, server->count, server->words);
}

/* The variable's name that a script finds the address by: two servers must not have the same. */
static int
has_same_variable(const char *names, const char *name)
{
	size_t length = strlen(name), i;

	for (; *names != '\0'; names += strcspn(names, " "), names += *names == ' ') {
		if (strcspn(names, " ") != length)
			continue;
		for (i = 0; i < length; i++)
			if (names[i] != name[i] && (strchr(".-_", names[i]) == NULL || strchr(".-_", name[i]) == NULL))
				break;
		if (i == length)
			return 1;
	}
	return 0;
}

static void
add_name(const struct cli *cli, char names[NAMES_SIZE], const char *name, int *unnamed)
{
	size_t used = strlen(names);
	char number[16];

	if (name == NULL) {
		snprintf(number, sizeof(number), "%d", ++*unnamed);
		name = number;
	}
	if (has_same_variable(names, name))
		cli_usage_error(cli, "%s: another server has this name, or one with the same variable", name);
	if (io_format(names + used, NAMES_SIZE - used, "%s%s", used > 0 ? " " : "", name) < 0)
		cli_usage_error(cli, "%s: too many servers", name);
}

/* A word where there should be none: a server's that was not quoted, or the command's. */
static void
refuse_stray(const struct cli *cli, const struct rest *rest)
{
	if (rest->argc > 1 && strcmp(rest->argv[0], "--") != 0)
		cli_usage_error(cli, "%s: stands alone: a server is one word, as in -s 'npm start', and the command is behind --",
		    rest->argv[1]);
}

/* All of them are looked at before anything is made. */
static void
look_at_all(const struct cli *cli, struct request *request, struct server *server, struct rest *rest)
{
	char names[NAMES_SIZE] = "", dir[OTELOP_PATH_SIZE] = "";
	const char *const more[] = { dir, names, NULL };
	struct otelop_message message;
	int unnamed = 0, is_first = 1;

	request->rest = rest->argv + 1;
	for (; take(cli, server, 1, rest); is_first = 0) {
		if (server->dir != NULL && (!is_first || *server->dir == '\0'))
			cli_usage_error(cli, is_first ? "-C: needs a directory" : "-C: goes in front of the first -s");
		if (server->dir != NULL && otelop_state_dir(server->dir, dir, sizeof(dir), &message) < 0)
			cli_fail(cli, STATUS_FAILED, &message);
		server->dir = NULL;
		add_name(cli, names, server->name, &unnamed);
		parse_one(request, server);
	}
	refuse_stray(cli, rest);
	if (is_first)
		cli_usage_error(cli, "no server: give it with -s");
	if (server->dir != NULL)
		cli_usage_error(cli, "-C: goes in front of the first -s");
	if (rest->argc < 2)
		cli_usage_error(cli, "no command: give it behind --");
	request_become_next(cli, request, more);
}

void
servers_parse(struct request *request, int argc, char *argv[])
{
	struct option all[CLI_LONG_MAX + 1];
	struct cli cli = { NAME, USAGE, "s:n:C:" REQUEST_START_LETTERS, all, CLI_WRAPPER };
	struct server server = { .words = calloc((size_t)argc + 6, sizeof(*server.words)) };
	struct otelop_message message;
	struct rest rest;

	if (server.words == NULL) {
		message_errno(&message, "memory: cannot allocate the words of the command");
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	if (request->runner == NULL || request->place.as == NULL || request->next_count > argc - optind)
		cli_usage_error(&request_cli, "--server, --servers: need --start, --as, and so many words");
	memcpy(all, own_options, sizeof(own_options));
	request_start_options(all + OWN_OPTIONS);
	request->next = argv + optind;
	rest.argc = argc - optind - (int)request->next_count + 1;
	rest.argv = request->next + request->next_count - 1;
	request->is_strict = 1;
	if (!request->is_server)
		look_at_all(&cli, request, &server, &rest);
	if (take(&cli, &server, 0, &rest)) {
		parse_one(request, &server);
	} else {
		request->argv = rest.argv + 1;
		request->is_foreground = 1;
	}
	request->rest = rest.argv + 1;
}
