/* otelop-run: run a command that knows nothing of all this as the daemon. */
#include "cli.h"
#include "logger.h"
#include "run.h"

enum { READY = CLI_LONG, WITH_PARENT, MAX_LIFETIME, NO_SWEEP, LOG_MAX, LOG_KEEP, DRY_RUN };

static const struct option long_options[] = {
	{ "state-dir", required_argument, NULL, 'C' }, { "ready", required_argument, NULL, READY },
	{ "with-parent", required_argument, NULL, WITH_PARENT },
	{ "max-lifetime", required_argument, NULL, MAX_LIFETIME },
	{ "no-sweep", no_argument, NULL, NO_SWEEP },
	{ "log-max", required_argument, NULL, LOG_MAX },
	{ "log-keep", required_argument, NULL, LOG_KEEP }, { "dry-run", no_argument, NULL, DRY_RUN },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-run",
	"otelop-run [-hV] [-C DIR] [--ready MODE[,MODE...]] [--with-parent PID] "
	"[--max-lifetime TIME] [--no-sweep] [--log-max SIZE] [--log-keep N] [--dry-run] "
	"[KEY=VALUE...] -- CMD [ARG...]",
	"C:", long_options,
};

int
main(int argc, char *argv[])
{
	char dir[OTELOP_PATH_SIZE], **members, **command;
	struct run_options options = { .modes_text = READINESS_AUTO, .log_keep = 1 };
	struct readiness_modes modes;
	struct otelop_message message;
	struct run_report report;
	const char *given = NULL;
	int option, status, dry_run = 0;

	cli_begin(&cli);
	while ((option = cli_option(&cli, argc, argv)) != -1)
		switch (option) {
		case 'C':
			given = optarg;
			break;
		case READY:
			options.modes_text = optarg;
			break;
		case WITH_PARENT:
			options.with_parent = cli_pid(&cli, optarg);
			break;
		case MAX_LIFETIME:
			options.max_lifetime_ms = cli_duration(&cli, "--max-lifetime", optarg);
			options.max_lifetime_text = optarg;
			break;
		case NO_SWEEP:
			options.no_sweep = 1;
			break;
		case LOG_MAX:
			if (logger_parse_size(optarg, &options.log_max) < 0)
				cli_usage_error(&cli, "--log-max: not a size such as 64k, 10M or 1G, "
				    "%d at least: %s", LOGGER_SIZE_MIN, optarg);
			options.log_max_text = optarg;
			break;
		case LOG_KEEP:
			options.log_keep = (int)cli_number(&cli, "--log-keep", optarg, 1,
			    LOGGER_KEEP_MAX);
			options.log_keep_text = optarg;
			break;
		case DRY_RUN:
			dry_run = 1;
			break;
		}
	if (readiness_parse(options.modes_text, &modes, &message) < 0)
		cli_usage_error(&cli, "--ready: %s", message.text);
	command = cli_command(&cli, argc, argv, &members);
	if (dry_run)
		return CLI_DONE;	/* the usage is right: all that could be said without doing it */
	cli_ensure_state_dir(&cli, given, dir);
	options.state_dir = dir;
	options.modes = &modes;
	options.members = (const char *const *)members;
	status = run_command(&options, command, &report);
	if (*report.reason.text != '\0' && !report.said)
		cli_say(&cli, "%s", report.reason.text);
	return status;
}
