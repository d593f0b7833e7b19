/* Stay above a command in the foreground; attend.h says what it has. */
#include "daemon/attend.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/pids.h"
#include "base/status.h"
#include "platform/platform.h"
#include "process/child.h"
#include "process/ending.h"
#include "process/process.h"
#include "process/selfpipe.h"
#include "process/tree.h"

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 200	/* at the parent, where no event tells of its end, and while the command is found and loaded */
#define PAUSE_MS 5	/* between two looks at whether others have ended what is theirs */
#define SLACK_MS 100	/* for them, over the grace */
#define FOLLOWER "otelop-run"

static const int may_be_ignored[] = { SIGHUP, SIGINT, SIGQUIT, 0 };

struct attendance {
	const struct attend *options;
	struct attend_result *result;
	struct process command;
	struct process parent;
	struct process_identity *spared;	/* who is below us from before */
	size_t spared_count;
	int adopts;
	int signals;
	struct pids asked;	/* to end, by us */
	int64_t kill_at;
	int has_ended;		/* the command, which stays a zombie until all is settled */
	siginfo_t how;
};

static int
parent_is_gone(const struct attendance *all)
{
	return all->parent.pid > 0 && process_is_gone(&all->parent);
}

static int64_t
left_ms(void *argument)
{
	const struct attendance *all = argument;

	return clock_left_ms(all->kill_at);
}

/* Everything below us, or what the command has below it alone. */
static int
end_tree(struct attendance *all, int adopted, int64_t grace_ms)
{
	struct tree tree = { .root = all->command.pid, .adopted = adopted, .spared = all->spared,
	    .spared_count = all->spared_count };
	struct tree_ending ending = { .signal_number = SIGTERM, .asked = &all->asked, .left_ms = left_ms, .argument = all };

	all->kill_at = clock_deadline(grace_ms);
	return tree_end(&tree, &ending);
}

static void
reap(struct attendance *all)
{
	siginfo_t how;

	for (;;) {
		how.si_pid = 0;
		if (waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == EINTR)
			continue;
		if (how.si_pid == 0)
			return;
		if (how.si_pid == all->command.pid) {
			all->has_ended = 1;
			all->how = how;
			return;
		}
		waitpid(how.si_pid, NULL, WNOHANG);
	}
}

/* A key has reached the whole foreground group, the command too if it has not left that. */
static void
hand_on(const struct attendance *all, const struct selfpipe_signal *signal)
{
	if (signal->number != SIGCHLD && !(signal->is_from_terminal && getpgid(all->command.pid) == getpgrp()))
		process_signal(&all->command, signal->number);
}

/* Until the command has ended, or our parent has. */
static void
watch(struct attendance *all)
{
	int looks = all->parent.pid > 0 && all->parent.pidfd < 0;
	struct selfpipe_signal signal;

	for (;;) {
		struct pollfd fds[2] = { { all->signals, POLLIN, 0 }, { all->parent.pidfd, POLLIN, 0 } };

		reap(all);
		if (all->has_ended || parent_is_gone(all))
			return;
		platform_give_back_stack();
		poll(fds, 2, looks ? LOOK_MS : -1);
		while (selfpipe_next(all->signals, &signal))
			hand_on(all, &signal);
	}
}

/* Is there nobody below us who lives, but the command? */
static int
is_alone(struct attendance *all)
{
	reap(all);
	return platform_has_no_living_child();
}

/* Those of our children that follow a process of their own, and end what is theirs: the room is for all of them. */
static void
spare_followers(struct attendance *all)
{
	struct pids children = { 0 };
	struct process_name child;
	size_t i;

	if (!all->adopts || platform_children(CHILDREN_ALL, &children) < 0)
		return;
	free(all->spared);
	all->spared = calloc(children.count + 1, sizeof(*all->spared));
	for (i = 0; i < children.count && all->spared != NULL; i++) {
		process_name(&child, children.items[i]);
		if (child.pid != all->command.pid && strcmp(child.name, FOLLOWER) == 0)
			all->spared[all->spared_count++].pid = child.pid;
	}
	pids_free(&children);
}

/*
 * Our parent is gone.  A server's otelop-run that follows it, too, ends its server at this moment: to do it for him would
 * be to ask twice, so he has the grace and a little more.  What is left then has nobody else.
 */
static int
end_all(struct attendance *all)
{
	int64_t grace_ms = all->options->grace_ms, deadline = clock_deadline(grace_ms + SLACK_MS);

	spare_followers(all);
	end_tree(all, all->adopts, grace_ms);
	if (all->adopts)
		all->spared_count = 0;
	while (all->adopts && !is_alone(all) && clock_left_ms(deadline) > 0)
		clock_sleep_ms(PAUSE_MS);
	return end_tree(all, all->adopts, SLACK_MS);
}

