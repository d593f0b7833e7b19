/* What is seen of a command that is to become ready, and what of its modes has held: a room of readiness.h. */
#include "daemon/readiness.h"
#include "base/clock.h"
#include "base/io.h"
#include "daemon/ask.h"
#include "daemon/listening.h"
#include "daemon/log_lines.h"
#include "daemon/modes.h"
#include "process/sockets.h"
#include "process/tree.h"

#include <sys/wait.h>

#include <stdlib.h>
#include <string.h>

#define LOOKED_AT (READINESS_ASKED | 1u << MODE_LISTEN | 1u << MODE_LOG)

static int
is_held(const struct readiness *readiness, const struct mode *mode)
{
	return (readiness->held & (uint32_t)1 << mode->group) != 0;
}

/* Is the mode of this number one of these kinds, and to be waited for? */
static int
is_awaited(const struct readiness *readiness, size_t number, unsigned kinds)
{
	const struct mode *mode = &readiness->modes->items[number];

	return (kinds & 1u << mode->kind) != 0 && !is_held(readiness, mode);
}

int
readiness_awaits(const struct readiness *readiness, unsigned kinds)
{
	size_t i;

	for (i = 0; i < readiness->modes->count; i++)
		if (is_awaited(readiness, i, kinds))
			return 1;
	return 0;
}

static void
hold(struct readiness *readiness, size_t number)
{
	readiness->held |= (uint32_t)1 << readiness->modes->items[number].group;
}

void
readiness_hold(struct readiness *readiness, enum mode_kind kind)
{
	size_t i;

	for (i = 0; i < readiness->modes->count; i++)
		if (readiness->modes->items[i].kind == kind)
			hold(readiness, i);
}

enum verdict
readiness_judge(const struct readiness *readiness)
{
	unsigned group;

	for (group = 0; group < readiness->modes->groups; group++)
		if (!(readiness->held & (uint32_t)1 << group))
			return VERDICT_UNKNOWN;
	return VERDICT_OK;
}

int64_t
readiness_next_look_ms(const struct readiness *readiness)
{
	int64_t due = OTELOP_FOREVER;
	size_t i;

	if (readiness_awaits(readiness, 1u << MODE_EXEC))
		return 0;
	if (readiness_awaits(readiness, LOOKED_AT))
		due = readiness->next_look;
	for (i = 0; i < readiness->modes->count; i++) {
		if (is_awaited(readiness, i, 1u << MODE_UP))
			due = clock_earlier(due, readiness->began + readiness->modes->items[i].up_ms);
		if (readiness->asks[i].pid > 0)
			due = clock_earlier(due, readiness->asks[i].deadline);
	}
	return clock_left_ms(due);
}

static void
look_at_clock(struct readiness *readiness, int64_t now)
{
	size_t i;

	for (i = 0; i < readiness->modes->count; i++)
		if (is_awaited(readiness, i, 1u << MODE_UP) && now - readiness->began >= readiness->modes->items[i].up_ms)
			hold(readiness, i);
}

static void
look_at_lines(struct readiness *readiness)
{
	size_t i, number = 0;

	log_lines_read(&readiness->lines);
	for (i = 0; i < readiness->modes->count; i++)
		if (readiness->modes->items[i].kind == MODE_LOG && log_lines_have(&readiness->lines, number++))
			hold(readiness, i);
}

static void
look_at_sockets(struct readiness *readiness, const struct tree *tree)
{
	size_t i;

	listening_look(&readiness->listening, readiness->modes, tree);
	for (i = 0; i < readiness->modes->count; i++)
		if (is_awaited(readiness, i, 1u << MODE_LISTEN) &&
		    listening_holds(&readiness->listening, readiness->modes, i))
			hold(readiness, i);
}

/* What nobody waits for any more, and what lasts too long: it had its turn, and the next one may do better. */
static void
end_asks(struct readiness *readiness)
{
	size_t i;

	for (i = 0; i < readiness->modes->count; i++)
		if (readiness->asks[i].pid > 0 && (!is_awaited(readiness, i, READINESS_ASKED) ||
		    clock_left_ms(readiness->asks[i].deadline) == 0)) {
			ask_end(&readiness->asks[i]);
			readiness->asks[i].status = -1;
		}
}

static void
begin_asks(struct readiness *readiness, const struct tree *tree)
{
	struct ask_subject subject = { .state_dir = readiness->options->state_dir };
	pid_t *pids = NULL;
	size_t i;

	for (i = 0; i < readiness->modes->count; i++) {
		if (!is_awaited(readiness, i, READINESS_ASKED) || readiness->asks[i].pid > 0)
			continue;
		if (pids == NULL && tree_list(tree, &pids, &subject.count) < 0) {
			pids = NULL;
			subject.count = 0;
		}
		subject.pids = pids;
		ask_begin(&readiness->asks[i], &readiness->modes->items[i], &subject,
		    clock_deadline(readiness->options->try_ms));
	}
	free(pids);
}

