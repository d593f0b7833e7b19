/* The command of a start, held directly or by a reaper; held.h has the promise. */
#include "daemon/held.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/pids.h"
#include "platform/platform.h"
#include "process/tree.h"

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define END_GRACE_MS 5000
#define OWN_SLACK_MS 3000	/* more than the time that the command itself gives to what it started */
#define LOOK_MS 20		/* how often an end is looked for that nothing tells of */
#define KILLED_MS 1000		/* between KILL and the end of what is not stuck in the kernel */
#define ANCESTORS_MAX 4096	/* while they are looked up, they may change */

/* In the child: what is between it and the plan. */
static int
prepare(void *argument, int report)
{
	const struct held *held = argument;

	/* The first process of a new PID namespace must stay: with it all others there end. */
	if (getpid() == 1)
		return HELD_NAMESPACE;
	if (!held->is_direct && reaper_fork(&held->reaper) < 0)
		return -1;
	return held->plan->prepare(held->plan->argument, report);
}

/*
 * The command was given up before its exec was heard of, and its reaper is dead: end it, if it is still itself.
 * 0; or its pid: it is stuck in the kernel.
 */
static pid_t
end_unfinished(struct held *held)
{
	struct reaper_news news;

	if (reaper_next(&held->reaper, &news) != 1 || process_open(&held->process, news.pid) != 1 ||
	    getsid(news.pid) != news.pid)
		return 0;
	kill(-news.pid, SIGKILL);	/* its group */
	return process_wait_gone(&held->process, clock_deadline(KILLED_MS)) ? 0 : news.pid;
}

/* Before the child itself is killed: what has begun to prepare itself is ended before it is the command. */
static void
give_up(void *argument, pid_t child)
{
	struct held *held = argument;
	struct pollfd in = { held->reaper.news[0], POLLIN, 0 };

	if (held->is_direct) {
		held->process.pid = child;
		kill(-child, SIGKILL);	/* its group, if it leads one by now */
	} else if (poll(&in, 1, 0) == 1) {
		held->stuck = end_unfinished(held);
	}
}

static struct tree
tree_of(const struct held *held)
{
	if (held->is_direct)
		return (struct tree){ .root = held->process.pid, .adopted = 1 };
	return (struct tree){ .root = held->reaper.pid, .is_reaper = 1, .session = held->process.pid };
}

static int64_t
left_ms(void *argument)
{
	int64_t *deadline = argument;

	if (*deadline == OTELOP_FOREVER)
		*deadline = clock_deadline(END_GRACE_MS);
	return clock_left_ms(*deadline);
}

/* As tree_end; who has been asked is not asked again. */
static int
end_tree(const struct tree *tree, struct pids *asked)
{
	int64_t deadline = OTELOP_FOREVER;
	struct pids none = { 0 };
	struct tree_ending ending = { .signal_number = SIGTERM, .asked = asked != NULL ? asked : &none,
	    .left_ms = left_ms, .argument = &deadline };
	int result = tree_end(tree, &ending);

	pids_free(&none);
	return result;
}

/* What was given up may have become the command all the same, and have children, which are ours now. */
static void
end_given_up(struct held *held, const struct child_failure *failure)
{
	struct tree tree = tree_of(held);

	if (!held->is_direct) {
		if (failure->before && held->stuck == 0)
			held->stuck = end_unfinished(held);
	} else if (failure->left > 0) {
		held->stuck = failure->left;
	} else if (child_can_wait() != 1) {
		end_tree(&tree, NULL);
	}
}

/* The reaper says who the command is. */
static int
hear_of_command(struct held *held)
{
	struct reaper_news news;

	if (reaper_next(&held->reaper, &news) != 1 || reaper_watch(&held->reaper) < 0) {
		errno = EIO;
		return -1;
	}
	process_open(&held->process, news.pid);
	return 0;
}

/*
 * Whoever started us may have had SIGCHLD ignored, and then no end of a child could be learnt.  The child sees
 * the same as if it had not.
 */
static void
be_a_parent(void)
{
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	platform_adopt_orphans();	/* where there is no such thing, the session is what is found */
}

/* The plan's, which knows nothing of us. */
static int
gives_up(void *argument)
{
	const struct held *held = argument;

	return held->plan->gives_up(held->plan->argument);
}

static int
fail(struct child_failure *failure)
{
	failure->error = errno;
	return -1;
}

/* No more than that it is there or not: nobody can say more. */
static int
go_blind(struct held *held)
{
	held->is_blind = 1;
	return held->process.pid < 1 || process_is_gone(&held->process);
}

