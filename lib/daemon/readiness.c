/* When is a command that knows nothing of otelop ready? */
#include "daemon/readiness.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/ask.h"
#include "daemon/listening.h"
#include "daemon/log_lines.h"
#include "daemon/modes.h"
#include "daemon/notify.h"
#include "daemon/url.h"
#include "daemon/verdict.h"
#include "process/sockets.h"
#include "process/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTIFY_MAX 65536
#define READS_AT_ONCE 64	/* of a sender who never ends: it must not keep us from anything else */
#define BEFORE_MS 250		/* so long may it last to find that nobody answers yet */

static int
open_channels(struct readiness *readiness, struct otelop_message *message)
{
	const char *dir = readiness->options->state_dir;

	if (modes_have(readiness->modes, MODE_FD) && (io_pipe(readiness->ready_pipe) < 0 ||
	    io_nonblock(readiness->ready_pipe[0], 1) < 0))
		return message_errno(message, "cannot make the ready pipe");
	if (!modes_have(readiness->modes, MODE_NOTIFY))
		return 0;
	/* A path that is too long for a socket is no reason to fail where there are other modes. */
	if (notify_open(&readiness->notify, dir) < 0 &&
	    (errno != ENAMETOOLONG || modes_need(readiness->modes, MODE_NOTIFY)))
		return message_errno(message, "%s: cannot make the notify socket", dir);
	return 0;
}

static int
open_log(struct readiness *readiness, int copies, struct otelop_message *message)
{
	const struct mode *mode;
	size_t i;

	for (i = 0; i < readiness->modes->count; i++) {
		mode = &readiness->modes->items[i];
		if (mode->kind != MODE_LOG)
			continue;
		if (log_lines_add(&readiness->lines, mode->target) < 0)
			return message_errno(message, "%s: cannot look for it", mode->text);
		if (readiness->lines.fd >= 0 || (copies >= 0 ?
		    log_lines_open_pipe(&readiness->lines, copies) : log_lines_open(&readiness->lines)) == 0)
			continue;
		if (errno == ENOTSUP)
			return message_set(message, "%s: needs the log, and standard output is no file", mode->text);
		return message_errno(message, "%s: cannot read the log", mode->text);
	}
	return 0;
}

/* What is asked for must be possible, or nobody would ever be ready. */
static int
check_means(const struct modes *modes, struct otelop_message *message)
{
	size_t i;

	if (modes_need(modes, MODE_LISTEN) && !sockets_are_seen()) {
		errno = ENOSYS;
		return message_set(message, "listen: this system does not show who listens where; "
		    "use connect:HOST:PORT or connect:PATH");
	}
	for (i = 0; i < modes->count; i++)
		if (modes->items[i].kind == MODE_URL && url_find_client() < 0)
			return message_set(message, "%s: needs curl or wget, and neither is found", modes->items[i].text);
	return 0;
}

int
readiness_open(struct readiness *readiness, const struct run_options *options, int copies,
    int (*set)(void *, const char *, struct otelop_message *),
    void *argument, struct otelop_message *message)
{
	*readiness = (struct readiness)READINESS_INIT;
	readiness->options = options;
	readiness->modes = options->modes;
	readiness->reader.set = set;
	readiness->reader.argument = argument;
	if (check_means(readiness->modes, message) < 0)
		return -1;
	if (open_channels(readiness, message) < 0 || open_log(readiness, copies, message) < 0) {
		readiness_close(readiness);
		return -1;
	}
	return 0;
}

int
readiness_is_taken(const struct readiness *readiness, struct otelop_message *message)
{
	int64_t deadline = clock_deadline(BEFORE_MS);
	const struct mode *mode;
	char who[256];
	size_t i;

	for (i = 0; i < readiness->modes->count; i++) {
		mode = &readiness->modes->items[i];
		if ((mode->kind == MODE_CONNECT || mode->kind == MODE_URL) &&
		    ask_before(mode, deadline, who, sizeof(who))) {
			message_set(message, "%.*s: %s answers there already", (int)mode->length, mode->text, who);
			return 1;
		}
	}
	return 0;
}

void
readiness_settle(struct readiness *readiness)
{
	size_t i;

	for (i = 0; i < MODES_MAX; i++)
		ask_end(&readiness->asks[i]);
	/* The next run, if there is one, looks for its own lines in the same pipe. */
	if (readiness->options != NULL && readiness->options->respawn > 0)
		log_lines_settle(&readiness->lines);
	else
		log_lines_close(&readiness->lines);
	listening_free(&readiness->listening);
}

void
readiness_close(struct readiness *readiness)
{
	readiness_settle(readiness);
	log_lines_close(&readiness->lines);
	io_close(&readiness->ready_pipe[0]);
	io_close(&readiness->ready_pipe[1]);
	notify_close(&readiness->notify);
}

static void
drain_pipe(struct readiness *readiness)
{
	char bytes[VERDICT_LINE_MAX];
	int rounds;
	ssize_t n;

	for (rounds = 0; rounds < READS_AT_ONCE && readiness->ready_pipe[0] >= 0; rounds++)
		if ((n = read(readiness->ready_pipe[0], bytes, sizeof(bytes))) == 0)
			io_close(&readiness->ready_pipe[0]);
		else if (n < 0)
			return;
}

