/* The socket at which a daemon says sd_notify's words; notify.h has the invariants. */
#include "daemon/notify.h"
#include "base/clock.h"
#include "base/io.h"
#include "platform/platform.h"
#include "process/child.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define HELP_MS 1000		/* so long may a helper need, and so long its end */
#define HANG_MS 10		/* but no longer to let go of what is attached */
#define PAUSE_MS 20		/* between two helpers, at least */
#define TEXTS_AT_ONCE 16	/* of a helper: they fit into a pipe */
#define DRAIN_AT_ONCE 64	/* of our own user's, at the end */

/* A pipe takes so much as a whole; no honest message is longer. */
struct report {
	pid_t sender;
	short length;
	short attaches;
	char text[PLATFORM_PIPE_BUF - sizeof(pid_t) - 2 * sizeof(short)];
};

int
notify_open(struct notify *notify, const char *state_dir)
{
	*notify = (struct notify)NOTIFY_INIT;
	/* Under the claim nobody else uses this path; what a killed otelop-run left is replaced. */
	if (io_format(notify->path, sizeof(notify->path), "%s/otelop.notify", state_dir) < 0)
		return -1;
	notify->fd = platform_notify_socket(notify->path, notify->name, sizeof(notify->name));
	return notify->fd < 0 ? -1 : 0;
}

static int
is_strangers(const struct platform_sender *sender)
{
	return sender->uid != 0 && sender->uid != geteuid();
}

/* The helper.  It says what a datagram says before it takes it out, which may be the last that it does. */
static int
take_from_strangers(void *argument)
{
	const struct notify *notify = argument;
	struct platform_sender sender;
	struct report report;
	ssize_t length;
	int texts;

	if (child_keep_only((const int[]){ notify->fd, notify->reports }, 2) < 0)
		return 1;
	memset(&report, 0, sizeof(report));
	for (texts = 0; texts < TEXTS_AT_ONCE && !report.attaches; texts++) {
		length = platform_notify_peek(notify->fd, report.text, sizeof(report.text), &sender);
		if (length < 0 || !is_strangers(&sender))
			break;
		report.sender = sender.pid;
		report.length = (short)length;
		report.attaches = (short)sender.attaches;
		if (io_write_all(notify->reports, (const char *)&report, sizeof(report)) < 0)
			break;
		platform_notify_drop(notify->fd);
	}
	return 0;
}

/* Where there is room for one more child that does not end; or NULL. */
static pid_t *
room_for_stuck(struct notify *notify)
{
	size_t i;

	for (i = 0; i < NOTIFY_STUCK_MAX; i++)
		if (notify->stuck[i] == 0)
			return &notify->stuck[i];
	return NULL;
}

static void
start_helper(struct notify *notify)
{
	struct notify theirs = *notify;
	int reports[2];

	notify->helped = clock_ms();
	notify->helper_due = notify->next_help = notify->helped + HELP_MS;
	if (io_pipe(reports) < 0)
		return;
	theirs.reports = reports[1];
	if (io_nonblock(reports[0], 1) == 0)
		notify->helper = child_fork(take_from_strangers, &theirs);
	io_close(&reports[1]);
	if (notify->helper > 0) {
		notify->reports = reports[0];
	} else {
		notify->helper = 0;
		io_close(&reports[0]);
	}
}

/* It has said all or is late.  Before the next one we have four times as much time for all else. */
static void
end_helper(struct notify *notify)
{
	int64_t now = clock_ms(), pause = 4 * (now - notify->helped);

	io_close(&notify->reports);
	if (notify->helper > 0)
		kill(notify->helper, SIGKILL);
	notify->helper_due = now + HELP_MS;
	notify->next_help = now + (pause > PAUSE_MS ? pause : PAUSE_MS);
}

/* 1; 0: there is none now. */
static int
next_report(struct notify *notify, struct report *report)
{
	ssize_t n;

	do
		n = read(notify->reports, report, sizeof(*report));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(*report)) {
		if (report->attaches)
			notify->helper_due = clock_ms() + HANG_MS;
		return 1;
	}
	if (n >= 0 || errno != EAGAIN || clock_left_ms(notify->helper_due) == 0)
		end_helper(notify);
	return 0;
}

