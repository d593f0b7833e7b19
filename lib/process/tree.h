/* The tree below a process, to end all of it. */
#ifndef TREE_H
#define TREE_H

#include "process/process.h"

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
struct tree {
	pid_t root;
	int is_reaper;
	int adopted;
	pid_t session;
	const struct process_identity *spared;
	size_t spared_count;
	const char *state_dir;
};

/* Its living members' pids, root too if it lives; the caller frees the array. */
int tree_list(const struct tree *tree, pid_t **pids, size_t *count);

/*
 * End every member: TERM (and CONT), then after grace_ms KILL, until none is left.  Children of
 * ours among them are reaped, but for root, which stays a zombie until its parent reaps it.
 * -1: some may be left: the processes cannot be listed, one is not ours to signal, or the kernel cannot end it.
 */
int tree_end(const struct tree *tree, int64_t grace_ms);

/*
 * What is below the caller at this moment, and who is in session if that is not 0: none of a later start's.
 * The array has room for `more` behind them; the caller frees.
 */
int tree_earlier(pid_t session, size_t more, struct process_identity **earlier, size_t *count);

#endif
