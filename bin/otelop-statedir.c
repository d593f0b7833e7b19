/* otelop-statedir: where state lives. */
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "otelop.h"
#include "tail.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { TAIL = CLI_LONG, FOLLOW, PRINT, COMPLAIN };

static const struct option long_options[] = {
	{ "ensure", no_argument, NULL, 'e' },
	{ "log", no_argument, NULL, 'l' }, { "metadata", no_argument, NULL, 'm' },
	{ "tail", required_argument, NULL, TAIL }, { "follow", no_argument, NULL, FOLLOW },
	{ "print", required_argument, NULL, PRINT }, { "complain", required_argument, NULL, COMPLAIN },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-statedir",
	"otelop-statedir [-ehV] [-C DIR] [-n NAME] [-l | -m]\n"
	"otelop-statedir [-C DIR] [-n NAME] --tail N [--follow]\n"
	"otelop-statedir --print TEXT\n"
	"otelop-statedir --complain TEXT USAGE",
	"elm", long_options, 0,
};

int
main(int argc, char *argv[])
{
	char dir[OTELOP_PATH_SIZE], path[OTELOP_PATH_SIZE];
	struct cli_place place = { NULL, NULL };
	int ensure = 0, log = 0, metadata = 0, follow = 0, option;
	const char *complaint = NULL;
	long lines = -1;

	cli_begin(&cli);
	cli_ignore_pipe();
	while ((option = cli_option(&cli, &place, argc, argv)) != -1)
		switch (option) {
		case 'e':
			ensure = 1;
			break;
		case 'l':
			log = 1;
			break;
		case 'm':
			metadata = 1;
			break;
		case TAIL:
			lines = cli_number(&cli, "--tail", optarg, 0, LONG_MAX);
			break;
		case PRINT:
			puts(optarg);
			return cli_end(&cli, STATUS_DONE);
		case COMPLAIN:
			complaint = optarg;
			break;
		case FOLLOW:
			follow = 1;
			break;
		}
	if (log && metadata)
		cli_usage_error(&cli, "-l and -m: only one of them");
	if (follow && lines < 0)
		cli_usage_error(&cli, "--follow: only with --tail");
	if (lines >= 0 && (ensure || log || metadata))
		cli_usage_error(&cli, "--tail: not with -e, -l or -m");
	if (complaint != NULL && optind + 1 == argc)
		cli_usage_error(&(struct cli){ .name = "otelop", .usage = argv[optind] }, "%s", complaint);
	if (complaint != NULL)
		cli_usage_error(&cli, "--complain: with one operand");
	if (optind < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[optind]);
	cli_state_dir(&cli, &place, STATUS_FAILED, dir);
	if (lines >= 0)
		return tail_log(&cli, dir, lines, follow);
	if (ensure) {
		cli_ensure_state_dir(&cli, &place, dir);
		cli_warn_state_dir(&cli, dir);
	}
	if ((log ? otelop_log_file(dir, path, sizeof(path)) :
	    metadata ? otelop_metadata_file(dir, path, sizeof(path)) :
	    io_format(path, sizeof(path), "%s", dir)) < 0) {
		struct otelop_message message;

		message_errno(&message, "%s: cannot name a file in it", dir);
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	cli_put_answer(path, strlen(path));
	putchar('\n');
	return cli_end(&cli, STATUS_DONE);
}
