/* What runs in the state directory, at once or when it is decided. */
#include "running.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/join.h"
#include "show.h"
#include "wait.h"

#include <string.h>

#define WAIT_MS 60000	/* for a start, where no limit is given */

/* Statuses of a state, as LSB has them. */
int
running_status(enum state state)
{
	switch (state) {
	case STATE_RUNNING:
	case STATE_STARTING:
		return STATUS_DONE;
	case STATE_STALE:
	case STATE_KEPT:
		return STATUS_NO;
	case STATE_STOPPED:
		break;
	}
	return STATUS_NOT_RUNNING;
}

/* A warning is printed.  4 when it could not be told what there is. */
static void
accept_look(const struct cli *cli, int result, const struct otelop_message *warning)
{
	if (result < 0)
		cli_fail(cli, STATUS_UNKNOWN, warning);
	if (*warning->text != '\0')
		cli_say(cli, "%s", warning->text);
}

void
running_look(const struct cli *cli, const char *dir, enum state *state, struct otelop_metadata *metadata)
{
	struct otelop_message warning;
	int result = state_look(dir, state, metadata, &warning);

	accept_look(cli, result, &warning);
}

/* The answer to somebody who wanted to start argv and was not the first; any daemon of upstream's will do. */
static int
join_status(const struct cli *cli, const char *dir, char *const argv[], int began, enum state now,
    const struct otelop_metadata *metadata, const struct otelop_message *warning)
{
	struct same_want want = { .argv = argv };
	struct otelop_message words = *warning;

	switch (join_judge(dir, now, began, metadata, &want, 1, &words)) {
	case JOIN_LEFT:
		return STATUS_BUSY;	/* it has been said why */
	case JOIN_FAILED:
		return STATUS_NO;
	case JOIN_GONE:
		return STATUS_NOT_RUNNING;
	case JOIN_OTHER:
		cli_say(cli, "%s", words.text);
		return STATUS_BUSY;
	case JOIN_RUNS:
	case JOIN_TIMEOUT:
	case JOIN_UNKNOWN:
		break;
	}
	return STATUS_DONE;
}

static int
awaited_status(int decided, int began, enum state state)
{
	if (!decided)
		return STATUS_TIMEOUT;
	/* What we saw start and then saw gone has failed, and left no word. */
	return began && state == STATE_STOPPED ? STATUS_NO : running_status(state);
}

int
running_run(const struct cli *cli, const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	enum state state;
	int64_t wait_ms = 0;
	int option, appear = 0, quiet = 0, waits = 0, began = 0, decided = 1;

	while ((option = cli_option(of, NULL, argc, argv)) != -1)
		switch (option) {
		case 'a':
			appear = 1;
			break;
		case 'q':
			quiet = 1;
			break;
		case 'w':
			wait_ms = cli_limit(of, "-w", optarg);
			waits = 1;
			break;
		}
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		cli_no_operands(of, argc, argv);
	if (waits) {
		decided = state_wait(dir, appear, clock_deadline(wait_ms), NULL, &began, &state, &metadata,
		    &message);
		accept_look(cli, decided, &message);
	} else {
		decided = state_look(dir, &state, &metadata, &message);
		accept_look(cli, decided, &message);
		decided = 1;
	}
	if (!quiet)
		show_state(state, &metadata, 0);
	if (decided && optind < argc)
		return join_status(cli, dir, argv + optind, began, state, &metadata, &message);
	return awaited_status(decided, began, state);
}

/* `otelop wait`: until what somebody starts is ready, or until what runs is gone. */
int
running_wait(const struct cli *cli, const struct cli *of, const char *dir, int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	enum state state;
	const char *limit = NULL;
	int option, ready = 0, stopped = 0, began = 0, decided;

	while ((option = cli_option(of, NULL, argc, argv)) != -1)
		if (option == RUNNING_READY)
			ready = 1;
		else if (option == RUNNING_STOPPED)
			stopped = 1;
		else
			limit = optarg;
	cli_no_operands(of, argc, argv);
	if (ready && stopped)
		cli_usage_error(of, "--ready or --stopped: one of them");
	if (stopped)
		return wait_until_free(cli, &(struct cli_place){ .dir = dir },
		    limit != NULL ? cli_limit(of, "-t", limit) : OTELOP_FOREVER);
	decided = state_wait(dir, 1, clock_deadline(limit != NULL ? cli_limit(of, "-t", limit) : WAIT_MS), NULL,
	    &began, &state, &metadata, &message);
	accept_look(cli, decided, &message);
	return awaited_status(decided, began, state);
}