/* Often at first, when most daemons become ready; and never so often that looking is all we do. */
static int64_t
pause_after(const struct readiness *readiness, int64_t looked_ms)
{
	int64_t waited = clock_ms() - readiness->began;
	int64_t pause = waited < 1000 ? 10 : waited < 10000 ? 25 : 100;
	size_t i;

	for (i = 0; i < readiness->modes->count; i++)
		if (readiness->asks[i].status != 0 && pause < 50)
			pause = 50;
	return pause > 4 * looked_ms ? pause : 4 * looked_ms;
}

enum verdict
readiness_look(struct readiness *readiness, const struct tree *tree)
{
	int64_t now = clock_ms();
	int is_time = now >= readiness->next_look;

	readiness_hold(readiness, MODE_EXEC);
	look_at_clock(readiness, now);
	if (readiness->lines.is_pipe || (is_time && readiness->lines.fd >= 0))
		look_at_lines(readiness);
	if (is_time && now - readiness->began >= READINESS_FIRST_SOCKETS_MS &&
	    readiness_awaits(readiness, 1u << MODE_LISTEN))
		look_at_sockets(readiness, tree);
	end_asks(readiness);
	if (!is_time || readiness_judge(readiness) == VERDICT_OK)
		return readiness_judge(readiness);
	begin_asks(readiness, tree);
	readiness->next_look = clock_ms() + pause_after(readiness, clock_ms() - now);
	return VERDICT_UNKNOWN;
}

int
readiness_reaped(struct readiness *readiness, pid_t pid, int status)
{
	size_t i;

	if (notify_reaped(&readiness->notify, pid))
		return 1;
	for (i = 0; readiness->modes != NULL && i < readiness->modes->count; i++) {
		if (!ask_reaped(&readiness->asks[i], pid, status))
			continue;
		readiness->strangers &= ~((uint32_t)1 << i);
		if (WIFEXITED(status) && WEXITSTATUS(status) == ASK_YES)
			hold(readiness, i);
		else if (WIFEXITED(status) && WEXITSTATUS(status) == ASK_STRANGER)
			readiness->strangers |= (uint32_t)1 << i;
		return 1;
	}
	return 0;
}

size_t
readiness_helpers(const struct readiness *readiness, pid_t pids[READINESS_HELPERS])
{
	size_t i, count = 0;

	for (i = 0; readiness->modes != NULL && i < readiness->modes->count; i++)
		if (readiness->asks[i].pid > 0)
			pids[count++] = readiness->asks[i].pid;
	if (readiness->notify.helper > 0)
		pids[count++] = readiness->notify.helper;
	for (i = 0; i < NOTIFY_STUCK_MAX; i++)
		if (readiness->notify.stuck[i] > 0)
			pids[count++] = readiness->notify.stuck[i];
	return count;
}

/* Where /proc is not there, or is that of another PID namespace, no socket of anybody's is seen. */
static int
is_blind(const struct readiness *readiness)
{
	return readiness_awaits(readiness, 1u << MODE_LISTEN) && !sockets_are_seen();
}

/* The status that was the last answer of the URL of this number, which is waited for; 0: none, or it is none. */
static int
refusal(const struct readiness *readiness, size_t number)
{
	return is_awaited(readiness, number, 1u << MODE_URL) ? ask_refusal(&readiness->asks[number]) : 0;
}

static int
is_refused(const struct readiness *readiness)
{
	size_t i;

	for (i = 0; i < readiness->modes->count; i++)
		if (refusal(readiness, i) != 0)
			return 1;
	return 0;
}

int
readiness_has_more_to_say(const struct readiness *readiness)
{
	return readiness->modes->groups > 1 || readiness->strangers != 0 || readiness->listening.hidden != 0 ||
	    is_blind(readiness) || is_refused(readiness);
}

static void
add(struct otelop_message *reason, const char *before, const char *words, size_t length)
{
	size_t used = strlen(reason->text);

	io_format(reason->text + used, sizeof(reason->text) - used, "%s%.*s", before, (int)length, words);
}

void
readiness_explain(const struct readiness *readiness, struct otelop_message *reason)
{
	const struct modes *modes = readiness->modes;
	static const char blind[] = "it is not seen here who listens where";
	const char *before = "; waited for ";
	char who[128];
	size_t i;

	for (i = 0; modes->groups > 1 && i < modes->groups; i++)
		if (!(readiness->held & (uint32_t)1 << i)) {
			add(reason, before, modes->texts[i], strlen(modes->texts[i]));
			before = " and ";
		}
	for (i = 0; i < modes->count; i++)
		if ((readiness->strangers & (uint32_t)1 << i) && is_awaited(readiness, i, READINESS_ASKED))
			add(reason, "; another user's process answers at ", modes->items[i].text, modes->items[i].length);
	for (i = 0; i < modes->count; i++)
		if (refusal(readiness, i) != 0) {
			io_format(who, sizeof(who), "; the answer was %d at ", refusal(readiness, i));
			add(reason, who, modes->items[i].text, modes->items[i].length);
		}
	if (readiness->listening.hidden != 0 && readiness_awaits(readiness, 1u << MODE_LISTEN)) {
		sockets_describe_hidden(readiness->listening.hidden, who, sizeof(who));
		add(reason, "; cannot see the sockets of ", who, strlen(who));
	} else if (is_blind(readiness)) {
		add(reason, "; ", blind, sizeof(blind) - 1);
	}
}
