/* otelop-stop: end a process, or the daemon of the state directory, and wait until it is gone. */
#include "cli.h"
#include "status.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>

static const struct option long_options[] = {
	{ "state-dir", required_argument, NULL, 'C' }, { "timeout", required_argument, NULL, 't' },
	{ "signal", required_argument, NULL, 's' }, { "kill-after", required_argument, NULL, 'k' },
	{ "check", required_argument, NULL, 'n' }, { NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-stop",
	"otelop-stop [-hV] [-C DIR] [-t TIME] [-s SIGNAL] [-k TIME] [PID]\n"
	"otelop-stop -n PID",
	"C:t:s:k:n:", long_options,
};

static int
signal_number(const char *name)
{
	int number = status_signal_number(name);

	if (number < 0)
		cli_usage_error(&cli, "-s: unknown signal: %s", name);
	return number;
}

int
main(int argc, char *argv[])
{
	struct stop_options options = { .signal_number = SIGTERM, .timeout_ms = 10000 };
	struct otelop_message message = { "" };
	char dir[OTELOP_PATH_SIZE];
	const char *given = NULL, *check = NULL;
	int option, result;

	cli_begin(&cli);
	while ((option = cli_option(&cli, argc, argv)) != -1)
		switch (option) {
		case 'C':
			given = optarg;
			break;
		case 't':
			options.timeout_ms = cli_limit(&cli, "-t", optarg);
			break;
		case 's':
			options.signal_number = signal_number(optarg);
			break;
		case 'k':
			options.kills = 1;
			options.kill_wait_ms = cli_limit(&cli, "-k", optarg);
			break;
		case 'n':
			check = optarg;
			break;
		}
	if (optind + (check == NULL) < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[argc - 1]);
	if (check != NULL)
		return otelop_process_alive(cli_pid(&cli, check)) ? CLI_DONE : CLI_NO;
	if (optind < argc) {
		result = stop_process(cli_pid(&cli, argv[optind]), &options, &message);
	} else {
		cli_state_dir(&cli, given, CLI_UNKNOWN, dir);
		result = stop_daemon(dir, &options, &message);
	}
	if (result < 0)
		cli_fail(&cli, errno == ETIMEDOUT ? CLI_TIMEOUT :
		    errno == EINVAL && optind < argc ? CLI_USAGE : CLI_UNKNOWN, &message);
	if (*message.text != '\0')
		cli_say(&cli, "%s", message.text);
	return CLI_DONE;
}
