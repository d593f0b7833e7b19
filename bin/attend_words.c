/* otelop-run --attend: nobody's daemon, but above a command in the foreground. */
#include "attend_words.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/attend.h"
#include "process/child.h"
#include "process/exec.h"
#include "run_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_MS 10000

enum { ATTEND = CLI_LONG, WITH_PARENT, GRACE, THEN };

static const struct option long_options[] = {
	{ "attend", no_argument, NULL, ATTEND }, { "with-parent", required_argument, NULL, WITH_PARENT },
	{ "grace", required_argument, NULL, GRACE }, { "then", required_argument, NULL, THEN },
	{ "as", required_argument, NULL, CLI_AS }, { NULL, 0, NULL, 0 },
};

struct words {
	struct cli_place place;
	struct attend options;
	long then;		/* so many words are in front of the command's */
};

int
attend_is_asked(int argc, char *argv[])
{
	return argc > 1 && strcmp(argv[1], "--attend") == 0;
}

static void
parse(const struct cli *cli, struct words *words, int argc, char *argv[])
{
	int option;

	while ((option = cli_option(cli, &words->place, argc, argv)) != -1)
		switch (option) {
		case WITH_PARENT:
			words->options.with_parent = cli_pid(cli, optarg);
			break;
		case GRACE:
			words->options.grace_ms = cli_duration(cli, "--grace", optarg);
			break;
		case THEN:
			words->then = cli_number(cli, "--then", optarg, 1, argc);
			words->options.hands_over = 1;
			break;
		}
	if (words->then >= argc - optind)
		cli_usage_error(cli, "no command: give it behind --");
}

/* What comes then is told the status by its last word. */
static void
become(const struct cli *cli, char *const then[], long count, int status)
{
	struct otelop_message message;
	char number[16], **words = calloc((size_t)count + 2, sizeof(*words));

	if (words == NULL) {
		message_errno(&message, "memory: cannot allocate the words of the command");
		cli_fail(cli, STATUS_FAILED, &message);
	}
	snprintf(number, sizeof(number), "%d", status);
	memcpy(words, then, (size_t)count * sizeof(*words));
	words[count] = number;
	attend_ignore_signals();
	exec_command(words);
	exec_failed(words[0], &message);
	cli_fail(cli, status_of_exec(errno), &message);
}

int
attend_main(int argc, char *argv[])
{
	struct cli cli = { run_words_cli.name, run_words_cli.usage, "", long_options, CLI_PROGRAM };
	struct words words = { .options = { .grace_ms = GRACE_MS } };
	struct attend_result result;
	char **command;

	parse(&cli, &words, argc, argv);
	command = argv + optind + words.then;
	if (child_can_wait() == 0) {
		/* A shell that had children has become us: another one of us tells what is the command's from theirs. */
		command = argv;
		words.options.hands_over = 0;
	}
	attend_command(&words.options, command, &result);
	if (words.place.as != NULL)
		cli.name = words.place.as;
	if (*result.reason.text != '\0')
		cli_say(&cli, "%s", result.reason.text);
	if (!result.is_over)
		become(&cli, argv + optind, words.then, result.status);
	return result.status;
}