/* It may have become another program since it was started under this name; if it has our own, it has become none. */
static void
explain_end(struct attendance *all, const char *name)
{
	struct otelop_message how;
	struct process_name now, own;

	/* Who tells a command to end knows that it has. */
	if (all->how.si_code == CLD_EXITED || all->how.si_status == SIGHUP || all->how.si_status == SIGINT ||
	    all->how.si_status == SIGTERM || all->how.si_status == SIGPIPE)
		return;
	ending_describe(all->how.si_code, all->how.si_status, &how);
	process_name(&now, all->command.pid);
	process_name(&own, getpid());
	message_set(&all->result->reason, "%s: %s", *now.name != '\0' && strcmp(now.name, own.name) != 0 ? now.name : name,
	    how.text);
}

static void
settle(struct attendance *all, const char *name)
{
	struct attend_result *result = all->result;
	int orphaned = !all->has_ended, left;

	if (!orphaned && all->options->hands_over) {
		result->is_over = 0;
		left = 0;
	} else {
		left = (orphaned ? end_all(all) : end_tree(all, all->adopts, all->options->grace_ms)) < 0;
	}
	reap(all);
	if (!all->has_ended) {
		result->status = STATUS_SIGNAL + SIGKILL;
	} else {
		result->status = all->how.si_code == CLD_EXITED ? all->how.si_status : STATUS_SIGNAL + all->how.si_status;
		if (!orphaned)
			explain_end(all, name);
	}
	if (left)
		message_set(&result->reason, "%s: some of what it started may be left", name);
	child_reap_killed(all->command.pid);
}

/* While the command is found and loaded, which on a dead file server lasts for ever. */
static int
gives_up(void *argument)
{
	return parent_is_gone(argument);
}

/* Nobody knows whether it has become the command, and what it has below it by now. */
static void
end_unknown(void *argument, pid_t child)
{
	struct attendance *all = argument;

	all->command.pid = child;
	end_tree(all, all->adopts, 0);
	all->command.pid = -1;
}

static int
prepare(void *argument, int report)
{
	(void)argument;
	(void)report;
	return 0;
}

static void
explain_failure(struct attendance *all, const struct child_failure *failure, const char *name)
{
	struct otelop_message *reason = &all->result->reason;

	errno = failure->error;
	if (parent_is_gone(all))
		message_set(reason, "%s: cannot start: the parent process is gone", name);
	else
		message_errno(reason, "%s: cannot %s", name, failure->before ? "start" : "run");
	all->result->status = failure->before ? STATUS_FAILED : status_of_exec(failure->error);
}

/* 0 or -1, with the status and the reason. */
static int
set_up(struct attendance *all)
{
	struct attend_result *result = all->result;
	pid_t pid = all->options->with_parent;

	result->status = STATUS_FAILED;
	if ((all->signals = selfpipe_open_all()) < 0)
		return message_errno(&result->reason, "cannot catch signals");
	if (child_can_wait() < 0)
		return message_errno(&result->reason, "children: cannot be waited for");
	if (tree_earlier(0, 0, &all->spared, &all->spared_count) < 0 && errno != ENOSYS)
		return message_errno(&result->reason, "processes: cannot list");
	all->adopts = all->spared_count == 0 && platform_adopt_orphans() == 0;
	if (pid > 0 && (process_open(&all->parent, pid) != 1 || process_is_gone(&all->parent))) {
		result->status = STATUS_NO;
		return message_set(&result->reason, "%ld: the parent process is gone", (long)pid);
	}
	return 0;
}

void
attend_command(const struct attend *options, char *const argv[], struct attend_result *result)
{
	struct attendance all = { .options = options, .result = result, .command = { -1, -1 }, .parent = { -1, -1 },
	    .signals = -1 };
	struct child_plan plan = { .argv = argv, .prepare = prepare, .argument = &all, .kept_ignored = may_be_ignored,
	    .gives_up = gives_up, .look_ms = LOOK_MS, .given_up = end_unknown };
	struct child_failure failure;
	pid_t pid;

	*result = (struct attend_result){ .is_over = 1 };
	if (set_up(&all) == 0) {
		if ((pid = child_start(&plan, &failure)) < 0) {
			explain_failure(&all, &failure, argv[0]);
		} else {
			process_open(&all.command, pid);
			watch(&all);
			settle(&all, argv[0]);
		}
	}
	process_close(&all.command);
	process_close(&all.parent);
	free(all.spared);
	pids_free(&all.asked);
}

void
attend_ignore_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, 0 };
	const int *number;

	for (number = signals; *number != 0; number++)
		sigaction(*number, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
}
