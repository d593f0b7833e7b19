/* otelop-run: run a command that knows nothing of all this as the daemon. */
#include "attend_words.h"
#include "base/io.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/chain.h"
#include "daemon/run.h"
#include "otelop.h"
#include "run_words.h"
#include "state/statedir.h"

int
main(int argc, char *argv[])
{
	const struct cli *cli = &run_words_cli;
	char path[OTELOP_PATH_SIZE];
	struct statedir dir;
	struct run_words words;
	struct run_report report;
	int status, chain_fd;

	cli_begin(cli);
	if (attend_is_asked(argc, argv))
		return attend_main(argc, argv);
	run_words_parse(cli, &words, argc, argv);
	if (words.dry_run)
		return STATUS_DONE;	/* the usage is right: all that could be said without doing it */
	cli_state_dir(cli, &words.place, STATUS_FAILED, path);
	if (statedir_ensure(&dir, path, &report.reason) < 0)
		cli_fail(cli, STATUS_FAILED, &report.reason);
	words.options.state_dir = path;
	/* It is not for a parent that stays, nor for its command. */
	if ((chain_fd = chain_inherit(path, &report.reason)) == CHAIN_UNCLEAR)
		cli_fail(cli, STATUS_FAILED, &report.reason);
	io_close(&chain_fd);
	status = run_command(&words.options, &dir, words.command, &report);
	if (*report.reason.text != '\0' && !report.said)
		cli_say(cli, "%s", report.reason.text);
	return status;
}
