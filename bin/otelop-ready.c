/* otelop-ready: the daemon child's half of readiness. */
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/verdict.h"
#include "otelop.h"
#include "state/meta.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct option long_options[] = {
	{ "error", required_argument, NULL, 'e' }, { "query", no_argument, NULL, 'q' },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-ready",
	"otelop-ready [-hV] [-C DIR] [-n NAME] [KEY=VALUE...]\n"
	"otelop-ready -e MESSAGE\n"
	"otelop-ready -q",
	"e:q", long_options, CLI_PROGRAM,
};

/* set: lines and the verdict, in one piece: a pipe takes up to PIPE_BUF bytes in one write. */
static int
say_on_pipe(char *const pairs[], const char *error, struct otelop_message *message)
{
	static char text[OTELOP_METADATA_MAX];
	char line[VERDICT_LINE_MAX + 1];
	size_t used = 0;

	for (; *pairs != NULL; pairs++) {
		if (strlen(*pairs) + 4 > VERDICT_LINE_MAX ||
		    io_format(text + used, sizeof(text) - used, "set:%s\n", *pairs) < 0) {
			message_set(message, "%.60s: does not fit into a line of %d bytes", *pairs,
			    VERDICT_LINE_MAX);
			return -1;
		}
		used += strlen(text + used);
	}
	verdict_one_line(error != NULL ? "err:" : "ok", error != NULL ? error : "", line);
	if (io_format(text + used, sizeof(text) - used, "%s\n", line) < 0)
		return message_errno(message, "cannot say so much at once");
	if (verdict_say_pipe(otelop_ready_pipe(), text) < 0 && errno != EPIPE)
		return message_errno(message, "descriptor %d: cannot write", OTELOP_READY_FD);
	return 0;	/* EPIPE: the verdict is known, or nobody wants it any more */
}

int
main(int argc, char *argv[])
{
	struct otelop_metadata scratch = OTELOP_METADATA_INIT;
	struct otelop_message message;
	struct cli_place place = { NULL, NULL, NULL };	/* taken as by every program, and not needed */
	const char *error = NULL;
	int query = 0, option, i, result = 0;

	cli_begin(&cli);
	while ((option = cli_option(&cli, &place, argc, argv)) != -1)
		switch (option) {
		case 'e':
			error = optarg;
			break;
		case 'q':
			query = 1;
			break;
		}
	if ((query || error != NULL) && optind < argc)
		cli_usage_error(&cli, "%s: unexpected operand", argv[optind]);
	if (query && error != NULL)
		cli_usage_error(&cli, "-e and -q: only one of them");
	if (query)
		return otelop_ready_pipe() >= 0 ? STATUS_DONE : STATUS_NO;
	for (i = optind; i < argc; i++)
		if (strchr(argv[i], '\n') != NULL)
			cli_usage_error(&cli, "%s: a newline cannot be told on the ready pipe", argv[i]);
		else if (meta_set_pair(&scratch, argv[i], 0, &message) < 0)
			cli_member_error(&cli, errno, &message);
	otelop_metadata_free(&scratch);
	switch (verdict_channel()) {
	case VERDICT_PIPE:
		result = say_on_pipe(argv + optind, error, &message);
		break;
	case VERDICT_NOTIFY:
		if ((result = verdict_say_notify(error)) < 0)
			message_errno(&message, "NOTIFY_SOCKET: cannot send");
		break;
	case VERDICT_LINE:	/* which an otelop-run alone has */
	case VERDICT_NOWHERE:
		break;
	}
	if (result < 0)
		cli_fail(&cli, STATUS_FAILED, &message);
	return STATUS_DONE;
}
