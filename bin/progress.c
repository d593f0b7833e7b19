/* A line for a terminal while a start is waited for. */
#include "progress.h"
#include "base/message.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_COLUMNS 66

/* The tick of otelop_spawn: argument is the request. */
static void
show(void *argument, int64_t waited_ms)
{
	struct request *request = argument;
	size_t length = strlen(request->progress);

	if (request->shows_progress == 0)
		request->shows_progress = isatty(STDERR_FILENO) ? 1 : -1;
	if (request->shows_progress < 0)
		return;
	/* It must leave room for the time: on a terminal only one line can be cleared. */
	if (length > PROGRESS_COLUMNS)
		length = text_utf8_whole(request->progress, PROGRESS_COLUMNS);
	fputs("\r\033[K", stderr);
	cli_put_clean(request->progress, length, stderr);
	fprintf(stderr, " (%lld s)", (long long)(waited_ms / 1000));
	fflush(stderr);
}

void
progress_begin(struct request *request)
{
	char modes[256] = "fd";

	if (request->progress == NULL && request->place.as != NULL) {
		if (request->is_run)
			modes_describe(&request->words.modes, modes, sizeof(modes));
		message_set(&request->progress_text, "%s: waiting until it is ready (%s)", request->place.as, modes);
		request->progress = request->progress_text.text;
	}
	if (request->progress != NULL)
		request->spawn.tick = show;
}

void
progress_clear(struct request *request)
{
	if (request->shows_progress > 0) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	request->shows_progress = 0;
}
