/* When is a command that knows nothing of otelop ready? */
#include "daemon/readiness.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/ask.h"
#include "daemon/notify.h"
#include "daemon/verdict.h"
#include "process/addresses.h"
#include "process/sockets.h"
#include "process/tree.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_MS 100		/* no new address for so long: all are there */
#define FIRST_SOCKETS_MS 10	/* until then a command that says by itself that it is ready has mostly said so */
#define NOTIFY_MAX 65536
#define READS_AT_ONCE 64	/* of a sender who never ends: it must not keep us from anything else */

static int
open_channels(struct readiness *readiness, const char *state_dir, struct otelop_message *message)
{
	if (readiness->modes->fd && (io_pipe(readiness->ready_pipe) < 0 ||
	    io_nonblock(readiness->ready_pipe[0], 1) < 0))
		return message_errno(message, "cannot make the ready pipe");
	if (!readiness->modes->notify)
		return 0;
	/* A path that is too long for a socket is no reason to fail where there are other modes. */
	if (notify_open(&readiness->notify, state_dir) < 0 &&
	    (errno != ENAMETOOLONG || !modes_have_more_than_notify(readiness->modes)))
		return message_errno(message, "%s: cannot make the notify socket", state_dir);
	return 0;
}

int
readiness_open(struct readiness *readiness, const struct modes *modes,
    const char *state_dir, int (*set)(void *, const char *, struct otelop_message *),
    void *argument, struct otelop_message *message)
{
	memset(readiness, 0, sizeof(*readiness));
	readiness->modes = modes;
	readiness->state_dir = state_dir;
	readiness->ready_pipe[0] = readiness->ready_pipe[1] = -1;
	readiness->notify = (struct notify)NOTIFY_INIT;
	readiness->reader.set = set;
	readiness->reader.argument = argument;
	if (modes_are_listen_alone(modes) && !sockets_are_seen()) {
		errno = ENOSYS;
		return message_set(message, "listen: this system does not show who listens where; "
		    "use connect:HOST:PORT or connect:PATH");
	}
	if (open_channels(readiness, state_dir, message) < 0) {
		readiness_close(readiness);
		return -1;
	}
	return 0;
}

void
readiness_settle(struct readiness *readiness)
{
	ask_end(&readiness->connect);
	ask_end(&readiness->check);
	addresses_free(&readiness->addresses);
}

void
readiness_close(struct readiness *readiness)
{
	readiness_settle(readiness);
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
}

int
readiness_name_channels(const struct readiness *readiness, struct environment *environment)
{
	if (readiness->notify.fd < 0)
		environment_unset(environment, "NOTIFY_SOCKET");
	else if (environment_set(environment, "NOTIFY_SOCKET", readiness->notify.name) < 0)
		return -1;
	if (readiness->modes->fd)
		return environment_set(environment, "OTELOP_DAEMONIZED", "1");
	environment_unset(environment, "OTELOP_DAEMONIZED");
	return 0;
}

int
readiness_prepare_child(const struct readiness *readiness)
{
	if (!readiness->modes->fd)
		return 0;
	if (readiness->ready_pipe[1] == OTELOP_READY_FD)
		return io_cloexec(OTELOP_READY_FD, 0);
	return io_dup2(readiness->ready_pipe[1], OTELOP_READY_FD) < 0 ? -1 : 0;
}

void
readiness_started(struct readiness *readiness)
{
	io_close(&readiness->ready_pipe[1]);
	readiness->began = clock_ms();
	if (!modes_look_at_once(readiness->modes))
		readiness->next_look = readiness->began + FIRST_SOCKETS_MS;
}

size_t
readiness_poll(const struct readiness *readiness, struct pollfd fds[READINESS_POLL_MAX])
{
	size_t count = 0;

	if (readiness->ready_pipe[0] >= 0)
		fds[count++] = (struct pollfd){ readiness->ready_pipe[0], POLLIN, 0 };
	if (notify_poll_fd(&readiness->notify) >= 0)
		fds[count++] = (struct pollfd){ notify_poll_fd(&readiness->notify), POLLIN, 0 };
	return count;
}

int64_t
readiness_due_ms(const struct readiness *readiness)
{
	return notify_due_ms(&readiness->notify);
}

int64_t
readiness_next_look_ms(const struct readiness *readiness)
{
	return modes_look(readiness->modes) ? clock_left_ms(readiness->next_look) :
	    OTELOP_FOREVER;
}

