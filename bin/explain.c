/* Why a start has failed, for people. */
#include "explain.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "json/json.h"
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

/* The part of bytes that is the last so many lines. */
static const char *
last_lines(const char *bytes, size_t length, long lines)
{
	const char *s = bytes + length;

	if (s > bytes && s[-1] == '\n')
		s--;
	while (s > bytes && lines > 0)
		if (*--s == '\n' && --lines == 0)
			return s + 1;
	return lines > 0 ? s : bytes + length;
}

/* The default log is read where it was written, whatever its directory's path leads to by now. */
static int
open_log_to_read(const struct request *request)
{
	if (request->log == NULL)
		return statedir_open_file(&request->dir, STATEDIR_LOG, O_RDONLY, NULL);
	return open(request->log_path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Has otelop-run only waited for another's start? */
static int
is_joined(const struct otelop_spawn_result *result)
{
	return result->status != STATUS_DONE && *result->summary.text != '\0';
}

/* The end of what is behind start in the log, into bytes.  How much, or -1. */
static ssize_t
read_end(int fd, off_t start, char bytes[TAIL_BYTES])
{
	struct stat found;

	if (fstat(fd, &found) < 0)
		return -1;
	if (found.st_size < start)
		start = 0;	/* it was rotated meanwhile */
	if (found.st_size - start > TAIL_BYTES)
		start = found.st_size - TAIL_BYTES;
	return lseek(fd, start, SEEK_SET) < 0 ? -1 : io_read_all(fd, bytes, TAIL_BYTES);
}

/* What the daemon wrote to the log during this start, its end. */
static void
show_tail(const struct request *request)
{
	const struct otelop_spawn_result *result = &request->result;
	/* Of a start that was somebody else's it is not known where it began. */
	off_t start = is_joined(result) ? 0 : (off_t)result->log_start;
	const char *from;
	ssize_t length;
	char *bytes;
	int fd;

	if (request->tail == 0 || result->log_start < 0 ||
	    (fd = open_log_to_read(request)) < 0)
		return;
	if ((bytes = malloc(TAIL_BYTES)) != NULL && (length = read_end(fd, start, bytes)) > 0) {
		from = last_lines(bytes, (size_t)length, request->tail);
		cli_put_lines(from, (size_t)(bytes + length - from), stderr);
		if (bytes[length - 1] != '\n')
			fputc('\n', stderr);
	}
	free(bytes);
	io_close(&fd);
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

	return result->child == 0 || (result->status == STATUS_BUSY && result->said) ||
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
	char *const *argv = request->argv;
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
		for (argv++; *argv != NULL; argv++)
			if (strcmp(*argv, "--join") != 0)
				put_quoted(*argv);
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
