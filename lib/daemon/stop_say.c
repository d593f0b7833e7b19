/* What a stop has to say. */
#include "daemon/stop_say.h"
#include "base/io.h"
#include "base/message.h"
#include "base/pids.h"
#include "base/text.h"
#include "daemon/target.h"
#include "platform/platform.h"
#include "process/process.h"
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
	errno = ETIMEDOUT;
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
	return -1;
}

/* A child of the daemon's that lives, and which nobody but the daemon has been able to tell that it is to end; or 0. */
static pid_t
find_child(const struct target *target)
{
	struct pids children = { 0 };
	pid_t found = 0;
	size_t i;

	if (!target->stop_all && !target->is_starting && platform_children(target->daemon.pid, &children) == 0)
		for (i = 0; i < children.count && found == 0; i++)
			if (process_is_alive(children.items[i]))
				found = children.items[i];
	pids_free(&children);
	return found;
}

/* Who has the dead daemon's lock, other than the otelop-run that ends the rest; or 0. */
static pid_t
find_keeper(const struct target *target)
{
	struct platform_holder *all;
	size_t count, i;
	pid_t found = 0;
	int hidden;

	if (platform_lock_holders(&target->named.file, STATEDIR_METADATA, &all, &count, &hidden) < 0)
		return 0;
	for (i = 0; i < count; i++)
		if (found == 0 && all[i].pid != target->parent.pid && process_is_alive(all[i].pid))
			found = all[i].pid;
	free(all);
	return found;
}

static void
add_daemon(const struct target *target, struct otelop_message *message)
{
	pid_t child = find_child(target);

	add_process(message, ": process ", target->daemon.pid);
	if (child == 0)
		return;
	add_process(message, ", whose child ", child);
	add(message, " was not told; if it waits for that, a start with --stop-all tells all of them");
}

int
stop_say_target(const struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	const struct platform_process *left = target_left(target, NULL);
	pid_t keeper = left != NULL ? left->pid : 0;

	stop_say_time(target->dir.path, options, message);
	if (target->foreign.pid > 0) {
		add_process(message, "; process ", target->foreign.pid);
		add(message, " keeps the lock and is not the daemon's to end");
		return -1;
	}
	if (target->daemon.pid > 0 && !process_is_gone(&target->daemon))
		add_daemon(target, message);
	else if (keeper > 0 || (keeper = find_keeper(target)) > 0)
		add_process(message, ": it has left process ", keeper);
	else
		return -1;
	if (!options->kills) {
		add(message, "; ");
		add(message, kills);
	}
	return -1;
}

void
stop_log_killed(const struct statedir *dir, pid_t pid)
{
	struct process_name name;
	char line[256], clean[192];
	int fd = statedir_open_file(dir, STATEDIR_LOG, O_WRONLY | O_APPEND, NULL);

	if (fd < 0)
		return;
	process_name(&name, pid);
	text_clean(name.name, strlen(name.name), clean, sizeof(clean));
	io_format(line, sizeof(line), "otelop-stop: process %ld (%s): killed, it had not ended in time\n", (long)pid, clean);
	io_write_all(fd, line, strlen(line));
	io_close(&fd);
}