static enum verdict
look_at_pipe(struct readiness *readiness, struct otelop_message *reason)
{
	enum verdict verdict;

	if (readiness->ready_pipe[0] < 0)
		return VERDICT_UNKNOWN;
	verdict = verdict_read(&readiness->reader, readiness->ready_pipe[0], reason);
	if (verdict != VERDICT_CLOSED)
		return verdict;
	io_close(&readiness->ready_pipe[0]);
	if (readiness->modes->notify || modes_look(readiness->modes))
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

static enum verdict
look_at_notify(struct readiness *readiness, const struct tree *tree,
    struct otelop_message *reason)
{
	enum verdict verdict;
	struct otelop_message words;
	char text[NOTIFY_MAX];
	pid_t stranger;
	int rounds;
	ssize_t n;

	/* Of another user only who is in the tree may speak. */
	for (rounds = 0; rounds < READS_AT_ONCE &&
	    (n = notify_next(&readiness->notify, text, sizeof(text), &stranger)) >= 0; rounds++) {
		verdict = verdict_parse_notify(text, (size_t)n, &words);
		if (verdict == VERDICT_UNKNOWN || (stranger != 0 && !is_in_tree(stranger, tree)))
			continue;
		if (verdict == VERDICT_FAILED)
			*reason = words;
		return verdict;
	}
	return VERDICT_UNKNOWN;
}

void
readiness_find_addresses(struct readiness *readiness, const struct tree *tree, int is_last)
{
	struct addresses now;
	pid_t *pids;
	size_t count;
	int found;

	if (tree_list(tree, &pids, &count) < 0)
		return;
	found = sockets_find(pids, count, &now);
	free(pids);
	if (found < 0)
		return;
	readiness->hidden = now.hidden;
	if ((is_last && now.count == 0) || addresses_is_same(&now, &readiness->addresses)) {
		addresses_free(&now);
	} else {
		addresses_free(&readiness->addresses);
		readiness->addresses = now;
		readiness->addresses_since = clock_ms();
	}
}

static enum verdict
look_at_sockets(struct readiness *readiness, const struct tree *tree)
{
	readiness_find_addresses(readiness, tree, 0);
	if (readiness->addresses.count == 0 || (readiness->modes->listen_port != 0 &&
	    !addresses_has_port(&readiness->addresses, readiness->modes->listen_port)))
		return VERDICT_UNKNOWN;
	return clock_ms() - readiness->addresses_since >= SETTLE_MS ? VERDICT_OK : VERDICT_UNKNOWN;
}

int
readiness_reaped(struct readiness *readiness, pid_t pid, int status)
{
	if (notify_reaped(&readiness->notify, pid))
		return 1;
	if (!ask_reaped(&readiness->connect, pid, status) &&
	    !ask_reaped(&readiness->check, pid, status))
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		readiness->probe_succeeded = 1;
	return 1;
}

void
readiness_helpers(const struct readiness *readiness, pid_t pids[READINESS_HELPERS])
{
	pids[0] = readiness->connect.pid;
	pids[1] = readiness->check.pid;
	pids[2] = readiness->notify.helper;
	memcpy(pids + 3, readiness->notify.stuck, sizeof(readiness->notify.stuck));
}

/* Often at first, when most daemons become ready; and never so often that looking is all we do. */
static int64_t
pause_after(const struct readiness *readiness, int64_t looked_ms)
{
	int64_t waited = clock_ms() - readiness->began;
	int64_t pause = waited < 1000 ? 10 : waited < 10000 ? 25 : 100;

	if ((readiness->check.status != 0 || readiness->connect.status != 0) && pause < 50)
		pause = 50;
	return pause > 4 * looked_ms ? pause : 4 * looked_ms;
}

enum verdict
readiness_hear(struct readiness *readiness, const struct tree *tree,
    struct otelop_message *reason)
{
	enum verdict verdict = look_at_pipe(readiness, reason);

	return verdict != VERDICT_UNKNOWN ? verdict : look_at_notify(readiness, tree, reason);
}

enum verdict
readiness_look(struct readiness *readiness, const struct tree *tree)
{
	const struct modes *modes = readiness->modes;
	enum verdict verdict = VERDICT_UNKNOWN;
	int64_t now = clock_ms();

	if (modes->exec || readiness->probe_succeeded)
		return VERDICT_OK;
	if (now < readiness->next_look)
		return VERDICT_UNKNOWN;
	if (modes->listen && now - readiness->began >= FIRST_SOCKETS_MS)
		verdict = look_at_sockets(readiness, tree);
	if (verdict == VERDICT_UNKNOWN && modes->connect && readiness->connect.pid == 0)
		ask_connect(&readiness->connect, modes->connect_host, modes->connect_target);
	if (verdict == VERDICT_UNKNOWN && modes->check != NULL && readiness->check.pid == 0)
		ask_check(&readiness->check, modes->check, readiness->state_dir);
	readiness->next_look = clock_ms() + pause_after(readiness, clock_ms() - now);
	return verdict;
}
