/* What a run says to whoever waits for its verdict. */
#include "daemon/run_say.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/logger.h"
#include "daemon/outcome.h"
#include "daemon/run_state.h"
#include "daemon/verdict.h"
#include "otelop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* To who knows no other word than ready.  1; 0: he is not there, or it is none for him. */
static int
say_line(const struct run *run, int is_ready)
{
	int fd = run->options->notify_fd;

	if (is_ready)
		return verdict_say_pipe(fd, "\n") == 0;
	close(fd);
	return 0;
}

/* A verdict, set: lines in front.  1; 0: there is nobody who takes it. */
static int
say(const struct run *run, const char *set, const char *verdict, const char *text)
{
	char lines[2 * VERDICT_LINE_MAX + 64], line[VERDICT_LINE_MAX + 1];

	switch (run->channel) {
	case VERDICT_PIPE:
		verdict_one_line(verdict, text, line);
		io_format(lines, sizeof(lines), "%s%s\n", set, line);
		return verdict_say_pipe(OTELOP_READY_FD, lines) == 0;
	case VERDICT_NOTIFY:
		return verdict_say_notify(*text != '\0' ? text : NULL) == 0;
	case VERDICT_LINE:
		return say_line(run, strcmp(verdict, "ok") == 0);
	case VERDICT_NOWHERE:
		break;
	}
	return 0;
}

void
run_tell(const struct run *run, const char *line)
{
	if (run->channel == VERDICT_PIPE)
		io_write_all(OTELOP_READY_FD, line, strlen(line));
}

void
run_log(const struct run *run, const char *line)
{
	logger_say(&run->logger, "otelop-run", line, RUN_LOG_PATIENCE_MS);
}

/* A line for people, as the pipe carries it. */
static void
summarize(const struct run *run, char line[VERDICT_LINE_MAX + 1])
{
	struct otelop_message text;
	char addresses[VERDICT_LINE_MAX];
	int listens = otelop_metadata_get(&run->metadata, "listen", addresses, sizeof(addresses)) == 1;

	message_set(&text, "%s is ready%s%s", run->argv[0], listens ? ", listening on " : "",
	    listens ? addresses : "");
	verdict_one_line("set:summary=", text.text, line);
}

void
run_say_ready(const struct run *run)
{
	char summary[VERDICT_LINE_MAX + 1], set[VERDICT_LINE_MAX + 64];

	summarize(run, summary);
	io_format(set, sizeof(set), "set:pid=%ld\n%s\n", (long)run->command.pid, summary);
	say(run, set, "ok", "");
}

void
run_say_joined(const struct run *run, pid_t pid, const char *differences)
{
	char summary[VERDICT_LINE_MAX + 1], set[VERDICT_LINE_MAX + 64];
	struct otelop_message text;

	message_set(&text, "already running%s%s", *differences != '\0' ? "; only a restart would change: " : "",
	    differences);
	verdict_one_line("set:summary=", text.text, summary);
	io_format(set, sizeof(set), "set:pid=%ld\n%s\n", (long)pid, summary);
	say(run, set, "ok", "");
}

int
run_has_waited(const struct run *run)
{
	if (run->readiness.modes == NULL || !readiness_has_more_to_say(&run->readiness))
		return 0;
	return run->outcome == RUN_GIVEN_UP || (run->outcome == RUN_STARTING && run->stage == STAGE_ENDED &&
	    run->how.si_code == CLD_KILLED && run->how.si_status == SIGTERM);
}

/* Is this status of the table ours to say, or is it CMD's own, of which most mean something else? */
static int
is_meant(const struct run *run, int status)
{
	if (run->stage == STAGE_ENDED && outcome_meaning(run->outcome)->exits == EXITS_AS_COMMAND)
		return status_is_passed_on(status);
	return status_may_be_said(status);
}

void
run_say_failure(const struct run *run, int status)
{
	/* What was joined has a log; what has not begun has none. */
	const char *not_run = run->stage < STAGE_RUNS && run->joins == 0 ? "set:notRun=1\n" : "";
	char set[64];

	if (is_meant(run, status) && (status != STATUS_BUSY || run->stage == STAGE_NONE))
		io_format(set, sizeof(set), "%sset:exitCode=%d\n", not_run, status);
	else
		io_format(set, sizeof(set), "%s", not_run);
	/* A supervisor may show nobody what it is told: start-stop-daemon does not.  Its log is where one looks. */
	run->report->said = say(run, set, "err:", run->report->reason.text) && run->channel == VERDICT_PIPE &&
	    !run_has_waited(run);
}
