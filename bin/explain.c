/* Why a start has failed, for people. */
#include "explain.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "json/json.h"
#include "log_tail.h"
#include "state/meta.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL_BYTES 65536	/* of the log's end, where the last lines are looked for */

/* otelop-run's words name its command; where it has not run, it is what is to be named. */
static void
say(const struct request *request, const char *text)
{
	struct cli speaker = request_speaker(request);

	if (request->place.as == NULL || request->is_native || (request->is_run && request->result.child == 0))
		cli_say(&speaker, "%s: %s", request->argv[0], text);
	else
		cli_say(&speaker, "%s", text);
}

/* Has otelop-run only waited for another's start? */
static int
is_joined(const struct otelop_spawn_result *result)
{
	return result->status != STATUS_DONE && *result->summary.text != '\0';
}

/*
 * What the daemon wrote to the log during this start, its end.  The default log is read where it was written, whatever
 * its directory's path leads to by now, and may have been renamed meanwhile.  Of a start that was somebody else's it is
 * not known where it began.  0; -1: there is nothing.
 */
static int
find_tail(const struct request *request, struct log_tail *tail)
{
	const struct otelop_spawn_result *result = &request->result;
	const struct run_options *options = &request->words.options;
	off_t start = is_joined(result) ? 0 : (off_t)result->log_start;
	struct log_lines wanted = { .lines = request->tail, .start = start };
	struct stat first;
	int fd;

	if (request->log == NULL) {
		if (!is_joined(result) && fstat(request->spawn.log_fd, &first) == 0) {
			wanted.first = &first;
			wanted.older = request->is_run && options->log_max > 0 ? options->log_keep : 1;
		}
		return log_tail_open(tail, &request->dir, &wanted, NULL);
	}
	if ((fd = open(request->log_path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) < 0)
		return -1;
	log_tail_of(tail, fd, start, request->tail);
	return 0;
}

struct text {
	char *bytes;
	size_t length;
};

static int
take(void *argument, const char *bytes, size_t length)
{
	struct text *text = argument;

	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	return 0;
}

/* At most so many bytes of it, the last ones. */
static void
show_lines(struct log_tail *tail)
{
	struct text text = { malloc(TAIL_BYTES), 0 };
	off_t size = log_tail_size(tail);
	int failed;

	if (text.bytes != NULL)
		log_tail_each(tail, size > TAIL_BYTES ? size - TAIL_BYTES : 0, take, &text, &failed);
	if (text.length > 0) {
		cli_put_lines(text.bytes, text.length, stderr);
		if (text.bytes[text.length - 1] != '\n')
			fputc('\n', stderr);
	}
	free(text.bytes);
}

/* Is the log shorter than when this start began?  Where a process of ours writes it, nobody can do that. */
static int
is_cut(const struct request *request, const struct log_tail *tail)
{
	int fd = request->log == NULL ? request->spawn.log_fd : tail->parts[0].fd;
	struct stat found;

	return !is_joined(&request->result) && !(request->is_run && request->words.options.log_max > 0) &&
	    fstat(fd, &found) == 0 && found.st_size < (off_t)request->result.log_start;
}

static void
show_tail(const struct request *request)
{
	char line[OTELOP_PATH_SIZE + 512];
	struct log_tail tail;

	if (request->tail == 0 || request->result.log_start < 0 || find_tail(request, &tail) < 0)
		return;
	show_lines(&tail);
	if (is_cut(request, &tail)) {
		io_format(line, sizeof(line), "%s: shorter than when this start began; %s", request->log_path, log_tail_cut);
		say(request, line);
	}
	log_tail_close(&tail);
}

/* Is it the lock that made the child busy?  otelop-run says so; of any other it must be seen. */
static int
is_lock_held(const struct request *request)
{
	return (request->result.said && !request->is_native) ||
	    otelop_running(request->spawn.state_dir, NULL, NULL) == 1;
}

/* Is there nothing in the log about this?  Nothing ran, or one runs already, and then it is that one's. */
static int
is_not_in_log(const struct request *request)
{
	const struct otelop_spawn_result *result = &request->result;

	return result->child == 0 || result->unstarted || (result->status == STATUS_BUSY && result->said) ||
	    ((result->status == STATUS_TIMEOUT || result->status == STATUS_UNKNOWN) && is_joined(result));
}

static void
say_what_was_awaited(const struct request *request)
{
	struct cli speaker = request_speaker(request);
	struct otelop_message all;

	if (request->result.status != STATUS_TIMEOUT || !request->is_run || request->place.as == NULL)
		return;
	modes_describe(&request->words.modes, all.text, sizeof(all.text));
	cli_say(&speaker, "waited for %s; --ready says what else to wait for", all.text);
}

/* In single quotes for sh. */
static void
put_quoted(const char *text)
{
	fputs(" '", stderr);
	for (; *text != '\0'; text += *text == '\'') {
		size_t length = strcspn(text, "'");

		cli_put_clean(text, length, stderr);
		text += length;
		if (*text == '\0')
			break;
		fputs("'\\''", stderr);
	}
	fputc('\'', stderr);
}

/* After a restart that failed and left nothing recorded: what would start it again. */
static void
explain_again(const struct request *request)
{
	char *const *word = request->given;
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct json_value command;
	struct cli speaker = request_speaker(request);
	char here[OTELOP_PATH_SIZE];

	if (otelop_read_metadata(request->spawn.state_dir, &metadata, NULL) < 0 ||
	    !meta_find(&metadata, "command", &command)) {
		fprintf(stderr, "%s: to try again:", speaker.name);
		if (getcwd(here, sizeof(here)) != NULL) {
			fputs(" cd", stderr);
			put_quoted(here);
			fputs(" &&", stderr);
		}
		fputs(" otelop start", stderr);
		for (; *word != NULL; word++)
			put_quoted(*word);
		fputc('\n', stderr);
	}
	otelop_metadata_free(&metadata);
}

void
explain(struct request *request)
{
	char line[OTELOP_PATH_SIZE + 8];

	request->is_busy = request->result.status == STATUS_BUSY && request->quiet_busy && is_lock_held(request);
	if (!request->is_busy) {
		say(request, request->result.reason.text);
		if (!is_not_in_log(request)) {
			show_tail(request);
			io_format(line, sizeof(line), "log: %s", request->log_path);
			say(request, line);
			say_what_was_awaited(request);
		}
	}
	if (request->is_again)
		explain_again(request);
}
