/*
 * Processes that cannot be mistaken for others: a pidfd where the system has it, else the pid.
 * And the tree below one, to end all of it.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/* A process that runs or ran; pidfd is -1 where the system has none. */
struct process {
	pid_t pid;
	int pidfd;
};

/* 1: it is there; 0: no such process; -1. */
int process_open(struct process *process, pid_t pid);
void process_close(struct process *process);

/* -1: ESRCH gone; EPERM. */
int process_signal(const struct process *process, int signal_number);

/* Has it ended (a zombie has)?  1 or 0. */
int process_is_gone(const struct process *process);

/* Wait until it has ended, by event where the system can.  1: gone, 0: deadline. */
int process_wait_gone(const struct process *process, int64_t deadline);

/* Does pid run?  1 or 0; a zombie does not, one that is not ours to signal does. */
int process_is_alive(pid_t pid);

/*
 * Has pid this file open, by a name that begins with this one, or has its parent?  1 or 0; -1: the system does
 * not tell.  The daemon that
 * a lock file names does; what got its number after its death does not.
 */
int process_keeps_open(pid_t pid, const struct stat *file, const char *name);

/* Did pid begin only after the file was written?  1; or 0, also when that cannot be told. */
int process_is_younger(pid_t pid, const struct stat *file);

/* Who somebody is: his number, and when it became his, for it may be used again; 0: whenever. */
struct process_identity {
	pid_t pid;
	unsigned long long start_ticks;
};

/*
 * A tree that one program is to end.  Members are: root and its descendants (no root, no members);
 * those in the session that root leads; with adopted set, every other descendant of the caller
 * (orphans came to it); and, with session set, all else in that one, but for the caller.  None is below
 * one of spared.  With is_reaper set root is a process of ours that orphans come to, and no member; session
 * is then its child's.  An orphan of one of spared comes to the caller as well: where state_dir is set, what
 * came counts only if it was started with this OTELOP_STATE_DIR and an OTELOP_LOCK_FD, as otelop-run's command.
 *
 * How it is known that none is left: lists of children are hints, for who ends while they are read may
 * hide another.  The kernel's word is waitid's: the caller has no child that lives.  Where orphans do
 * not come to the caller, or one of spared is its living child, it is the list of all processes, which
 * skips nobody who was there all the time.
 */
struct process_tree {
	pid_t root;
	int is_reaper;
	int adopted;
	pid_t session;
	const struct process_identity *spared;
	size_t spared_count;
	const char *state_dir;
};

/* Its living members' pids, root too if it lives; the caller frees the array. */
int process_tree_list(const struct process_tree *tree, pid_t **pids, size_t *count);

/*
 * End every member: TERM (and CONT), then after grace_ms KILL, until none is left.  Children of
 * ours among them are reaped, but for root, which stays a zombie until its parent reaps it.
 * -1: some may be left: the processes cannot be listed, one is not ours to signal, or the kernel cannot end it.
 */
int process_tree_end(const struct process_tree *tree, int64_t grace_ms);

/*
 * What is below the caller at this moment, and who is in session if that is not 0: none of a later start's.
 * The array has room for `more` behind them; the caller frees.
 */
int process_earlier(pid_t session, size_t more, struct process_identity **earlier, size_t *count);

#endif
