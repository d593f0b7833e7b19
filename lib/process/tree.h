/* The tree below a process, to end all of it. */
#ifndef TREE_H
#define TREE_H

#include "platform/platform.h"
#include "process/process.h"

/*
 * A tree that one program is to end.  Members are: root and its descendants (no root, no members);
 * those in the session that root leads; with adopted set, every other descendant of the caller
 * (orphans came to it); and, with session set, all else in that one, but for the caller.  None is below
 * one of spared.  With is_reaper set root is a process of ours that orphans come to, and no member; session
 * is then its child's.  An orphan of one of spared comes to the caller as well: where state_dir is set, what
 * came counts only if it was started with this OTELOP_STATE_DIR and an OTELOP_LOCK_FD, as otelop-run's command.
 *
 * How it is known that none is left: lists of children are hints, for who is reaped while they are read may
 * hide another.  The kernel's word is waitid's: the caller has no child that lives.  Where one of spared is its
 * living child, it is the caller's own list, which only the caller can change by reaping: nobody is in it but root,
 * a zombie before the list was read, and those that are spared; whoever is below another would be in it too.
 * Where orphans do not come to the caller, or there are no such lists, it is the list of all processes,
 * which skips nobody who was there all the time.
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

/* How a tree is ended, and what came of it. */
struct tree_ending {
	int signal_number;	/* what each member gets first, and once; with CONT */
	struct pids *asked;	/* who has it already; and then all who do */
	int64_t (*left_ms)(void *argument);	/* asked again and again from when all have it: until KILL, or OTELOP_FOREVER */
	void (*killed)(void *argument, pid_t pid, const char *name);	/* is told of each to whom KILL was sent; or NULL */
	void *argument;
	struct process_name left;
};

/*
 * End every member, until none is left; where nobody can be listed, the first and the process group that it leads.  Children
 * of ours among them are reaped, but for root, which stays a zombie until its parent reaps it.  -1: some may be left: the
 * processes cannot be listed, one is not ours to signal, or the kernel cannot end it; left is one of them, or its pid is 0.
 */
int tree_end(const struct tree *tree, struct tree_ending *ending);

/* Send the signal, and CONT, to every member that is not in asked; those that are forked meanwhile get it too. */
void tree_signal(const struct tree *tree, int signal_number, struct pids *asked);

/* Where members are looked for. */
enum tree_source {
	TREE_BELOW,	/* the lists of children where they lead to all, mostly; else as the next */
	TREE_ALL,	/* the list of all processes; if there is none, as the last */
	TREE_CHILDREN,	/* our own children, at first the younger ones; if they may be others' or cannot be had, as the last */
	TREE_ROOT	/* nowhere: it is the first alone */
};

/* The first of the members: root, or a reaper's child. */
pid_t tree_first(const struct tree *tree);

/*
 * The members, zombies too; the caller frees the array.  0; 1: it is the first alone, for nobody can be listed; -1: errno; the
 * next list may be had.
 */
int tree_members(const struct tree *tree, enum tree_source source, struct platform_process **members, size_t *count);

/* Whom all members are below: the caller, or root; 0: nobody, or that is not known. */
pid_t tree_top(const struct tree *tree);

/* Is it one of spared, as far as the beginning is known, which may be 0? */
int tree_spares(const struct tree *tree, pid_t pid, unsigned long long start_ticks);

/* Does a child of the caller's belong to the tree?  It may have come from a process that was there before. */
int tree_has_child(const struct tree *tree, pid_t child);

/* Has a child of the caller's ended that is not reaped?  That is known where /proc hides it, too. */
int tree_is_zombie_child(pid_t child);

/*
 * What is below the caller at this moment, and who is in session if that is not 0: none of a later start's.
 * The array has room for `more` behind them; the caller frees.
 */
int tree_earlier(pid_t session, size_t more, struct process_identity **earlier, size_t *count);

#endif