int
held_has_ended(struct held *held)
{
	siginfo_t how = { .si_pid = 0 };
	struct reaper_news news = { .code = 0 };
	int heard;

	if (held->code != 0)
		return 1;
	if (held->is_blind)
		return go_blind(held);
	if (held->is_direct) {
		do
			heard = waitid(P_PID, (id_t)held->process.pid, &how, WEXITED | WNOHANG | WNOWAIT);
		while (heard < 0 && errno == EINTR);
		if (heard == 0 && how.si_pid != 0)
			news = (struct reaper_news){ how.si_pid, how.si_code, how.si_status };
	} else {
		heard = reaper_next(&held->reaper, &news);
	}
	held->code = news.code;
	held->status = news.status;
	return heard < 0 ? go_blind(held) : held->code != 0;
}

int
held_ends_within(struct held *held, int64_t wait_ms)
{
	struct pollfd news = { held->reaper.news[0], POLLIN, 0 };
	int64_t deadline = clock_deadline(wait_ms), left;
	int ended;

	while (!(ended = held_has_ended(held)) && (left = clock_left_ms(deadline)) > 0) {
		if (held->is_direct || held->is_blind)
			process_wait_gone(&held->process, deadline);
		else
			poll(&news, 1, clock_poll_ms(left, OTELOP_FOREVER));
	}
	return ended;
}

int
held_fd(const struct held *held)
{
	return held->is_direct || held->is_blind ? held->process.pidfd : held->reaper.news[0];
}

int
held_has_started(const struct held *held, pid_t pid)
{
	struct platform_process process = { .parent = pid };
	pid_t top = held->is_direct ? getpid() : held->reaper.pid;
	int steps;

	/* Nobody enters a session from outside. */
	if (getsid(pid) == held->process.pid)
		return 1;
	for (steps = 0; steps < ANCESTORS_MAX && process.parent > 1; steps++) {
		if (process.parent == top)
			return 1;
		if (platform_process(process.parent, &process) != 1)
			return 0;
		if (process.session == held->process.pid)
			return 1;
	}
	return 0;
}

/* Ask the command alone, and wait for it; a signal to the caller cuts that short. */
static void
end_itself(struct held *held, int64_t own_grace_ms, struct pids *asked)
{
	struct pollfd fds[2] = { { -1, POLLIN, 0 }, { held->plan->interrupt_fd > 0 ? held->plan->interrupt_fd : -1, POLLIN, 0 } };
	int64_t deadline = own_grace_ms == 0 ? OTELOP_FOREVER : clock_deadline(2 * own_grace_ms + OWN_SLACK_MS), left;

	process_signal(&held->process, SIGTERM);
	process_signal(&held->process, SIGCONT);
	pids_add(asked, held->process.pid);
	while (!held_has_ended(held) && (left = clock_left_ms(deadline)) != 0 && fds[1].revents == 0) {
		fds[0].fd = held_fd(held);
		poll(fds, 2, clock_poll_ms(left, fds[0].fd < 0 ? LOOK_MS : OTELOP_FOREVER));
	}
}

pid_t
held_end(struct held *held, int64_t own_grace_ms)
{
	struct tree tree = tree_of(held);
	struct pids asked = { 0 };
	int is_all;

	if (own_grace_ms >= 0 && held->process.pid > 0)
		end_itself(held, own_grace_ms, &asked);
	is_all = end_tree(&tree, &asked) == 0;
	pids_free(&asked);

	/* Whatever that could not see: the command is there until it is reaped. */
	if (held->process.pid > 0)
		process_signal(&held->process, SIGKILL);
	if (!held_ends_within(held, KILLED_MS))
		return held->process.pid;
	return is_all ? 0 : -1;
}

int
held_begin(struct held *held, const struct child_plan *plan, int is_direct, struct child_failure *failure)
{
	struct child_plan own = *plan;
	int can_wait = child_can_wait();
	pid_t pid;

	*failure = (struct child_failure){ .before = HELD_UNWAITABLE };
	if (can_wait < 0)
		return fail(failure);
	held->plan = plan;
	/* To the first process of a namespace come orphans that nobody here has made. */
	held->is_direct = is_direct && can_wait == 1 && getpid() != 1;
	failure->before = 1;
	if (held->is_direct)
		be_a_parent();
	else if (reaper_open(&held->reaper) < 0)
		return fail(failure);
	own.prepare = prepare;
	own.given_up = give_up;
	own.gives_up = plan->gives_up != NULL ? gives_up : NULL;
	own.argument = held;
	own.shares = held->is_direct;
	pid = child_start(&own, failure);
	if (!held->is_direct)
		reaper_forked(&held->reaper, pid);
	if (pid < 0) {
		end_given_up(held, failure);
		return -1;
	}
	if (held->is_direct) {
		process_open(&held->process, pid);
		return 0;
	}
	if (hear_of_command(held) == 0)
		return 0;
	fail(failure);
	held_end(held, -1);
	return -1;
}

void
held_release(struct held *held)
{
	int saved = errno;

	if (held->is_direct)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	else
		reaper_dismiss(&held->reaper);
	process_close(&held->process);
	errno = saved;
}
