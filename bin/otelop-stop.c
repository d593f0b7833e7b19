/* otelop-stop: end a process, or the daemon of the state directory, and wait until it is gone. */
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "commands.h"
#include "daemon/chain.h"
#include "daemon/stop.h"
#include "otelop.h"
#include "process/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct option long_options[] = {
	{ "timeout", required_argument, NULL, 't' },
	{ "signal", required_argument, NULL, 's' }, { "kill-after", required_argument, NULL, 'k' },
	{ "check", required_argument, NULL, 'n' }, { "as", required_argument, NULL, CLI_AS },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-stop",
	"otelop-stop [-hV] [-C DIR] [--name NAME] [-t TIME] [-s SIGNAL] [-k TIME] [--as NAME] "
	"[PID] [-- CMD [ARG...]]\n"
	"otelop-stop -n PID",
	"t:s:k:n:", long_options, CLI_PROGRAM,
};

/* `otelop stop` takes fewer words. */
static const struct option command_options[] = {
	{ "timeout", required_argument, NULL, 't' }, { "kill-after", required_argument, NULL, 'k' }, { NULL, 0, NULL, 0 },
};
static const struct cli command_cli = { "otelop: stop", COMMANDS_USAGE, "t:k:", command_options, CLI_COMMAND };

struct request {
	struct cli_place place;
	struct stop_options options;
	const char *check;
	const char *pid;
	char **command;			/* what to become afterwards; NULL: nothing */
	int64_t chain_wait_ms;		/* for other chains */
};

static void
take_options(const struct cli *of, struct request *request, int argc, char *argv[])
{
	int option;

	while ((option = cli_option(of, &request->place, argc, argv)) != -1)
		switch (option) {
		case 't':
			request->options.timeout_ms = request->chain_wait_ms = cli_limit(of, "-t", optarg);
			break;
		case 's':
			request->options.signal_number = cli_signal(&cli, "-s", optarg);
			break;
		case 'k':
			request->options.kills = 1;
			request->options.kill_wait_ms = cli_limit(of, "-k", optarg);
			break;
		case 'n':
			request->check = optarg;
			break;
		}
}

static void
parse(struct request *request, int argc, char *argv[])
{
	int i;

	take_options(&cli, request, argc, argv);
	if (optind < argc && strcmp(argv[optind], "stop") == 0 &&
	    cli_command_of_otelop(&request->place, &argc, &argv) != NULL) {
		take_options(&command_cli, request, argc, argv);
		cli_no_operands(&command_cli, argc, argv);
		return;
	}
	i = optind;
	if (i < argc && (i == 1 || strcmp(argv[i - 1], "--") != 0)) {
		request->pid = argv[i++];
		if (i < argc && strcmp(argv[i++], "--") != 0)
			cli_usage_error(&cli, "%s: unexpected operand", argv[i - 1]);
		if (i == argc && i > optind + 1)
			cli_usage_error(&cli, "no command behind --");
	}
	if (i < argc)
		request->command = argv + i;
	if (request->check != NULL && optind < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[argc - 1]);
}

static void
stop(const struct request *request)
{
	struct otelop_message message = { "" };
	char dir[OTELOP_PATH_SIZE];
	int result;

	if (request->pid != NULL) {
		result = stop_process(cli_pid(&cli, request->pid), &request->options, &message);
	} else {
		cli_state_dir(&cli, &request->place, STATUS_UNKNOWN, dir);
		result = stop_daemon(dir, &request->options, &message);
	}
	if (result < 0)
		cli_fail(&cli, errno == ETIMEDOUT ? STATUS_TIMEOUT :
		    errno == EINVAL && request->pid != NULL ? STATUS_USAGE : STATUS_UNKNOWN, &message);
	if (*message.text != '\0')
		cli_say(&cli, "%s", message.text);
}

/*
 * A restart: what is stopped is started again by the programs that follow, before any other chain.  The
 * descriptor to hand on to them.  Where there is nothing to be done, or it may not be, the program ends.
 */
static int
enter_chain(const struct request *request)
{
	struct cli as = { .name = request->place.as != NULL ? request->place.as : cli.name };
	struct otelop_message message;
	char dir[OTELOP_PATH_SIZE];
	int fd, waited;

	cli_ensure_state_dir(&cli, &request->place, dir);
	if ((fd = cli_enter_chain(&as, dir, request->chain_wait_ms, &waited, &message)) < 0)
		cli_fail(&as, errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED, &message);
	if (chain_is_inside(dir)) {
		message_set(&message, "%s: refused: this would end who asks for it, which is below the daemon; "
		    "nothing was stopped", dir);
		cli_fail(&as, STATUS_NO, &message);
	}
	return fd;
}

/* Become the command, with the chain if there is one. */
static void
go_on(const struct request *request, int fd)
{
	struct otelop_message message;
	char dir[OTELOP_PATH_SIZE];

	if (fd >= 0) {
		cli_state_dir(&cli, &request->place, STATUS_FAILED, dir);
		if (chain_hand_on(fd, dir, &message) < 0)
			cli_fail(&cli, STATUS_FAILED, &message);
	}
	exec_command(request->command);
	exec_failed(request->command[0], &message);
	cli_fail(&cli, status_of_exec(errno), &message);
}

int
main(int argc, char *argv[])
{
	struct request request = { .options = { .timeout_ms = 10000 },
	    .chain_wait_ms = OTELOP_FOREVER };
	int fd = -1;

	cli_begin(&cli);
	parse(&request, argc, argv);
	if (request.check != NULL)
		return otelop_process_alive(cli_pid(&cli, request.check)) ? STATUS_DONE : STATUS_NO;
	if (request.command != NULL && request.pid == NULL)
		fd = enter_chain(&request);
	stop(&request);
	if (request.command != NULL)
		go_on(&request, fd);
	return STATUS_DONE;
}