/* Is the socket ours to look at?  1; 0: a helper is at it. */
static int
is_alone(struct notify *notify)
{
	pid_t *room;

	if (notify->helper > 0 && clock_left_ms(notify->helper_due) == 0 &&
	    (room = room_for_stuck(notify)) != NULL) {
		*room = notify->helper;
		notify->helper = 0;
	}
	return notify->helper == 0;
}

static ssize_t
next_ours(struct notify *notify, char *text, size_t size)
{
	struct platform_sender sender;
	ssize_t length = platform_notify_peek(notify->fd, text, size, &sender);

	notify->is_blocked = length >= 0 && is_strangers(&sender);
	if (length < 0)
		return -1;
	if (!notify->is_blocked) {
		platform_notify_drop(notify->fd);
		return length;
	}
	if (clock_left_ms(notify->next_help) == 0)
		start_helper(notify);
	return -1;
}

ssize_t
notify_next(struct notify *notify, char *text, size_t size, pid_t *stranger)
{
	struct report report;
	size_t length;

	*stranger = 0;
	if (notify->fd < 0)
		return -1;
	if (notify->reports >= 0 && next_report(notify, &report)) {
		*stranger = report.sender > 0 ? report.sender : -1;
		length = (size_t)report.length < size ? (size_t)report.length : size;
		memcpy(text, report.text, length);
		return (ssize_t)length;
	}
	return notify->reports < 0 && is_alone(notify) ? next_ours(notify, text, size) : -1;
}

int
notify_poll_fd(const struct notify *notify)
{
	if (notify->reports >= 0)
		return notify->reports;
	return notify->helper > 0 || notify->is_blocked ? -1 : notify->fd;
}

int64_t
notify_due_ms(const struct notify *notify)
{
	size_t i;

	if (notify->reports >= 0)
		return clock_left_ms(notify->helper_due);
	if (notify->helper == 0)
		return notify->is_blocked ? clock_left_ms(notify->next_help) : OTELOP_FOREVER;
	/* The end of a helper wakes us by itself: only one that does not end has a time. */
	for (i = 0; i < NOTIFY_STUCK_MAX && notify->stuck[i] != 0; i++)
		;
	return i < NOTIFY_STUCK_MAX ? clock_left_ms(notify->helper_due) : OTELOP_FOREVER;
}

int
notify_reaped(struct notify *notify, pid_t pid)
{
	size_t i;

	if (pid <= 0)
		return 0;
	if (pid == notify->helper) {
		notify->helper = 0;	/* what it has said is still to be read */
		return 1;
	}
	for (i = 0; i < NOTIFY_STUCK_MAX; i++)
		if (pid == notify->stuck[i]) {
			notify->stuck[i] = 0;
			return 1;
		}
	return 0;
}

/* The heir: alone with the socket, it is to be killed. */
static int
hold(void *argument)
{
	if (child_keep_only(argument, 1) == 0) {
		alarm(HELP_MS / 1000 + 1);
		pause();
	}
	return 1;
}

/* What strangers left unread is let go of by the last who has the socket: that is a child's end. */
static void
bequeath(struct notify *notify)
{
	pid_t heir, *room = room_for_stuck(notify);
	struct pollfd closed;
	int alone[2];

	if (room == NULL || io_pipe(alone) < 0)
		return;
	if ((heir = child_fork(hold, &notify->fd)) > 0) {
		*room = heir;
		io_close(&alone[1]);
		closed = (struct pollfd){ alone[0], POLLIN, 0 };
		if (poll(&closed, 1, HELP_MS) == 1)
			io_close(&notify->fd);
		kill(heir, SIGKILL);
	}
	io_close(&alone[0]);
	io_close(&alone[1]);
}

void
notify_close(struct notify *notify)
{
	char text[16];
	int rounds = 0;

	if (notify->fd < 0)
		return;
	if (*notify->name == '/')
		unlink(notify->path);
	/* Behind this nobody can send, so that an empty socket stays one. */
	shutdown(notify->fd, SHUT_RD);
	notify->next_help = OTELOP_FOREVER;
	if (notify->reports >= 0)
		end_helper(notify);
	else if (notify->helper == 0)
		while (next_ours(notify, text, sizeof(text)) >= 0 && rounds++ < DRAIN_AT_ONCE)
			;
	if (notify->helper > 0 || notify->is_blocked)
		bequeath(notify);
	else
		io_close(&notify->fd);
	notify->fd = -1;	/* where nobody could inherit it, our own end lets go of it */
}
