/* otelop-statedir: where state lives. */
#include "cli.h"
#include "io.h"

#include <stdio.h>
#include <string.h>

static const struct option long_options[] = {
	{ "state-dir", required_argument, NULL, 'C' }, { "ensure", no_argument, NULL, 'e' },
	{ "log", no_argument, NULL, 'l' }, { "metadata", no_argument, NULL, 'm' },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-statedir", "otelop-statedir [-ehV] [-C DIR] [-l | -m]", "C:elm", long_options,
};

int
main(int argc, char *argv[])
{
	char dir[OTELOP_PATH_SIZE], path[OTELOP_PATH_SIZE];
	const char *given = NULL;
	int ensure = 0, log = 0, metadata = 0, option;

	cli_begin(&cli);
	while ((option = cli_option(&cli, argc, argv)) != -1)
		switch (option) {
		case 'C':
			given = optarg;
			break;
		case 'e':
			ensure = 1;
			break;
		case 'l':
			log = 1;
			break;
		case 'm':
			metadata = 1;
			break;
		}
	if (log && metadata)
		cli_usage_error(&cli, "-l and -m: only one of them");
	if (optind < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[optind]);
	cli_state_dir(&cli, given, CLI_FAILED, dir);
	if (ensure) {
		cli_ensure_state_dir(&cli, given, dir);
		cli_warn_state_dir(&cli, dir);
	}
	if ((log ? otelop_log_file(dir, path, sizeof(path)) :
	    metadata ? otelop_metadata_file(dir, path, sizeof(path)) :
	    io_format(path, sizeof(path), "%s", dir)) < 0) {
		struct otelop_message message;

		message_errno(&message, "%s: cannot name a file in it", dir);
		cli_fail(&cli, CLI_FAILED, &message);
	}
	cli_put_answer(path, strlen(path));
	putchar('\n');
	return cli_end(&cli, CLI_DONE);
}
