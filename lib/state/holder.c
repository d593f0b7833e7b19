/* Who has a lock whose file names no living process; holder.h says who that can be. */
#include "state/holder.h"
#include "base/io.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/identity.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
holder_describe(struct holder_daemon *daemon, const struct statedir *dir, int fd, const struct otelop_metadata *metadata)
{
	memset(daemon, 0, sizeof(*daemon));
	daemon->dir = dir;
	daemon->pid = meta_pid(metadata);
	daemon->session = identity_session(metadata);
	return fstat(fd, &daemon->file);
}

/* Is it in the daemon's session?  One whose leader lives is a terminal's, and has other members. */
static int
is_in_session(const struct holder_daemon *daemon, pid_t pid)
{
	struct platform_process process;

	return platform_process(pid, &process) == 1 && process.session > 1 && (process.session == daemon->pid ||
	    (process.session == daemon->session && !process_is_alive(process.session)));
}

static int
was_given_directory(const struct holder_daemon *daemon, pid_t pid)
{
	return platform_process_has_variable(pid, "OTELOP_STATE_DIR", daemon->dir->path) == 1;
}

/* As what a command starts is, whatever it does to its session and to the lock. */
static int
was_given_lock(const struct holder_daemon *daemon, pid_t pid)
{
	return was_given_directory(daemon, pid) && platform_process_has_variable(pid, "OTELOP_LOCK_FD", NULL) == 1;
}

static int
is_of_owner(const struct holder_daemon *daemon, pid_t pid)
{
	uid_t user;

	return platform_process_user(pid, &user) == 1 && (user == daemon->file.st_uid || daemon->file.st_uid == 0);
}

int
holder_was_given(const struct holder_daemon *daemon, pid_t pid)
{
	return is_of_owner(daemon, pid) && was_given_lock(daemon, pid);
}

/*
 * Is it the daemon's for certain?  A process that somebody sent the descriptor to, such as a service
 * manager that stores them, must not be ended for having it.
 */
static int
is_daemons(const struct holder_daemon *daemon, pid_t pid, int is_retaken)
{
	return is_of_owner(daemon, pid) && (is_in_session(daemon, pid) ||
	    (is_retaken ? was_given_lock(daemon, pid) : was_given_directory(daemon, pid)));
}

/* Is it an otelop-run, whose command has ended and is not reaped before all is settled?  One that is hidden may be. */
static int
may_be_parent(const struct holder_daemon *daemon, pid_t pid)
{
	struct platform_process process;
	int found = platform_process(daemon->pid, &process);

	return found < 0 || (found == 1 && process.state == 'Z' && process.parent == pid);
}

/* Who took this lock, if he has it still. */
static const struct platform_holder *
find_taker(const struct platform_holder *holder, const struct platform_holder *all, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (all[i].pid == holder->taker && all[i].taker == holder->taker)
			return &all[i];
	return NULL;
}

static enum holder_kind
kind_of(const struct holder_daemon *daemon, const struct platform_holder *holder,
    const struct platform_holder *taker)
{
	if (taker == NULL)
		return HOLDER_KEEPER;
	if (!may_be_parent(daemon, taker->pid) && (is_in_session(daemon, taker->pid) ||
	    (!taker->can_write && was_given_lock(daemon, taker->pid))))
		return HOLDER_KEEPER;
	return holder->is_shared ? HOLDER_UNSEEN : HOLDER_TAKER;
}

static void
note(const struct platform_holder *from, enum holder_kind kind, struct holder *holder)
{
	holder->kind = kind;
	holder->pid = from->pid;
	io_format(holder->name, sizeof(holder->name), "%s", from->name);
}

int
holder_find(const struct holder_daemon *daemon, struct holder *holder)
{
	struct platform_holder *all;
	enum holder_kind kind;
	size_t count, i;

	memset(holder, 0, sizeof(*holder));
	if (platform_lock_holders(&daemon->file, STATEDIR_METADATA, &all, &count, &holder->hidden) < 0)
		return -1;
	for (i = 0; i < count && holder->kind != HOLDER_TAKER; i++) {
		kind = kind_of(daemon, &all[i], find_taker(&all[i], all, count));
		if (kind != HOLDER_UNSEEN && holder->kind != kind)
			note(&all[i], kind, holder);
	}
	free(all);
	return 0;
}

const char *
holder_why_unseen(const struct holder *holder)
{
	if (holder == NULL)
		return "this system does not show who has it";
	return holder->hidden ? "whoever has it may not be looked into, or it is on its way through a socket" :
	    "nobody is seen to have it: it may be on its way through a socket, or with a process of another "
	    "PID namespace";
}

/*
 * The handle is opened first; that the process behind it still has the file and is the daemon's is looked
 * at afterwards, so that nothing else can have got its number.  1; 0: it is gone, or has let go; -1: it is not to be
 * signalled.
 */
static int
signal_keeper(const struct holder_daemon *daemon, pid_t pid, int is_retaken, int number)
{
	struct process process;
	int result = 0;

	if (pid == getpid())
		return -1;
	if (process_open(&process, pid) != 1)
		return 0;
	if (platform_process_has_open(pid, &daemon->file, STATEDIR_METADATA) == 1) {
		result = is_daemons(daemon, pid, is_retaken) && process_signal(&process, number) == 0 ? 1 : -1;
		if (result == 1 && number != SIGKILL)
			process_signal(&process, SIGCONT);
	}
	process_close(&process);
	return result;
}

int
holder_signal_keepers(const struct holder_daemon *daemon, int number, struct pids *asked, struct holder *foreign,
    void (*told)(const struct statedir *, const struct process_name *))
{
	struct platform_holder *all;
	struct process_name name;
	size_t count, i;
	int keepers = 0, signalled;

	memset(foreign, 0, sizeof(*foreign));
	if (platform_lock_holders(&daemon->file, STATEDIR_METADATA, &all, &count, &foreign->hidden) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		const struct platform_holder *taker = find_taker(&all[i], all, count);
		enum holder_kind kind = kind_of(daemon, &all[i], taker);

		/* Whoever cannot write starts nothing: who waits for him in vain is told of him. */
		if (kind != HOLDER_KEEPER && foreign->pid == 0 && taker != NULL && !taker->can_write &&
		    !may_be_parent(daemon, taker->pid))
			note(&all[i], kind, foreign);
		if (kind != HOLDER_KEEPER)
			continue;
		keepers++;
		if (number != SIGKILL && pids_has(asked, all[i].pid))
			continue;
		if (told != NULL)
			process_name(&name, all[i].pid);
		if ((signalled = signal_keeper(daemon, all[i].pid, taker != NULL, number)) < 0)
			note(&all[i], HOLDER_KEEPER, foreign);
		else if (pids_add(asked, all[i].pid) == 1 && signalled && told != NULL)	/* without memory: once more, no harm */
			told(daemon->dir, &name);
	}
	free(all);
	return keepers;
}
