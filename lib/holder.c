/* Who has a lock whose file names no living process; holder.h says who that can be. */
#include "holder.h"
#include "io.h"
#include "platform.h"
#include "process.h"
#include "statedir.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Does the one who took the lock live and have it still?  Its number alone may be another's by now. */
static int
has_taker(const struct platform_holder *holders, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (holders[i].pid == holders[i].taker)
			return 1;
	return 0;
}

static void
describe(const struct platform_holder *from, enum holder_kind kind, struct holder *holder)
{
	holder->kind = kind;
	holder->pid = from->pid;
	io_format(holder->name, sizeof(holder->name), "%s", from->name);
}

/*
 * A lock can have keepers only if nobody's taker is among them: the exclusive lock has one description.
 * A prober that has just let go is seen by nobody.
 */
int
holder_find(const struct stat *file, struct holder *holder)
{
	struct platform_holder *holders;
	size_t count;

	memset(holder, 0, sizeof(*holder));
	if (platform_lock_holders(file, STATEDIR_METADATA, &holders, &count, &holder->hidden) < 0)
		return -1;
	if (count > 0)
		describe(&holders[0], has_taker(holders, count) ? HOLDER_TAKER : HOLDER_KEEPER, holder);
	free(holders);
	return 0;
}

/*
 * What a daemon's own child may be told to end: a process that somebody sent the descriptor to, such as
 * a service manager that stores them, must not be ended for having it.
 */
static int
is_daemons(const struct platform_holder *keeper, const struct platform_process *process,
    const struct stat *file, pid_t named, const char *dir)
{
	uid_t user;

	if (platform_process_user(keeper->pid, &user) != 1 || (user != file->st_uid && file->st_uid != 0))
		return 0;
	if (process->session > 1 && (process->session == keeper->taker || process->session == named))
		return 1;
	return platform_process_has_variable(keeper->pid, "OTELOP_STATE_DIR", dir) == 1;
}

static int
was_asked(const struct holder_asked *asked, pid_t pid)
{
	size_t i;

	for (i = 0; i < asked->count; i++)
		if (asked->pids[i] == pid)
			return 1;
	return 0;
}

static void
remember(struct holder_asked *asked, pid_t pid)
{
	if (asked->count == asked->room) {
		size_t more = asked->room > 0 ? asked->room * 2 : 64;
		pid_t *grown = realloc(asked->pids, more * sizeof(*grown));

		if (grown == NULL)
			return;		/* it is asked once more, which is no harm */
		asked->pids = grown;
		asked->room = more;
	}
	asked->pids[asked->count++] = pid;
}

/*
 * The handle is opened first; that the process behind it still has the lock is looked at afterwards, so
 * that nothing else can have got its number.  1; 0: it is gone; -1: it is not to be signalled.
 */
static int
signal_keeper(const struct platform_holder *keeper, const struct stat *file, pid_t named, const char *dir,
    int number)
{
	struct platform_process now;
	struct process process;
	int result = -1;

	if (keeper->pid == getpid() || process_open(&process, keeper->pid) != 1)
		return keeper->pid == getpid() ? -1 : 0;
	if (platform_process_has_open(keeper->pid, file, STATEDIR_METADATA) != 1 ||
	    platform_process(keeper->pid, &now) != 1)
		result = 0;
	else if (is_daemons(keeper, &now, file, named, dir) && process_signal(&process, number) == 0) {
		if (number != SIGKILL)
			process_signal(&process, SIGCONT);
		result = 1;
	}
	process_close(&process);
	return result;
}

int
holder_signal_keepers(const struct stat *file, pid_t named, const char *dir, int number,
    struct holder_asked *asked, struct holder *foreign)
{
	struct platform_holder *holders;
	size_t count, i;

	memset(foreign, 0, sizeof(*foreign));
	if (platform_lock_holders(file, STATEDIR_METADATA, &holders, &count, &foreign->hidden) < 0)
		return -1;
	if (has_taker(holders, count)) {
		free(holders);
		return 0;
	}
	for (i = 0; i < count; i++) {
		if (number != SIGKILL && was_asked(asked, holders[i].pid))
			continue;
		switch (signal_keeper(&holders[i], file, named, dir, number)) {
		case 1:
			remember(asked, holders[i].pid);
			break;
		case -1:
			describe(&holders[i], HOLDER_KEEPER, foreign);
			break;
		}
	}
	free(holders);
	return (int)count;
}