static void
drain_notify(struct readiness *readiness)
{
	char text[16];
	pid_t stranger;
	int rounds;

	for (rounds = 0; rounds < READS_AT_ONCE; rounds++)
		if (notify_next(&readiness->notify, text, sizeof(text), &stranger) < 0)
			return;
}

void
readiness_drain(struct readiness *readiness)
{
	drain_pipe(readiness);
	drain_notify(readiness);
	log_lines_read(&readiness->lines);
}

int
readiness_prepare_child(const struct readiness *readiness)
{
	if (readiness->notify.fd >= 0 ? setenv("NOTIFY_SOCKET", readiness->notify.name, 1) < 0 :
	    unsetenv("NOTIFY_SOCKET") < 0)
		return -1;
	if (readiness->ready_pipe[1] < 0)
		return unsetenv("OTELOP_DAEMONIZED");
	if (setenv("OTELOP_DAEMONIZED", "1", 1) < 0)
		return -1;
	if (readiness->ready_pipe[1] == OTELOP_READY_FD)
		return io_cloexec(OTELOP_READY_FD, 0);
	return io_dup2(readiness->ready_pipe[1], OTELOP_READY_FD) < 0 ? -1 : 0;
}

void
readiness_started(struct readiness *readiness)
{
	io_close(&readiness->ready_pipe[1]);
	readiness->began = clock_ms();
	if (!readiness_awaits(readiness, READINESS_ASKED))
		readiness->next_look = readiness->began + READINESS_FIRST_SOCKETS_MS;
}

size_t
readiness_poll(const struct readiness *readiness, struct pollfd fds[READINESS_POLL_MAX])
{
	size_t count = 0;

	if (readiness->ready_pipe[0] >= 0)
		fds[count++] = (struct pollfd){ readiness->ready_pipe[0], POLLIN, 0 };
	if (notify_poll_fd(&readiness->notify) >= 0)
		fds[count++] = (struct pollfd){ notify_poll_fd(&readiness->notify), POLLIN, 0 };
	if (readiness->lines.is_pipe)
		fds[count++] = (struct pollfd){ readiness->lines.fd, POLLIN, 0 };
	return count;
}

int64_t
readiness_due_ms(const struct readiness *readiness)
{
	return notify_due_ms(&readiness->notify);
}

static enum verdict
look_at_pipe(struct readiness *readiness, struct otelop_message *reason)
{
	enum verdict verdict;

	if (readiness->has_spoken)
		drain_pipe(readiness);
	if (readiness->has_spoken || readiness->ready_pipe[0] < 0)
		return VERDICT_UNKNOWN;
	verdict = verdict_read(&readiness->reader, readiness->ready_pipe[0], reason);
	if (verdict == VERDICT_OK) {
		readiness->has_spoken = 1;
		readiness_hold(readiness, MODE_FD);
		return readiness_judge(readiness);
	}
	if (verdict != VERDICT_CLOSED)
		return verdict;
	io_close(&readiness->ready_pipe[0]);
	if (!modes_need(readiness->modes, MODE_FD))
		return VERDICT_UNKNOWN;
	message_set(reason, "closed the ready pipe without a verdict");
	return VERDICT_CLOSED;
}

static int
is_in_tree(pid_t pid, const struct tree *tree)
{
	pid_t *pids;
	size_t count, i;
	int found = 0;

	if (tree_list(tree, &pids, &count) < 0)
		return 0;
	for (i = 0; i < count && !found; i++)
		found = pids[i] == pid;
	free(pids);
	return found;
}

/* As a line of the ready pipe would have it. */
static void
pass_on(struct readiness *readiness, int64_t extension)
{
	char pair[64];

	if (io_format(pair, sizeof(pair), "extendTimeout=%lld", (long long)extension) == 0)
		readiness->reader.set(readiness->reader.argument, pair, NULL);
}

static enum verdict
look_at_notify(struct readiness *readiness, const struct tree *tree,
    struct otelop_message *reason)
{
	enum verdict verdict;
	struct otelop_message words;
	char text[NOTIFY_MAX];
	int64_t extension;
	pid_t stranger;
	int rounds;
	ssize_t n;

	/* Of another user only who is in the tree may speak. */
	for (rounds = 0; rounds < READS_AT_ONCE &&
	    (n = notify_next(&readiness->notify, text, sizeof(text), &stranger)) >= 0; rounds++) {
		extension = verdict_extension(text, (size_t)n);
		verdict = verdict_parse_notify(text, (size_t)n, &words);
		if ((verdict == VERDICT_UNKNOWN && extension == 0) || (stranger != 0 && !is_in_tree(stranger, tree)))
			continue;
		if (extension > 0)
			pass_on(readiness, extension);
		if (verdict == VERDICT_UNKNOWN)
			continue;
		if (verdict == VERDICT_FAILED) {
			*reason = words;
			return verdict;
		}
		readiness_hold(readiness, MODE_NOTIFY);
		if (readiness_judge(readiness) == VERDICT_OK)
			return VERDICT_OK;
	}
	return VERDICT_UNKNOWN;
}

enum verdict
readiness_hear(struct readiness *readiness, const struct tree *tree,
    struct otelop_message *reason)
{
	enum verdict verdict = look_at_pipe(readiness, reason);

	return verdict != VERDICT_UNKNOWN ? verdict : look_at_notify(readiness, tree, reason);
}
