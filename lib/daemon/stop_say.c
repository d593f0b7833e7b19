/* What a stop has to say. */
#include "daemon/stop_say.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/target.h"
#include "platform/platform.h"
#include "process/process.h"
#include "process/tree.h"
#include "state/holder.h"
#include "state/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char kills[] = "-k TIME kills, -t TIME waits longer";

int
stop_say_time(const char *what, const struct stop_options *options, struct otelop_message *message)
{
	int64_t waited = options->timeout_ms + (options->kills ? options->kill_wait_ms : 0);

	message_set(message, "%s: still there after %g s", what, (double)waited / 1000);
	errno = ETIMEDOUT;
	return -1;
}

/* So much behind what is said already. */
static void
add(struct otelop_message *message, const char *more)
{
	struct otelop_message before;

	if (message != NULL) {
		before = *message;
		message_set(message, "%s%s", before.text, more);
	}
}

static void
add_process(struct otelop_message *message, const char *in_front, pid_t pid)
{
	struct process_name name;
	char more[128];

	process_name(&name, pid);
	io_format(more, sizeof(more), "%s%ld%s%s%s", in_front, (long)pid, *name.name != '\0' ? " (" : "", name.name,
	    *name.name != '\0' ? ")" : "");
	add(message, more);
}

int
stop_say_process(const char *what, pid_t pid, const struct stop_options *options, struct otelop_message *message)
{
	stop_say_time(what, options, message);
	add_process(message, ": process ", pid);
	if (!options->kills) {
		add(message, "; ");
		add(message, kills);
	}
	errno = ETIMEDOUT;
	return -1;
}

/* One that lives, below this process or its child, and has another name; or 0. */
static pid_t
find_below(pid_t top, int is_child)
{
	struct tree tree = { .root = top };
	struct process_name above, name;
	struct platform_process *members;
	size_t count, i;
	pid_t found = 0;

	if (tree_members(&tree, TREE_BELOW, &members, &count) < 0)
		return 0;
	process_name(&above, top);
	for (i = 0; i < count && found == 0; i++) {
		if (members[i].pid == top || members[i].state == 'Z' || (is_child && members[i].parent != top))
			continue;
		process_name(&name, members[i].pid);
		/* What otelop-run has for itself has its name. */
		if (is_child || strcmp(above.name, name.name) != 0)
			found = members[i].pid;
	}
	free(members);
	return found;
}

/* Who is left of a dead daemon: below the otelop-run that ends the rest, or with the lock; or 0. */
static pid_t
find_left(const struct target *target)
{
	struct holder holder;
	pid_t found = target->parent.pid > 0 && !process_is_gone(&target->parent) ? find_below(target->parent.pid, 0) : 0;

	if (found == 0 && holder_find(&target->named, &holder) == 0 && holder.pid != target->parent.pid)
		found = holder.pid;
	return found;
}

static void
add_daemon(const struct target *target, struct otelop_message *message)
{
	pid_t child = target->stop_all || target->is_starting ? 0 : find_below(target->daemon.pid, 1);

	add_process(message, ": process ", target->daemon.pid);
	if (child == 0)
		return;
	add_process(message, ", whose child ", child);
	add(message, " was not told; if it waits for that, a start with --stop-all tells all of them");
}

/* What it is, or whose. */
static void
add_target(const struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	const struct platform_process *seen = target_left(target, NULL);
	pid_t left = seen != NULL ? seen->pid : 0;

	if (target->foreign.pid > 0) {
		add_process(message, "; process ", target->foreign.pid);
		add(message, " keeps the lock and is not the daemon's to end");
		return;
	}
	if (target->daemon.pid > 0 && !process_is_gone(&target->daemon))
		add_daemon(target, message);
	else if (left > 0 || (left = find_left(target)) > 0)
		add_process(message, ": it has left process ", left);
	else
		return;
	if (!options->kills) {
		add(message, "; ");
		add(message, kills);
	}
}

int
stop_say_target(const struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	stop_say_time(target->dir.path, options, message);
	add_target(target, options, message);
	errno = ETIMEDOUT;
	return -1;
}

void
stop_log_killed(const struct statedir *dir, const struct process_name *name)
{
	char line[256], clean[192];
	int fd = statedir_open_file(dir, STATEDIR_LOG, O_WRONLY | O_APPEND, NULL);

	if (fd < 0)
		return;
	text_clean(name->name, strlen(name->name), clean, sizeof(clean));
	io_format(line, sizeof(line), "otelop-stop: process %ld (%s): killed, it had not ended in time\n", (long)name->pid,
	    *clean != '\0' ? clean : "?");
	io_write_all(fd, line, strlen(line));
	io_close(&fd);
}
