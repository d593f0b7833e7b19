/*
 * The lock on otelop.json: who may publish, replace and remove it, and what a reader may believe.
 *
 * The lock is flock(LOCK_EX) on the file that the path names at the moment. It belongs to an open file description: a
 * forked child shares it, and it ends when the last copy is closed or anyone says LOCK_UN. The C code names its steps
 * as this model does; each is one system call.
 *
 *   claim    C1 open, creating   C2 flock EX|NB   A free but alive: the file names, in another state than exited, a
 *            process that is that very one and lives, or is a zombie whose parent has the file? close, 75
 *            C3 the path still names it? else close, C1
 *   busy     (C2 refused; of a file that has lost its name: close, C1)   B1 flock SH|NB; granted, there were only
 *            probers: A, else close, C1   B2 it names a live process? give up, 75; else close, C1, or give up after a
 *            while
 *   make     (nothing is at the path) M1 first is there: open it, flock EX|NB, it names this file still: unlink first
 *            M2 create first, O_EXCL: W; open R, which is the same file; flock EX|NB on R, look that first names it,
 *            write through W   M3 rename first to the path, if nothing is there   M4 look that the path names it: that is
 *            C and P in one; else M5 flock EX|NB, first names it: unlink first; close, and C1 to C3, M1 and P
 *   publish  P1 unlink next   P2 create next, O_EXCL: W to write through, R to lock   P3 flock EX|NB on R   P4 write
 *            P5 look that the path names the claimed file; exchange with the path; look what came out: the claimed file
 *            is unlinked, any other is exchanged back and the claim is lost   P6 LOCK_UN on the old file, then close it
 *   run      publish `starting`; P1-P3 for the next file; F fork CMD; H hand on: it has R of `starting` and R of the
 *            next file, never the claim's description and never a W; at readiness P4-P6 as `ready`
 *   end      E1 CMD is dead, but not reaped   E2 after a crash publish `exited`; after a clean end P1, a look that the
 *            path names this file, R2, R3   E3 LOCK_UN   E4 reap CMD
 *   again    E1, and then E5 publish `starting`, reap CMD, and go on behind that as a run does, with a next file and
 *            a CMD of its own
 *   vanished V1 watch the file and its directory   V2 look, at once and at each event: the path names this file with
 *            these words: nothing; with other words: publish again; else V3 make, or claim (C1 to C3, our own daemon
 *            aside) and publish again   V4 refused by another: end the daemon
 *   remove   C1 without creating, C2, A, C3   R1 unlink next   R2 rename the path to gone, if nothing is there; else
 *            unlink gone, which a remover that was killed has left, and R2   R3 look what came out: the claimed file is
 *            unlinked, any other is renamed back, if nothing is at the path, else unlinked   R4 close
 *   record   C1 to C3, P1 to P5, P6, and the same for the new file: words about somebody, and nobody holds them
 *   probe    Q1 open   Q2 flock SH|NB; refused: held, Q4; granted: LOCK_UN   A it runs without its lock   Q3 free if
 *            the path still names it, else Q1   Q4 read: the words of a held file count only while the very process
 *            that they name lives and has it open, or its parent has; else K1 who has the description that holds the
 *            lock? Its taker lives and has it: a starter. The taker is dead: dead, its lock kept   K2 the path still
 *            names it   Q5 close
 *   stop     S1 open   S2 flock SH|NB; granted: A, or there is nothing to stop   S3 read   S4 pidfd_open   S5 that is
 *            the very process that the file names, as in Q4?   S6 the path still names it?   S7 flock SH|NB, or A
 *            S8 signal   S9 it is gone, and nothing has a lock, not a shared one either; then S1 if the file was replaced,
 *            else its otelop-run is gone, too   S10 close
 *   keepers  (S4 found nobody)   K1 as in a probe   K2 pidfd_open of who has it   K3 K1 again: it still has it, and the
 *            taker is dead; then S8
 *   chain    X1 flock EX on otelop.start   X2 a restart stops, both start   then LOCK_UN at the verdict
 *   upstream U1 open   U2 flock EX|NB: held? else close   U3 rename its file over the path   U4 open   U5 flock EX|NB
 *            U6 unlink the path. A file of upstream's that is young settles before C2, Q2 and S2.
 *
 * From C3 until the path is given up (R2) or the lock is let go, if nobody interferes from outside of the protocol:
 *   - the path names a file on which the claimant holds the lock, until a child of its own unlocks it; next is the
 *     claimant's alone;
 *   - nobody else is past C3, and no ready daemon lives but the claimant's;
 *   - the file of a live ready daemon is at the path, locked, complete, and names that daemon.
 * A held lock says that the file is somebody's, not that its words are the holder's: from C2 to P5 a claimant holds the
 * words of a daemon that is long dead, and a dead daemon's descendants may hold its lock.
 *
 * Who interferes from outside, robs: at most one ready daemon lives that was not robbed, and a resident otelop-run
 * whose daemon was robbed looks.
 */

#ifndef STARTERS
#ifdef NATIVE
#define STARTERS 1
#else
#define STARTERS 2
#endif
#endif
#ifndef REMOVERS
#define REMOVERS 0
#endif
#ifndef WRITERS
#define WRITERS 0
#endif
#ifndef PROBERS
#define PROBERS 0
#endif
#ifndef STOPPERS
#define STOPPERS 0
#endif
#ifndef UPSTREAMS
#define UPSTREAMS 0
#endif
#ifndef FOREIGN		/* how often somebody outside of the protocol interferes */
#define FOREIGN 0
#endif
#if FOREIGN || UPSTREAMS
#define OUTSIDE
#endif
#if defined(CHILDREN) || defined(OUTSIDE)	/* else what lives and is named has its lock */
#define FREE_BUT_ALIVE
#endif

/*
 * Open file descriptions. A starter has three: its claim's, and two for the files that it publishes, in turn, which
 * are those that CMD gets. A writer has two, for the old file and the new. Those below CLAIMANTS may claim, those above
 * only look, or are upstream's.
 */
#define REMOVER(n) (3 * STARTERS + (n))
#define WRITER(n) (3 * STARTERS + REMOVERS + 2 * (n))
#define PROBER(n) (3 * STARTERS + REMOVERS + 2 * WRITERS + (n))
#define STOPPER(n) (3 * STARTERS + REMOVERS + 2 * WRITERS + PROBERS + (n))
#define UPSTREAM(n) (STOPPER(STOPPERS) + (n))
#define DESCRIPTIONS UPSTREAM(UPSTREAMS)
#define CLAIMANTS PROBER(0)

#ifdef WITH_GONE
#define FIRST 3
#else
#define FIRST 2
#endif
#ifdef WITH_FIRST
#define NAMES (FIRST + 1)
#else
#define NAMES FIRST
#endif

/* Enough for all descriptions and all names. Number 0 is no file. */
#define INODES (DESCRIPTIONS + NAMES)

mtype = { STARTING, READY, EXITED };

/*
 * What a file names and what a handle refers to. A process that was reaped is a STRANGER: its number is free, or
 * anybody's by now. The numbers themselves are not modelled. CALLER is whom a writer's words name: it lives, and is no
 * daemon of ours. UP(n) is upstream's daemon.
 */
#define NOBODY 0
#define STRANGER 1
#define RUN(s) (2 + 3 * (s))
#define CMD(s) (3 + 3 * (s))
#define WORKER(s) (4 + 3 * (s))
#define CALLER RUN(STARTERS)
#define UP(n) (CALLER + 1 + (n))

/* The life of a process. DYING: it closes its descriptors. ZOMBIE: until it is reaped. */
#define GONE 0
#define ALIVE 1
#define DYING 2
#define ZOMBIE 3

mtype state[INODES + 1];      /* 0: empty */
byte names[INODES + 1];       /* its `pid` */
byte ex[INODES + 1];          /* the description that holds LOCK_EX on it, plus one */
byte sh[INODES + 1];          /* how many descriptions hold LOCK_SH on it */
byte opens[INODES + 1];       /* how many descriptions are open on it */
bit shares[DESCRIPTIONS];     /* the description holds LOCK_SH */
#if UPSTREAMS
bit young[INODES + 1];        /* upstream's, renamed a moment ago */
#endif

/* What refers to a file: the descriptions, otelop.json, otelop.json.next, .gone and .first. */
byte inode[INODES];
#define path inode[DESCRIPTIONS]
#define next inode[DESCRIPTIONS + 1]
#ifdef NEXT_FOR_GONE
#define gone next
#else
#define gone inode[DESCRIPTIONS + 2]
#endif
#define first inode[DESCRIPTIONS + FIRST]
#ifdef WITH_GONE
#define is_gone(file) (gone == file)
#else
#define is_gone(file) false
#endif
#ifdef WITH_FIRST
#define is_first(file) (first == file)
#else
#define is_first(file) false
#endif
#define has_name(file) (path == file || next == file || is_gone(file) || is_first(file))

byte parent[STARTERS];        /* otelop-run */
byte cmd[STARTERS];           /* its CMD */
bit worker[STARTERS];         /* a descendant of CMD */
byte cur[STARTERS];           /* which of the three descriptions has the claim */
bit own[3 * STARTERS];        /* otelop-run itself has a copy of it */
bit cmd_has[3 * STARTERS];
bit worker_has[3 * STARTERS];
chan sigkill[STARTERS] = [0] of { bit };

#if STOPPERS == 1 && defined(RESPAWN)
#define REPLACED
bit replaced[INODES + 1];     /* by its mode: another has its name, and does not say `exited` */
#define was_replaced(d) replaced[inode[d]]
bit same_life;                /* a ghost: the otelop-run of the stopper's daemon is the one that it was */
#else
#define was_replaced(d) false
#endif
#if STOPPERS
byte named[STOPPERS];         /* the pid that it read, or found to keep the lock */
byte handle[STOPPERS];        /* its pidfd */
#endif
#if UPSTREAMS
byte upstream[UPSTREAMS];     /* GONE, ALIVE (a start), or READY_UP */
#define READY_UP 2
bit in_window[UPSTREAMS];     /* it has renamed its file and not locked it yet */
#endif
#if defined(RESTARTS) || defined(NATIVE)
#define CHAINS
byte chain;                   /* who has the lock on otelop.start, plus one */
#endif
#if FOREIGN
byte interfered;
bit watch[STARTERS];          /* otelop-run will hear of it */
bit event[STARTERS];          /* it has heard */
bit looks[STARTERS];          /* it is looking */
#endif

/* Ghosts: known to the assertions only. */
bit claim[STARTERS + REMOVERS + WRITERS];
bit published[STARTERS];      /* CMD's file says `ready` */
#ifdef CHILDREN
bit tampered[STARTERS];       /* a child of its own has let the lock go */
#define is_tampered(s) tampered[s]
#else
#define is_tampered(s) false
#endif
#ifdef OUTSIDE
bit robbed[STARTERS];         /* somebody outside of the protocol took the file of this claim from the path */
#define is_robbed(s) robbed[s]
#else
#define is_robbed(s) false
#endif

/* Of a try to claim (C1 to B1) or a probe (Q1 to its answer), so far. */
#define WATCHERS (STARTERS + PROBERS)
bit unheld[WATCHERS];         /* nobody held the path, nor lived, at any moment */
bit kept[WATCHERS];           /* somebody held it at every moment */
bit unready[WATCHERS];        /* no ready daemon lived at any moment */
bit ready[WATCHERS];          /* one lived at every moment */

/* Scratch, zero between steps. */
byte i, j, f, last;
bit is_held, is_ready, is_sound, is_there;

#define SLOT(k) (3 * s + (k))
#define MINE SLOT(cur[s])
#define OTHER SLOT((cur[s] == 1 -> 2 : 1))

#define lives(life) (life == ALIVE || life == DYING)
#define is_ours(who) (who > STRANGER && who < CALLER)
#define of(who) ((who - 2) / 3)
#define is_ours_alive(who) \
	(is_ours(who) && \
	((who - 2) % 3 == 0 -> lives(parent[of(who)]) : ((who - 2) % 3 == 1 -> lives(cmd[of(who)]) : worker[of(who)])))
#if UPSTREAMS
#define is_theirs_alive(who) (who > CALLER && upstream[who - CALLER - 1] != GONE)
#else
#define is_theirs_alive(who) false
#endif
#define is_alive(who) (who == CALLER || is_ours_alive(who) || is_theirs_alive(who))
#define is_daemon(s) (published[s] && cmd[s] == ALIVE)
#define all_gone(s) (parent[s] == GONE && cmd[s] == GONE && !worker[s])

#define can_lock_ex(d) (ex[inode[d]] == 0 && sh[inode[d]] == 0)
#define can_lock_sh(d) (ex[inode[d]] == 0)
#ifdef OUTSIDE	/* an answer about a file that has lost its name is none */
#define at_path_(d) at_path(d)
#else
#define at_path_(d) true
#endif
#define has_lock(d) (ex[inode[d]] == (d) + 1)
#define at_path(d) (path == inode[d])
#define child_has(d) (cmd_has[d] || worker_has[d])

/* Who is seen in /proc/PID/fdinfo to have the description that holds LOCK_EX. */
#define holder(d) (ex[inode[d]] - 1)
#define is_starters(d) (ex[inode[d]] && ex[inode[d]] <= 3 * STARTERS)

/* Rules that a mutant leaves out; the others are at the steps that they are about. */
#ifdef NO_KEEPER	/* a record's words pass for those of who holds the file */
#define may_keep(who) true
#else
#define may_keep(who) (who != CALLER)
#endif

#if defined(IDENTITY_IN_RECORDS)
#define seems_to_be(who) (who > STRANGER)
#define seems_alive(who) is_alive(who)
#elif defined(NO_STAMP)	/* by its number alone a stranger may pass for the process that the file names */
#define seems_to_be(who) (who > NOBODY && may_keep(who))
#define seems_alive(who) ((is_alive(who) || who == STRANGER) && may_keep(who))
#else
#define seems_to_be(who) (who > STRANGER && may_keep(who))
#define seems_alive(who) (is_alive(who) && may_keep(who))
#endif

/* A free file's words count by the identity that our own files record. */
#if defined(NO_ALIVE) || defined(NO_STAMP)
#define is_itself(who) false
#elif defined(ALIVE_BY_NUMBER)
#define is_itself(who) (who == STRANGER || is_ours_alive(who))
#elif defined(IDENTITY_IN_RECORDS)
#define is_itself(who) (who == CALLER || is_ours_alive(who))
#else
#define is_itself(who) is_ours_alive(who)
#endif

#if defined(ZOMBIE_IS_DEAD) || defined(NO_ALIVE) || defined(NO_STAMP)
#define is_kept_zombie(who) false
#else
#define is_kept_zombie(who) \
	(is_ours(who) && (who - 2) % 3 == 1 && cmd[of(who)] == ZOMBIE && lives(parent[of(who)]))
#endif

#define is_running(d) (state[inode[d]] != EXITED && is_itself(names[inode[d]]))
#define is_not_to_claim(d) \
	(state[inode[d]] != EXITED && (is_itself(names[inode[d]]) || is_kept_zombie(names[inode[d]])))

/* The process that locked it lives and has it still. */
#ifdef NO_TAKER
#define taker_lives(d) ((d) >= 3 * STARTERS)
#elif defined(CLAIM_BY_HELPER)	/* the helper that waited for it has ended */
#define taker_lives(d) ((d) >= 3 * STARTERS || ((d) % 3 != 0 && own[d] && lives(parent[(d) / 3])))
#else
#define taker_lives(d) ((d) >= 3 * STARTERS || (own[d] && lives(parent[(d) / 3])))
#endif

#if defined(STARTING_NOT_HANDED_ON)
#define is_handed_on(k) (k == 2)
#elif defined(NEXT_NOT_HANDED_ON)
#define is_handed_on(k) (k == 1)
#else
#define is_handed_on(k) (k > 0)
#endif

#ifdef NO_IDENTITY_CHECK
#define is_claim(d) true
#else
#define is_claim(d) at_path(d)
#endif

#ifdef BUSY_NO_SH
#define only_probers(d) false
#else
#define only_probers(d) can_lock_sh(d)
#endif

#ifdef PROBE_EX
#define probe_can_lock(d) can_lock_ex(d)
#define probe_lock(d) lock_ex(d)
#else
#define probe_can_lock(d) can_lock_sh(d)
#define probe_lock(d) lock_sh(d)
#endif

#ifdef PROBE_NO_RECHECK
#define counts(d) true
#else
#define counts(d) at_path(d)
#endif

#ifdef REAP_FIRST
#define dead_cmd(s) STRANGER
#else
#define dead_cmd(s) CMD(s)
#endif

#if UPSTREAMS && !defined(NO_SETTLE)
#define settled(d) (!young[inode[d]])
#else
#define settled(d) true
#endif

/* Upstream's exclusive probe is over within the time for which a doubt is looked at again. */
#if UPSTREAMS && !defined(NO_DOUBT)
#define is_sure(d) (!(ex[inode[d]] > UPSTREAM(0) && upstream[holder(d) - UPSTREAM(0)] == ALIVE))
#else
#define is_sure(d) true
#endif

#if UPSTREAMS == 1
#define window in_window[0]
#elif UPSTREAMS
#define window (in_window[0] || in_window[1])
#endif

/* A dead daemon's descendant has downgraded the lock. */
#ifdef CHILDREN
#define kept_by_the_dead(d) (has_shared(0, d) || (STARTERS > 1 && has_shared(STARTERS - 1, d)))
#define has_shared(s, d) \
	(!lives(parent[s]) && ((shares[3 * s + 1] && inode[3 * s + 1] == inode[d]) || \
	(shares[3 * s + 2] && inode[3 * s + 2] == inode[d])))
#else
#define kept_by_the_dead(d) false
#endif
#ifdef NO_SHARED_KEEPERS
#define is_kept_shared(d) false
#else
#define is_kept_shared(d) kept_by_the_dead(d)
#endif

#ifdef KEEPER_NO_SECOND_LOOK
#define is_keeper_found(who) (who > NOBODY)
#else
#define is_keeper_found(who) (who > STRANGER)
#endif

/* An assertion in words. */
#define broken(what) printf(what); assert(false)

#if FOREIGN
inline all_hear()
{
	for (i : 0 .. STARTERS - 1) { event[i] = event[i] || watch[i] }
	i = 0
}
#else
#define all_hear() skip
#endif

#define swap(array) j = array[f]; array[f] = array[last]; array[last] = j

/*
 * Whatever may change who holds the path, or what refers to a file, ends with this. Files are numbered in the order in
 * which something refers to them: numbers are only ever compared, so that states that differ in them alone are one.
 */
inline observe()
{
	last = 0;
	for (i : 0 .. INODES - 1) {
		f = inode[i];
		if
		:: f > last -> last++
		:: else -> f = last
		fi;
		if
		:: f != last ->
			swap(state);
			swap(names);
			swap(ex);
			swap(sh);
			swap(opens);
#if UPSTREAMS
			swap(young);
#endif
#ifdef REPLACED
			swap(replaced);
#endif
			for (j : 0 .. INODES - 1) {
				inode[j] = (inode[j] == f -> last : (inode[j] == last -> f : inode[j]))
			}
		:: else
		fi
	}

	is_held = path && ex[path] && ex[path] <= CLAIMANTS;
#if UPSTREAMS
	is_held = is_held || (path && ex[path] > UPSTREAM(0) && upstream[ex[path] - 1 - UPSTREAM(0)] == READY_UP);
#endif
	is_there = is_held;
#ifdef FREE_BUT_ALIVE
	is_there = is_there || (path && (is_ours_alive(names[path]) || is_kept_zombie(names[path])));
#endif
	for (i : 0 .. STARTERS - 1) {
#ifdef CHILDREN
		is_there = is_there || (path && ((inode[3 * i + 1] == path && shares[3 * i + 1]) ||
			(inode[3 * i + 2] == path && shares[3 * i + 2])));
#endif
#ifdef OUTSIDE
		is_ready = is_ready || lives(cmd[i]);
#else
		is_ready = is_ready || (published[i] && lives(cmd[i]));
#endif
		is_sound = is_sound || (is_daemon(i) && !is_robbed(i))
	}
#if UPSTREAMS
	for (i : 0 .. UPSTREAMS - 1) { is_ready = is_ready || upstream[i] == READY_UP }
#endif
	for (i : 0 .. WATCHERS - 1) {
		unheld[i] = unheld[i] && !is_there;
		kept[i] = kept[i] && is_held;
		unready[i] = unready[i] && !is_ready;
		ready[i] = ready[i] && is_sound
	}
	i = 0; j = 0; f = 0; last = 0; is_held = 0; is_ready = 0; is_sound = 0; is_there = 0
}

/* A file without name and descriptor is no more, and its number is free. */
inline forget(file)
{
	if
	:: file && !opens[file] && !has_name(file) ->
		state[file] = 0;
#if UPSTREAMS
		young[file] = 0;
#endif
#ifdef REPLACED
		replaced[file] = 0;
#endif
		names[file] = NOBODY
	:: else
	fi
}

inline create(name)
{
	f = 1;
	do
	:: opens[f] || has_name(f) -> f++
	:: else -> break
	od;
	name = f
}

inline unlink(name)
{
	f = name;
	name = 0;
	forget(f)
}

inline exchange()
{
	all_hear();
	f = path;
	path = next;
	next = f
}

inline open(d, name)
{
	inode[d] = name;
	opens[name]++
}

inline lock_ex(d) { ex[inode[d]] = d + 1 }

inline lock_sh(d) { sh[inode[d]]++; shares[d] = true }

inline unlock(d)
{
	if
	:: has_lock(d) -> ex[inode[d]] = 0
	:: shares[d] -> sh[inode[d]]--; shares[d] = false
	:: else
	fi
}

/* Close the last copy of a description. */
inline shut(d)
{
	unlock(d);
	f = inode[d];
	inode[d] = 0;
	opens[f]--;
	forget(f)
}

/* From now on another process may have the number. */
inline reaped(who)
{
	for (i : 1 .. INODES) {
		if
		:: names[i] == who -> names[i] = STRANGER
		:: else
		fi
	}
#if STOPPERS
	for (i : 0 .. STOPPERS - 1) {
		if
		:: named[i] == who -> named[i] = STRANGER
		:: else
		fi;
		if
		:: handle[i] == who -> handle[i] = NOBODY
		:: else
		fi
	}
#endif
	i = 0
}

inline run_open(d, name)
{
	open(d, name);
	own[d] = true;
	observe()
}

inline run_shut(d)
{
	own[d] = false;
	if
	:: !child_has(d) -> shut(d)
	:: else
	fi;
	observe()
}

/* A child's copy of what is unlocked holds nothing, and is none any more for this model. */
inline run_unlock(d)
{
	unlock(d);
	cmd_has[d] = false;
	worker_has[d] = false;
	observe()
}

inline run_is_gone()
{
	parent[s] = GONE;
	cur[s] = 0;
#if FOREIGN
	watch[s] = false; event[s] = false; looks[s] = false;
#endif
#ifdef RESTARTS
	chain = (chain == s + 1 -> 0 : chain);
#endif
	reaped(RUN(s))
}

inline drop_copy(d)
{
	if
	:: inode[d] && !own[d] && !child_has(d) -> shut(d)
	:: else
	fi
}

inline drop_copies(x)
{
	drop_copy(3 * x);
	drop_copy(3 * x + 1);
	drop_copy(3 * x + 2);
	observe()
}

/* The copies go before the pid does: the kernel first closes a dead process's files, then makes it a zombie. */
inline cmd_dies(x)
{
	cmd[x] = DYING;
	cmd_has[3 * x] = false; cmd_has[3 * x + 1] = false; cmd_has[3 * x + 2] = false;
	drop_copies(x)
}

/* Where somebody outside interferes, P1 and P5 look first that the path still names the claimed file. */
#if defined(OUTSIDE) && !defined(NO_LOOK)
#define LOOKS
#endif

inline look()
{
	d_step { printf("run %d: P5 look\n", s); lost = lost || !at_path(c) }
}

/* From the claim on description d. */
inline unlink_next(d)
{
#ifdef NEXT_REUSED
	d_step { c = d; r = OTHER }
#elif defined(LOOKS)
	d_step { printf("run %d: P1 look\n", s); c = d; r = OTHER; lost = lost || !at_path(c) };
	if
	:: lost
	:: d_step { !lost -> printf("run %d: P1 unlink next\n", s); unlink(next); observe() }
	fi
#else
	d_step { printf("run %d: P1 unlink next\n", s); c = d; r = OTHER; unlink(next); observe() }
#endif
}

inline create_next()
{
	if
	:: lost
	:: d_step {
		!lost ->
		printf("run %d: P2 create next\n", s);
		if
		:: !next -> create(next); run_open(r, next)
		:: else ->
#ifdef OUTSIDE
			lost = true
#elif defined(NEXT_REUSED)
			run_open(r, next)
#else
			broken("broken: another made a next beside the claimant\n")
#endif
		fi
	   }
	fi;
#ifndef PUBLISH_UNLOCKED
	if
	:: lost
	:: d_step {
		!lost ->
		printf("run %d: P3 lock\n", s);
		if
		:: can_lock_ex(r) -> lock_ex(r)
		:: else ->
#ifdef OUTSIDE
			lost = true
#else
			broken("broken: the claimant's new file is locked by another\n")
#endif
		fi;
		observe()
	   }
	fi
#endif
}

inline has_its_name(what)
{
	in_place = true;
	old = c;
	cur[s] = r - 3 * s;
	claim[s] = true;
#ifdef OUTSIDE
	robbed[s] = false;
#endif
	published[s] = (what == READY && lives(cmd[s]));
}

inline drop_next()
{
	if
	:: own[r] ->
		if
		:: next == inode[r] -> unlink(next)
		:: else
		fi;
		run_unlock(r);
		run_shut(r)
	:: else
	fi;
	c = 0; r = 0
}

/* Until it is ready a start has more to do than to close what it has replaced: it only unlocks that. */
#ifdef WITH_FIRST
#define stays_open(what) (what == STARTING)
#else
#define stays_open(what) false
#endif

/* P4 to P6: r takes the place of the claimed file, c. lost: somebody outside has interfered, and r is dropped. */
inline publish(what, who)
{
#ifndef WRITE_AFTER_RENAME
	if
	:: lost
	:: d_step { !lost -> printf("run %d: P4 write %e\n", s, what); state[inode[r]] = what; names[inode[r]] = who }
	fi;
#endif
#ifdef CLOSE_OLD_FIRST
	d_step { printf("run %d: P6 close\n", s); run_shut(c) };
#endif
#ifdef LOOKS
	look();
#endif
	if
	:: lost
#ifdef NO_EXCHANGE
	:: d_step {
		!lost && next != inode[r] -> lost = true
	   }
	:: d_step {
		!lost && next == inode[r] ->
		printf("run %d: P5 rename\n", s);
		f = path;
		path = next;
		next = 0;
		if
		:: f && f != inode[c] && is_theirs_alive(names[f]) ->
			broken("broken: the file of upstream's daemon was overwritten\n")
		:: else
		fi;
		forget(f);
		has_its_name(what);
		observe()
	   }
#else
	:: d_step {
		!lost ->
		printf("run %d: P5 exchange\n", s);
#ifdef PUBLISH_WITHOUT_CLAIM
		if
		:: !path -> create(path)
		:: else
		fi;
#endif
		if
		:: next != inode[r] || !path ->
#ifdef OUTSIDE
			lost = true
#else
			broken("broken: another took the claimant's next away\n")
#endif
		:: else ->
#ifdef OUTSIDE
			if
			:: path == inode[c] -> exchange(); has_its_name(what)
			:: else ->
#ifdef LOOKS
				rob();
#endif
				exchange()
			fi;
#else
			exchange();
			has_its_name(what);
#endif
			observe()
		fi
	   }
#endif
	fi;
#ifndef NO_EXCHANGE
	if
	:: lost
	:: d_step {
		!lost && in_place ->
		printf("run %d: P5 unlink next\n", s);
		if
		:: next == inode[c] -> unlink(next)
		:: else
		fi;
#ifdef REPLACED
		replaced[inode[c]] = (what != EXITED);
#endif
		observe()
	   }
#ifdef OUTSIDE
	/* What came out was not the claimed file: back with it, while ours is still in its place. */
	:: d_step {
		!lost && !in_place ->
		printf("run %d: P5 exchange back\n", s);
		if
		:: path == inode[r] && next -> exchange()
		:: else
		fi;
		lost = true;
		observe()
	   }
#endif
	fi;
#endif
#ifdef WRITE_AFTER_RENAME
	d_step { printf("run %d: P4 write %e\n", s, what); state[inode[r]] = what; names[inode[r]] = who };
#endif
#ifdef PUBLISH_UNLOCKED
	d_step { can_lock_ex(r) -> printf("run %d: P3 lock\n", s); lock_ex(r); observe() };
#endif
#ifndef CLOSE_OLD_FIRST
#ifndef CLOSE_WITHOUT_UNLOCK
	if
	:: lost
	:: d_step { !lost -> printf("run %d: P6 LOCK_UN\n", s); run_unlock(old) }
	fi;
#endif
	if
	:: d_step {
		!lost ->
		printf("run %d: P6 close\n", s);
		if
		:: stays_open(what)
		:: else -> run_shut(old)
		fi;
		if
		:: has_lock(old) -> broken("broken: the lock outlives the otelop-run that let it go\n")
		:: else
		fi;
		in_place = false; old = 0; c = 0; r = 0
	   }
	:: d_step { lost -> printf("run %d: somebody outside has interfered\n", s); drop_next() }
	fi
#endif
}

inline exit_shut(d)
{
	if
	:: own[d] -> run_shut(d)
	:: else
	fi;
	if
	:: has_lock(d) -> broken("broken: the lock outlives the otelop-run that let it go\n")
	:: else
	fi
}

/* A start says that somebody lives. */
inline lived(d)
{
	if
	:: is_alive(names[inode[d]]) || is_kept_zombie(names[inode[d]])
	:: else -> broken("broken: a start finds another, and nobody lived\n")
	fi
}

#ifdef OUTSIDE
/* Whoever has the path loses it, and hears of it if it listens. */
inline rob()
{
	for (i : 0 .. STARTERS - 1) {
		if
		:: path && ((is_daemon(i) && names[path] == CMD(i)) ||
			(ex[path] && (ex[path] - 1) / 3 == i && (claim[i] || is_daemon(i)))) ->
			robbed[i] = true
		:: else
		fi;
	}
	i = 0;
	all_hear()
}
#endif

#ifdef WITH_GONE
/*
 * R2 and R3, which where there is no WITH_GONE are one step. A file that slipped in behind the last look is given back;
 * but whoever has claimed the directory by now keeps the path.
 */
inline take_away(d, its)
{
	do
	:: d_step { path && gone -> printf("R2 gone is there\n") };
#ifdef GONE_STAYS
		d_step { broken("broken: nothing can be removed, because a remover was killed\n") }
#else
		d_step { printf("R2 unlink gone\n"); unlink(gone); observe() }
#endif
	:: d_step {
		path && !gone ->
		printf("R2 rename path to gone\n");
		its = false;
#ifdef OUTSIDE
		if
		:: !at_path(d) -> rob()
		:: else
		fi;
#endif
		gone = path;
		path = 0;
		observe()
	   };
		break
	:: d_step {
		!path ->
#ifndef OUTSIDE
		broken("broken: another took the claimant's file away\n")
#else
		its = false
#endif
	   };
		goto taken
	od;

	/* It may be killed here. */
	if
	:: true -> goto taken
#ifdef NO_LOOK_AT_GONE
	:: true -> goto R3
#else
	:: gone == inode[d] -> goto R3
	:: gone != inode[d]
#endif
	fi;
#ifdef GIVEN_BACK_BLINDLY
	if
	:: d_step {
		gone && path ->
		printf("R3 rename gone over what is there\n");
		if
		:: ex[path] -> broken("broken: a claimant's file was replaced by one that is given back\n")
		:: else
		fi
	   }
	:: else
	fi;
#endif
	if
	:: d_step {
		gone && !path ->
		printf("R3 rename gone back\n");
		path = gone;
		gone = 0;
#ifdef OUTSIDE
		all_hear();
		for (i : 0 .. STARTERS - 1) {
			robbed[i] = robbed[i] && !(ex[path] && (ex[path] - 1) / 3 == i)
		}
		i = 0;
#endif
		observe()
	   };
		goto taken
	:: !gone -> goto taken
	:: d_step { gone && path -> printf("R3 somebody has claimed\n") };
		d_step { printf("R3 unlink gone\n"); unlink(gone); observe() };
		goto taken
	fi;

R3:	if
	:: d_step {
		true ->
		printf("R3 unlink gone\n");
#if UPSTREAMS && STARTERS + REMOVERS == 1	/* two removers at once may take it from each other */
		if
		:: gone && gone != inode[d] && !path && is_theirs_alive(names[gone]) ->
			broken("broken: the file of upstream's daemon was removed\n")
		:: else
		fi;
#endif
		unlink(gone);
		observe()
	   }
	fi;
taken:	skip
}
#endif

#ifdef WITH_FIRST
#ifdef SWEPT_BLINDLY
#define can_sweep(d) true
#define sweep_lock(d) skip
#else
#define can_sweep(d) can_lock_ex(d)
#define sweep_lock(d) lock_ex(d)
#endif

#ifdef SWEPT_WITHOUT_LOOK
#define is_to_sweep(d) true
#else
#define is_to_sweep(d) (first == inode[d])
#endif

#ifdef FIRST_OPENED_BLINDLY
#define is_made(r, w) true
#else
#define is_made(r, w) (inode[r] == inode[w])
#endif

#ifdef FIRST_UNLOCKED
#define can_make(r, w) is_made(r, w)
#define make_lock(r) skip
#else
#define can_make(r, w) (is_made(r, w) && can_lock_ex(r))
#define make_lock(r) lock_ex(r)
#endif

#ifdef FIRST_WITHOUT_LOOK
#define is_still_first(r) true
#else
#define is_still_first(r) (first == inode[r])
#endif

#ifdef FIRST_REPLACES
#define is_refused false
#else
#define is_refused (path != 0)
#endif

#ifdef NO_LOOK_AT_FIRST
#define is_taken(r) true
#else
#define is_taken(r) at_path(r)
#endif

#ifdef DROPPED_BLINDLY
#define can_drop(d) true
#define drop_lock(d) skip
#else
#define can_drop(d) (can_lock_ex(d) || has_lock(d))
#define drop_lock(d) lock_ex(d)
#endif

#ifdef DROPPED_WITHOUT_LOOK
#define is_to_drop(d) true
#else
#define is_to_drop(d) (first == inode[d])
#endif

#define MADE (own[OTHER] -> OTHER : SLOT(0))

#if FOREIGN	/* what has vanished is published again */
#define is_back(s) looks[s]
#else
#define is_back(s) false
#endif

inline unlink_first(d)
{
#ifndef MUTANT	/* which is to be known by what comes of it */
	if
	:: first != inode[d] || ex[first] != d + 1 -> broken("broken: the first file of another was removed\n")
	:: else
	fi;
#endif
	unlink(first);
	observe()
}

/* What one that was killed has left has no lock. */
inline sweep(d, is_swept)
{
	if
	:: !first -> is_swept = true
	:: d_step { first -> printf("run %d: M1 open first\n", s); run_open(d, first) };
		if
		:: d_step { can_sweep(d) -> printf("run %d: M1 lock\n", s); sweep_lock(d); observe() };
			if
			:: d_step { is_to_sweep(d) -> printf("run %d: M1 it is first\n", s) };
				d_step { printf("run %d: M1 unlink first\n", s); unlink_first(d); is_swept = true }
			:: !is_to_sweep(d)
			fi
		:: !can_sweep(d)
		fi;
		d_step { printf("run %d: M1 close\n", s); run_shut(d) }
	fi
}
#endif

#ifdef NO_CHAIN
#define chain_is_free true
#else
#define chain_is_free (chain == 0)
#endif

/* Spin allows no jump to a d_step, hence the `if` with one branch behind some labels. */
proctype Run(byte s)
{
	bit lost, in_place;
	byte c, r, old;

#ifdef RESTARTS
	/* The chain is held by who waits for the verdict; its end before that is not modelled. */
X1:	if
	:: d_step { all_gone(s) && chain_is_free -> printf("restart %d: X1 lock otelop.start\n", s); chain = s + 1 }
	fi;
X2:	if
	:: d_step {
		path && state[path] == READY && is_ours_alive(names[path]) ->
		printf("restart %d: X2 stop\n", s);
		old = of(names[path]);
		cmd_dies(old);
		old = 0
	   };
		goto X2
	:: d_step {
		path && ex[path] && ex[path] <= 3 * STARTERS && state[path] == STARTING &&
		parent[(ex[path] - 1) / 3] == GONE && cmd[(ex[path] - 1) / 3] == ALIVE ->
		printf("restart %d: X2 stop a keeper\n", s);
		old = (ex[path] - 1) / 3;
		cmd_dies(old);
		old = 0
	   };
		goto X2
	:: d_step {
		!path || (ex[path] == 0 && !is_ours_alive(names[path]) && !is_kept_zombie(names[path])) ->
		printf("restart %d: X2 stopped\n", s)
	   }
	fi;
#endif

#ifdef WITH_FIRST
M1:	{
		/* It may take the old way for any reason. */
		if
		:: d_step { all_gone(s) -> parent[s] = ALIVE }; goto C1
		:: d_step { all_gone(s) && !path -> printf("run %d: M1 nothing there\n", s); parent[s] = ALIVE }
		fi;

		/* The description of the claim that there is not serves as W. */
M2:		if
		:: d_step {
			!first ->
			printf("run %d: M2 create first\n", s);
			create(first);
			run_open(SLOT(0), first)
		   }
#ifdef FIRST_STAYS
		:: d_step {
			first && !opens[first] ->
			broken("broken: no first file can be made, because a starter was killed\n")
		   }
		:: first && opens[first] -> goto old_way
#else
		:: first ->
			sweep(SLOT(0), in_place);
			if
			:: d_step { in_place -> in_place = false }; goto M2
			:: !in_place -> goto old_way
			fi
#endif
		fi;
		if
		:: d_step { first -> printf("run %d: M2 open R\n", s); run_open(OTHER, first) }
		:: !first -> goto M5
		fi;
		if
		:: d_step { can_make(OTHER, SLOT(0)) -> printf("run %d: M2 lock\n", s); make_lock(OTHER); observe() }
		:: !can_make(OTHER, SLOT(0)) -> goto M5
		fi;
		if
		:: d_step { is_still_first(OTHER) -> printf("run %d: M2 it is first\n", s) }
		:: !is_still_first(OTHER) -> goto M5
		fi;
#ifndef FIRST_WRITTEN_LATE
		d_step {
			printf("run %d: M2 write\n", s);
			state[inode[SLOT(0)]] = (is_back(s) -> READY : STARTING);
			names[inode[SLOT(0)]] = (is_back(s) -> CMD(s) : RUN(s))
		};
#endif

M3:		if
		:: d_step {
			first && !is_refused ->
			printf("run %d: M3 rename\n", s);
			if
			:: first != inode[OTHER] -> broken("broken: the first file of another was published\n")
			:: path && ex[path] -> broken("broken: a claimant's file was replaced by a first one\n")
			:: !state[first] -> broken("broken: an empty file was published\n")
			:: else
			fi;
			f = path;
			path = first;
			first = 0;
			forget(f);
			all_hear();
			observe()
		   }
		/* There may be no such call, too. */
		:: d_step { true -> printf("run %d: M3 refused\n", s) }
		fi;
#ifdef FIRST_UNLOCKED
		if
		:: d_step { can_lock_ex(OTHER) -> printf("run %d: M2 lock\n", s); lock_ex(OTHER); observe() }
		:: !can_lock_ex(OTHER) -> goto M5
		fi;
#endif

M4:		if
		:: d_step {
			is_taken(OTHER) ->
			printf("run %d: M4 claimed\n", s);
			c = MINE;
			cur[s] = OTHER - 3 * s;
			claim[s] = true;
#ifdef OUTSIDE
			robbed[s] = false;
#endif
			published[s] = is_back(s) && lives(cmd[s])
		   };
			d_step { printf("run %d: M4 close W\n", s); run_shut(SLOT(0)) };
#if FOREIGN
			if
			:: d_step {
				is_back(s) ->
				printf("run %d: V3 let go of the vanished one\n", s);
				run_unlock(c);
				run_shut(c);
				c = 0
			   };
				goto looked
			:: d_step { !is_back(s) -> c = 0 }; goto started
			fi
#else
			d_step { c = 0 };
			goto started
#endif
		:: !is_taken(OTHER)
		fi;

		/* Where it cannot be locked, its name may be another's from the next moment on. */
M5:		if
		:: d_step {
			can_drop(MADE) ->
			c = MADE;
			printf("run %d: M5 lock\n", s);
			drop_lock(c);
			observe()
		   };
			if
			:: d_step { is_to_drop(c) -> printf("run %d: M5 it is first\n", s) };
				d_step { printf("run %d: M5 unlink first\n", s); unlink_first(c) }
			:: !is_to_drop(c)
			fi
		:: !can_drop(MADE)
		fi;
		if
		:: d_step { own[OTHER] -> printf("run %d: M5 close R\n", s); run_shut(OTHER); c = 0 }
		:: !own[OTHER]
		fi;
		d_step { printf("run %d: M5 close W\n", s); run_shut(SLOT(0)); c = 0 };

old_way:
#if FOREIGN
		if
		:: is_back(s) -> goto V3_claim
		:: !is_back(s)
		fi;
#endif
C1:		if
#else
C1:	{
		if
#endif
		:: d_step {
			parent[s] == ALIVE || all_gone(s) ->
			printf("run %d: C1 open\n", s);
#ifdef REPLACED
			same_life = same_life && parent[s] == ALIVE;
#endif
			parent[s] = ALIVE;
#ifdef CHILDREN
			tampered[s] = false;
#endif
#ifdef OUTSIDE
			robbed[s] = false;
#endif
			if
			:: !path -> create(path)
			:: else
			fi;
			unheld[s] = true;
			run_open(SLOT(0), path)
		   }
		fi;
#ifdef PUBLISH_WITHOUT_CLAIM
		goto P1;
#endif

C2:		if
		:: d_step {
			settled(SLOT(0)) && can_lock_ex(SLOT(0)) ->
			printf("run %d: C2 locked\n", s);
			unheld[s] = false;
			lock_ex(SLOT(0));
			observe()
		   }
		:: d_step { settled(SLOT(0)) && !can_lock_ex(SLOT(0)) -> printf("run %d: C2 refused\n", s) }; goto B1
		fi;

		/* What may still be renamed is renamed by a process that the file names; so this comes before C3. */
#if defined(FREE_BUT_ALIVE) && !defined(ALIVE_AFTER_PATH)
A:		if
		:: d_step { is_not_to_claim(SLOT(0)) -> printf("run %d: A it lives\n", s); lived(SLOT(0)) }; goto busy
		:: !is_not_to_claim(SLOT(0))
		fi;
#endif

C3:		if
		:: d_step {
			is_claim(SLOT(0)) ->
			printf("run %d: C3 same file\n", s);
#ifndef ALIVE_AFTER_PATH
			claim[s] = true
#endif
		   }
		:: d_step { !is_claim(SLOT(0)) -> printf("run %d: C3 another file\n", s) }; goto again
		fi;
#ifdef ALIVE_AFTER_PATH
A:		if
		:: d_step { is_not_to_claim(SLOT(0)) -> printf("run %d: A it lives\n", s); lived(SLOT(0)) }; goto busy
		:: d_step { !is_not_to_claim(SLOT(0)) -> claim[s] = true }
		fi;
#endif
		goto P1;

again:		if
		:: d_step { true -> printf("run %d: close\n", s); run_shut(SLOT(0)) }; goto C1
		fi;

B1:		if
#ifdef OUTSIDE
		:: !at_path(SLOT(0)) -> goto again
#endif
#ifdef FREE_BUT_ALIVE
		:: d_step {
			only_probers(SLOT(0)) && is_not_to_claim(SLOT(0)) ->
			printf("run %d: B1 shared, and it lives\n", s);
			lived(SLOT(0))
		   };
			goto busy
		:: d_step {
			only_probers(SLOT(0)) && !is_not_to_claim(SLOT(0)) ->
#else
		:: d_step {
			only_probers(SLOT(0)) ->
#endif
			printf("run %d: B1 only probers\n", s);
			lock_sh(SLOT(0))
		   };
			goto again
		:: d_step {
			!only_probers(SLOT(0)) && unheld[s] && is_sure(SLOT(0)) && at_path_(SLOT(0)) ->
			broken("broken: a start finds another, and nobody held it\n")
		   }
		:: d_step { !only_probers(SLOT(0)) && !unheld[s] && at_path_(SLOT(0)) -> printf("run %d: B1 refused\n", s) }
		:: !only_probers(SLOT(0)) && unheld[s] && !is_sure(SLOT(0)) -> goto again
		fi;

B2:		if
		:: !is_alive(names[inode[SLOT(0)]]) -> goto again
		:: true
		fi;

busy:
#ifdef RESTARTS
		d_step { broken("broken: a restart finds another chain's daemon\n") };
#endif
		goto leave;

P1:
#ifdef WITH_FIRST
		sweep(SLOT(1), in_place);
		in_place = false;
#endif
		unlink_next(MINE);
		create_next();
		publish(STARTING, RUN(s));
		if
		:: lost -> goto leave
		:: else
		fi;
#ifdef WITH_FIRST
started:	if
#ifdef NO_CMD	/* so that more may start: the one goes and leaves its file, the other removes it */
		:: true -> goto leave
		:: d_step { printf("run %d: E2 remove\n", s); claim[s] = false; unlink(path); observe() }; goto leave
#else
		:: true
#endif
		fi;
#endif

#ifdef RESPAWN
begin:		if
		:: true
		fi;
#endif
		unlink_next(MINE);
		create_next();
		if
		:: lost -> d_step { drop_next(); unlock(MINE); claim[s] = false }; goto leave
		:: d_step {
			!lost ->
			printf("run %d: F fork, H hand on\n", s);
			cmd[s] = ALIVE;
			cmd_has[SLOT(1)] = is_handed_on(1);
			cmd_has[SLOT(2)] = is_handed_on(2)
		   }
		fi;
		if
		:: publish(READY, CMD(s));
#ifdef WITH_FIRST
			if
			:: d_step { own[SLOT(0)] -> printf("run %d: forgets what was replaced\n", s); run_shut(SLOT(0)) }
			:: !own[SLOT(0)]
			fi;
#endif
			if
			:: d_step { lost -> if :: cmd[s] == ALIVE -> cmd_dies(s) :: else fi }
			:: d_step {
				!lost ->
#ifdef RESTARTS
				chain = (chain == s + 1 -> 0 : chain)
#endif
			   }
			fi;
			goto E1
		:: d_step { cmd[s] == ALIVE -> printf("run %d: too late, kill CMD\n", s); cmd_dies(s) }
		:: cmd[s] == ZOMBIE
		fi;
		d_step { cmd[s] == ZOMBIE -> printf("run %d: close next\n", s); drop_next() };

E1:		if
#ifdef REAP_FIRST
		:: d_step { cmd[s] == ZOMBIE -> printf("run %d: E4 reap\n", s); cmd[s] = GONE; reaped(CMD(s)) }
#else
		:: cmd[s] == ZOMBIE
#endif
#if FOREIGN
		:: d_step {
			!watch[s] && !lost && cmd[s] != ZOMBIE ->
			printf("run %d: V1 watch\n", s);
			watch[s] = true;
#ifndef NO_LOOK_AFTER_WATCH
			event[s] = true
#endif
		   };
			goto E1
		:: d_step {
			event[s] && at_path(MINE) && state[path] == READY && names[path] == CMD(s) ->
			printf("run %d: V2 nothing to do\n", s);
			robbed[s] = false;
			event[s] = false
		   };
			goto E1
		:: d_step {
			event[s] && at_path(MINE) && !(state[path] == READY && names[path] == CMD(s)) ->
			printf("run %d: V2 written in place\n", s);
			event[s] = false; watch[s] = false; looks[s] = true
		   };
#ifdef OWN_FILE_NOT_SEEN
			goto V3;
#endif
			unlink_next(MINE);
			create_next();
			publish(READY, CMD(s));
			goto looked
		:: d_step {
			event[s] && !at_path(MINE) ->
			printf("run %d: V2 vanished\n", s);
			event[s] = false; watch[s] = false; looks[s] = true
		   };
			goto V3
#endif
		fi;
		if
		:: lost -> goto E3
		:: else
		fi;

#ifdef UNLINK_PATH_FIRST
		d_step { printf("run %d: E2 unlink path\n", s); claim[s] = false; unlink(path); observe() };
		unlink_next(MINE);
#else
		unlink_next(MINE);
		if
		:: create_next(); publish(EXITED, dead_cmd(s))
#ifdef RESPAWN
		:: true ->
#ifdef REAPED_TOO_EARLY
			d_step { printf("run %d: E4 reap\n", s); cmd[s] = GONE; reaped(CMD(s)) };
#endif
#ifdef NOT_SAID_AGAIN
			d_step { c = 0; r = 0 };
#else
			create_next();
			publish(STARTING, RUN(s));
#endif
			if
			:: lost
			:: d_step { !lost -> printf("run %d: E5 reap\n", s); cmd[s] = GONE; reaped(CMD(s)) };
				if
				:: d_step { own[OTHER] -> printf("run %d: forgets what was replaced\n", s); run_shut(OTHER) }
				:: !own[OTHER]
				fi;
				goto begin
			fi
#endif
#ifdef LOOKS
		:: d_step { printf("run %d: E2 look\n", s); lost = lost || !at_path(c); c = 0; r = 0 };
			if
			:: lost
#ifdef WITH_GONE
			:: !lost -> take_away(MINE, claim[s])
#else
			:: d_step {
				!lost ->
				printf("run %d: E2 remove\n", s);
				claim[s] = false;
				if
				:: !at_path(MINE) -> rob()
				:: else
				fi;
				unlink(path);
				observe()
			   }
#endif
			fi
#elif defined(WITH_GONE)
		:: d_step { true -> c = 0; r = 0 };
			take_away(MINE, claim[s])
#else
		:: d_step {
			printf("run %d: E2 remove\n", s);
			claim[s] = false;
			c = 0; r = 0;
			unlink(path);
			observe()
		   }
#endif
		fi;
#endif

E3:		if
#ifdef END_WITHOUT_UNLOCK
		:: true
#else
		:: d_step { true -> printf("run %d: E3 LOCK_UN\n", s); claim[s] = false; run_unlock(MINE) }
#endif
		fi;
#ifndef REAP_FIRST
		d_step { printf("run %d: E4 reap\n", s); cmd[s] = GONE; reaped(CMD(s)) };
#endif
		goto leave;

#if FOREIGN
V3:
#ifdef WITH_FIRST
		if
		:: d_step { !path -> printf("run %d: V3 M1 nothing there\n", s) }; goto M2
		:: true
		fi;
V3_claim:
#endif
		if
		:: d_step {
			true ->
			printf("run %d: V3 C1 open\n", s);
			if
			:: !path -> create(path)
			:: else
			fi;
			run_open(SLOT(0), path)
		   }
		fi;
#ifndef OWN_FILE_NOT_SEEN
		if
		:: d_step { inode[SLOT(0)] == inode[MINE] -> printf("run %d: V3 it is back\n", s); run_shut(SLOT(0)) };
			goto looked
		:: inode[SLOT(0)] != inode[MINE]
		fi;
#endif
		if
		:: d_step {
			settled(SLOT(0)) && can_lock_ex(SLOT(0)) ->
			printf("run %d: V3 C2 locked\n", s);
			lock_ex(SLOT(0));
			observe()
		   }
		:: d_step { settled(SLOT(0)) && !can_lock_ex(SLOT(0)) -> printf("run %d: V3 C2 refused\n", s) };
			if
			:: can_lock_sh(SLOT(0)) -> goto V3_again
			:: true -> goto V4
			fi
		fi;
		if
		:: names[inode[SLOT(0)]] != CMD(s) && names[inode[SLOT(0)]] != RUN(s) && is_not_to_claim(SLOT(0)) -> goto V4
		:: else
		fi;
		if
		:: d_step { is_claim(SLOT(0)) -> printf("run %d: V3 C3 claimed\n", s); claim[s] = true }
		:: !is_claim(SLOT(0)) -> goto V3_again
		fi;
#ifdef VANISHED_NOT_PUBLISHED
		d_step { run_unlock(MINE); run_shut(MINE); cur[s] = 0; watch[s] = true; looks[s] = false };
		goto E1;
#endif
#ifdef WITH_FIRST
		sweep(OTHER, in_place);
		in_place = false;
#endif
		unlink_next(SLOT(0));
		create_next();
		publish(READY, CMD(s));
		d_step {
			if
			:: lost -> run_shut(SLOT(0))
			:: else -> printf("run %d: V3 let go of the vanished one\n", s); run_unlock(OTHER); run_shut(OTHER)
			fi
		};
		goto looked;

V3_again:	if
		#ifdef WITH_FIRST
		:: d_step { true -> run_shut(SLOT(0)) }; goto V3_claim
#else
		:: d_step { true -> run_shut(SLOT(0)) }; goto V3
#endif
		fi;

		/* Another has it. */
V4:		if
		:: d_step {
			true ->
			printf("run %d: V4 another has claimed: end\n", s);
			if
			:: ex[inode[SLOT(0)]] == MINE + 1 ->
				broken("broken: a daemon is ended, and nobody else has claimed\n")
			:: else
			fi;
			run_shut(SLOT(0));
			robbed[s] = false;
			lost = true;
#ifndef VANISHED_NOT_ENDED
			if
			:: cmd[s] == ALIVE -> cmd_dies(s)
			:: else
			fi
#endif
		   }
		fi;
		goto E1;

looked:		if
		:: d_step {
			true ->
			looks[s] = false;
			/* Interfered with again: the watch of the next round sees it. */
			lost = false
		   }
		fi;
		goto E1;
#endif

leave:		if
		:: d_step {
			true ->
			printf("run %d: exits\n", s);
			claim[s] = false;
			lost = false;
			exit_shut(SLOT(0));
			exit_shut(SLOT(1));
			exit_shut(SLOT(2));
			run_is_gone()
		   }
		fi
	} unless {
		atomic {
			sigkill[s]?_ ->
			d_step {
				printf("run %d: SIGKILL\n", s);
				parent[s] = DYING;
				claim[s] = false;
				unheld[s] = false;
				lost = false; in_place = false; c = 0; r = 0; old = 0
			}
		};
		do
		:: d_step { own[SLOT(0)] -> run_shut(SLOT(0)) }
		:: d_step { own[SLOT(1)] -> run_shut(SLOT(1)) }
		:: d_step { own[SLOT(2)] -> run_shut(SLOT(2)) }
		:: d_step {
			!own[SLOT(0)] && !own[SLOT(1)] && !own[SLOT(2)] ->
			printf("run %d: is gone\n", s);
			run_is_gone()
		   };
			break
		od
	};
dead:
#ifndef ONE_LIFE
#ifdef RESTARTS
	goto X1
#elif defined(WITH_FIRST)
	goto M1
#else
	goto C1
#endif
#else
	skip
#endif
}

/* SIGKILL to otelop-run at any step; CMD and its descendants, which live and die as they like. */
proctype Fate(byte s)
{
end:	do
	:: atomic { parent[s] == ALIVE -> sigkill[s]!0 }
	:: d_step { cmd[s] == ALIVE -> printf("CMD %d: dies\n", s); cmd_dies(s) }
	:: d_step { cmd[s] == DYING -> cmd[s] = ZOMBIE; published[s] = false; observe() }
	:: d_step {
		cmd[s] == ZOMBIE && parent[s] == GONE ->
		printf("CMD %d: is reaped by init\n", s);
		cmd[s] = GONE;
		reaped(CMD(s))
	   }
#ifdef WORKERS
	:: d_step {
		cmd[s] == ALIVE && !worker[s] ->
		printf("CMD %d: forks a worker\n", s);
		worker[s] = true;
		worker_has[3 * s] = cmd_has[3 * s];
		worker_has[3 * s + 1] = cmd_has[3 * s + 1];
		worker_has[3 * s + 2] = cmd_has[3 * s + 2]
	   }
	:: d_step {
		worker[s] ->
		printf("CMD %d: its worker dies\n", s);
		worker[s] = false;
		worker_has[3 * s] = false; worker_has[3 * s + 1] = false; worker_has[3 * s + 2] = false;
		drop_copies(s);
		reaped(WORKER(s))
	   }
#endif
	od
}

#ifdef CHILDREN
#define can_tamper(s, k) child_has(3 * s + k) && has_lock(3 * s + k)

inline tamper(s, k)
{
	printf("CMD %d: a child unlocks\n", s);
	tampered[s] = true;
	unlock(3 * s + k);
	observe()
}

inline downgrade(s, k)
{
	printf("CMD %d: a child downgrades\n", s);
	tampered[s] = true;
	unlock(3 * s + k);
	lock_sh(3 * s + k);
	observe()
}

/* What CMD or a descendant may do with what it was given. */
proctype Child(byte s)
{
end:	do
#ifndef ONLY_DOWNGRADE
	:: d_step { can_tamper(s, 1) -> tamper(s, 1) }
	:: d_step { can_tamper(s, 2) -> tamper(s, 2) }
	:: d_step {
		cmd[s] == ALIVE && (cmd_has[3 * s + 1] || cmd_has[3 * s + 2]) ->
		printf("CMD %d: closes all\n", s);
		tampered[s] = true;
		cmd_has[3 * s + 1] = false; cmd_has[3 * s + 2] = false;
		drop_copies(s)
	   }
#endif
	:: d_step { can_tamper(s, 1) -> downgrade(s, 1) }
	:: d_step { can_tamper(s, 2) -> downgrade(s, 2) }
	od
}
#endif

#ifdef LOCK_WHAT_IS_WRITTEN
proctype Scribbler(byte s)
{
end:	do
	:: d_step {
		cmd[s] == ALIVE && cmd_has[3 * s + 2] ->
		printf("CMD %d: writes through what it was given\n", s);
		names[inode[3 * s + 2]] = CALLER
	   }
	od
}
#endif

#if FOREIGN
/* Who keeps to no rule: rm, a cleaner of old files, an editor. */
proctype Foreigner()
{
end:	do
	:: d_step {
		interfered < FOREIGN && path ->
		printf("foreigner: removes the file\n");
		interfered++;
		rob();
		unlink(path);
		observe()
	   }
	:: d_step {
		interfered < FOREIGN && path ->
		printf("foreigner: replaces the file\n");
		interfered++;
		rob();
		unlink(path);
		create(path);
		observe()
	   }
	:: d_step {
		interfered < FOREIGN && path && state[path] ->
		printf("foreigner: writes into the file\n");
		interfered++;
		all_hear();
		for (i : 0 .. STARTERS - 1) {
			robbed[i] = robbed[i] || (is_daemon(i) && names[path] == CMD(i))
		}
		i = 0;
		state[path] = 0;
		names[path] = NOBODY
	   }
	od
}
#endif

#if UPSTREAMS
inline up_dies(n)
{
	upstream[n] = GONE;
	in_window[n] = false;
	if
	:: inode[UPSTREAM(n)] -> shut(UPSTREAM(n))
	:: else
	fi;
	for (i : 1 .. INODES) {
		names[i] = (names[i] == UP(n) -> STRANGER : names[i])
	}
	observe()
}

/* Upstream's daemon: probes with LOCK_EX, renames its file over the path, locks it a moment later. */
proctype Upstream(byte n)
{
#ifdef NATIVE
X1:	if
	:: d_step { chain_is_free -> printf("native %d: X1 lock otelop.start\n", n); chain = n + 1 }
	fi;
#endif
U0:	if
	:: d_step { !path -> upstream[n] = ALIVE }; goto U3
	:: d_step { path -> printf("upstream %d: U1 open\n", n); upstream[n] = ALIVE; open(UPSTREAM(n), path); observe() }
	fi;
	if
	:: d_step { can_lock_ex(UPSTREAM(n)) -> printf("upstream %d: U2 locked\n", n); lock_ex(UPSTREAM(n)); observe() }
	:: d_step { !can_lock_ex(UPSTREAM(n)) -> printf("upstream %d: U2 refused\n", n) }; goto fails
	fi;
	d_step { printf("upstream %d: U2 close\n", n); shut(UPSTREAM(n)); observe() };

U3:	if
	:: d_step {
		true ->
		printf("upstream %d: U3 rename\n", n);
		rob();
		unlink(path);
		create(path);
		state[path] = READY;
		names[path] = UP(n);
		young[path] = true;
		in_window[n] = true;
		observe()
	   }
	fi;
U4:	if
	:: d_step { path -> printf("upstream %d: U4 open\n", n); open(UPSTREAM(n), path); observe() }
	:: !path -> goto fails
	fi;
U5:	if
	:: d_step {
		!can_lock_ex(UPSTREAM(n)) && names[inode[UPSTREAM(n)]] == UP(n) && ex[inode[UPSTREAM(n)]] <= UPSTREAM(0) ->
		broken("broken: upstream's start fails, because one of us has locked its file\n")
	   }
	:: !can_lock_ex(UPSTREAM(n)) &&
		(names[inode[UPSTREAM(n)]] != UP(n) || ex[inode[UPSTREAM(n)]] > UPSTREAM(0)) -> goto fails
	:: d_step {
		can_lock_ex(UPSTREAM(n)) ->
		printf("upstream %d: U5 locked\n", n);
		lock_ex(UPSTREAM(n));
		upstream[n] = READY_UP;
		in_window[n] = false;
		observe()
	   }
	fi;
#ifdef NATIVE
	d_step { chain = (chain == n + 1 -> 0 : chain) };
#endif
	if
	:: d_step {
		true ->
		printf("upstream %d: U6 unlink path\n", n);
		upstream[n] = ALIVE;
		rob();
		unlink(path);
		observe()
	   }
	:: true
	fi;
fails:	if
	:: d_step {
		true ->
		printf("upstream %d: dies\n", n);
#ifdef NATIVE
		chain = (chain == n + 1 -> 0 : chain);
#endif
		up_dies(n)
	   }
	fi
#ifndef ONE_LIFE
	; goto
#ifdef NATIVE
	X1
#else
	U0
#endif
#endif
}

/* Upstream locks in time, so that this comes after. */
proctype Clock()
{
end:	do
	:: d_step { path && young[path] && !window -> young[path] = false }
	:: d_step { next && young[next] && !window -> young[next] = false }
	od
}
#endif

#if REMOVERS
#define its_claim claim[STARTERS + n]

/* To close early is to be killed. */
proctype Remover(byte n)
{
C1:	if
	:: d_step { path -> printf("remove: C1 open\n"); open(REMOVER(n), path); observe() }
	:: !path -> goto C1
	fi;
#ifdef REMOVE_WITHOUT_CLAIM
	goto R1;
#endif

C2:	if
	:: d_step {
		settled(REMOVER(n)) && can_lock_ex(REMOVER(n)) ->
		printf("remove: C2 locked\n");
		lock_ex(REMOVER(n));
		observe()
	   }
	:: d_step { settled(REMOVER(n)) && !can_lock_ex(REMOVER(n)) -> printf("remove: C2 refused\n") }; goto R4
#ifdef OUTSIDE
	:: !at_path(REMOVER(n)) -> goto R4
#endif
	fi;
#ifdef FREE_BUT_ALIVE
A:	if
	:: d_step { is_not_to_claim(REMOVER(n)) -> printf("remove: A it lives\n") }; goto R4
	:: !is_not_to_claim(REMOVER(n))
	fi;
#endif

C3:	if
	:: d_step { is_claim(REMOVER(n)) -> printf("remove: C3 claimed\n"); its_claim = true }
	:: true -> goto R4
	fi;

R1:	if
#ifdef UNLINK_PATH_FIRST
	:: d_step { true -> printf("remove: R2 unlink path\n"); its_claim = false; unlink(path); observe() };
		d_step { printf("remove: R1 unlink next\n"); unlink(next); observe() }
#else
	:: d_step { true -> printf("remove: R1 unlink next\n"); unlink(next); observe() };
		if
#ifdef WITH_GONE
		:: take_away(REMOVER(n), its_claim)
#else
		:: d_step { true -> printf("remove: R2, R3 remove\n"); its_claim = false; unlink(path); observe() }
#endif
		:: true
		fi
#endif
	:: true
	fi;

R4:	if
	:: d_step { true -> printf("remove: R4 close\n"); its_claim = false; shut(REMOVER(n)); observe() }; goto C1
	fi
}
#endif

#if WRITERS
#define writers_claim claim[STARTERS + REMOVERS + n]

/* To close early is to be killed. */
proctype Writer(byte n)
{
C1:	if
	:: d_step {
		true ->
		printf("record: C1 open\n");
		if
		:: !path -> create(path)
		:: else
		fi;
		open(WRITER(n), path);
		observe()
	   }
	fi;

C2:	if
	:: d_step { can_lock_ex(WRITER(n)) -> printf("record: C2 locked\n"); lock_ex(WRITER(n)); observe() }
	:: d_step { !can_lock_ex(WRITER(n)) -> printf("record: C2 refused\n") }; goto P6
	fi;
#ifdef FREE_BUT_ALIVE
A:	if
	:: d_step { is_not_to_claim(WRITER(n)) -> printf("record: A it lives\n") }; goto P6
	:: !is_not_to_claim(WRITER(n))
	fi;
#endif

C3:	if
	:: d_step { is_claim(WRITER(n)) -> printf("record: C3 claimed\n"); writers_claim = true }
	:: true -> goto P6
	fi;

P1:	if
	:: d_step { true -> printf("record: P1 unlink next\n"); unlink(next); observe() }
	:: true -> goto P6
	fi;

P2:	if
	:: d_step {
		true ->
		printf("record: P2 create next\n");
		if
		:: !next -> create(next)
		:: else -> broken("broken: another made a next beside the claimant\n")
		fi;
		open(WRITER(n) + 1, next);
		observe()
	   }
	fi;
	d_step {
		printf("record: P3 lock\n");
		if
		:: !can_lock_ex(WRITER(n) + 1) -> broken("broken: the claimant's new file is locked by another\n")
		:: else
		fi;
		lock_ex(WRITER(n) + 1)
	};
	d_step {
		printf("record: P4 write\n");
		state[inode[WRITER(n) + 1]] = READY;
		names[inode[WRITER(n) + 1]] = CALLER
	};

P5:	if
	:: d_step {
		next == inode[WRITER(n) + 1] ->
		printf("record: P5 exchange\n");
		exchange();
		observe()
	   }
	:: d_step { next != inode[WRITER(n) + 1] -> broken("broken: another took the claimant's next away\n") }
	:: d_step { true -> printf("record: is killed\n"); writers_claim = false; shut(WRITER(n) + 1); observe() };
		goto P6
	fi;
	d_step { printf("record: P5 unlink next\n"); unlink(next); observe() };
	d_step { printf("record: P6 close\n"); shut(WRITER(n)); observe() };
	d_step { printf("record: closes its own\n"); writers_claim = false; shut(WRITER(n) + 1); observe() };
	goto C1;

P6:	if
	:: d_step { true -> printf("record: P6 close\n"); writers_claim = false; shut(WRITER(n)); observe() }; goto C1
	fi
}
#endif

#if PROBERS
proctype Prober(byte n)
{
	byte me = STARTERS + n;

Q1:	if
	:: d_step {
		path ->
		printf("probe %d: Q1 open\n", n);
		open(PROBER(n), path);
		unheld[me] = true; kept[me] = true; unready[me] = true; ready[me] = true;
		observe()
	   }
	:: !path -> goto Q1
	fi;

Q2:	if
	:: d_step {
		settled(PROBER(n)) && probe_can_lock(PROBER(n)) ->
		printf("probe %d: Q2 locked\n", n);
		probe_lock(PROBER(n))
	   };
		d_step { unlock(PROBER(n)) };
#ifdef FREE_BUT_ALIVE
		goto A
#else
		goto Q3
#endif
	:: d_step {
		settled(PROBER(n)) && !probe_can_lock(PROBER(n)) && unheld[me] && is_sure(PROBER(n)) && at_path_(PROBER(n)) ->
		broken("broken: a probe says held, and nobody held it\n")
	   }
	:: settled(PROBER(n)) && !probe_can_lock(PROBER(n)) && unheld[me] && !is_sure(PROBER(n)) -> goto Q5
	:: !at_path_(PROBER(n)) -> goto Q5
	:: d_step {
		settled(PROBER(n)) && !probe_can_lock(PROBER(n)) && !unheld[me] && at_path_(PROBER(n)) ->
		printf("probe %d: Q2 refused\n", n);
		kept[me] = false
	   };
		goto Q4
	fi;

#ifdef FREE_BUT_ALIVE
	/* As for a claim, before Q3. */
A:	if
	:: d_step {
		is_running(PROBER(n)) && state[inode[PROBER(n)]] == READY && unready[me] ->
		broken("broken: a probe says running without its lock, and no ready daemon lived\n")
	   }
	:: is_running(PROBER(n)) && !(state[inode[PROBER(n)]] == READY && unready[me]) -> goto Q5
	:: !is_running(PROBER(n))
	fi;
#endif

Q3:	if
	:: d_step {
		counts(PROBER(n)) && kept[me] ->
		broken("broken: a probe says free, and somebody held it all the time\n")
	   }
	:: d_step {
		counts(PROBER(n)) && ready[me] ->
		broken("broken: a probe says not running, and a ready daemon lived all the time\n")
	   }
	:: d_step { !(counts(PROBER(n)) && (kept[me] || ready[me])) -> printf("probe %d: Q3\n", n) }; goto Q5
	fi;

Q4:	if
	:: d_step {
		state[inode[PROBER(n)]] == READY && seems_alive(names[inode[PROBER(n)]]) && unready[me] ->
		broken("broken: a probe says ready, and no ready daemon lived\n")
	   }
	:: d_step { true -> printf("probe %d: Q4 read\n", n); unready[me] = false }
	fi;
#ifdef KEEPERS
	if
	:: seems_alive(names[inode[PROBER(n)]]) -> goto Q5
	:: else
	fi;

	/* Held, and the process that the file names is dead. */
K1:	if
	:: !is_starters(PROBER(n)) || taker_lives(holder(PROBER(n))) -> goto Q5
	:: d_step {
		is_starters(PROBER(n)) && !taker_lives(holder(PROBER(n))) ->
		printf("probe %d: K1 the taker is dead\n", n);
		if
		:: parent[holder(PROBER(n)) / 3] == ALIVE -> broken("broken: a probe says dead, and a starter lives\n")
		:: else
		fi
	   }
	fi;
K2:	if
	:: d_step {
		at_path(PROBER(n)) && ready[me] ->
		broken("broken: a probe says dead, and a ready daemon lived all the time\n")
	   }
	:: d_step { !(at_path(PROBER(n)) && ready[me]) -> printf("probe %d: K2 same file\n", n) }
	fi;
#endif

Q5:	if
	:: d_step {
		true ->
		printf("probe %d: Q5 close\n", n);
		unheld[me] = false; kept[me] = false; unready[me] = false; ready[me] = false;
		shut(PROBER(n));
		observe()
	   };
		goto Q1
	fi
}
#endif

#if STOPPERS
#define D STOPPER(n)
#define keeps(who, d) \
	(is_ours(who) && of(who) == (d) / 3 && \
	((who - 2) % 3 == 0 -> own[d] && lives(parent[of(who)]) : ((who - 2) % 3 == 1 -> cmd_has[d] : worker_has[d])))

proctype Stopper(byte n)
{
	bit is_keeper;

S1:	if
	:: d_step { path -> printf("stop: S1 open\n"); open(D, path); observe() }
	:: !path -> goto S1
	fi;

S2:	if
	:: d_step { settled(D) && !can_lock_sh(D) -> printf("stop: S2 refused\n") }
#ifdef FREE_BUT_ALIVE
	:: settled(D) && can_lock_sh(D) && !is_running(D) -> goto S10
	:: d_step { settled(D) && can_lock_sh(D) && is_running(D) -> printf("stop: A it lives\n") }
#else
	:: settled(D) && can_lock_sh(D) -> goto S10
#endif
	fi;

S3:	if
	:: names[inode[D]] == NOBODY -> goto S10
	:: d_step { names[inode[D]] != NOBODY -> printf("stop: S3 read\n"); named[n] = names[inode[D]] }
	fi;

	/* S5 is in the guard: what the handle refers to does not change any more. */
S4:	if
	:: d_step {
		seems_to_be(named[n]) ->
		printf("stop: S4 pidfd_open\n");
		handle[n] = named[n];
#ifdef REPLACED
		same_life = true;
#endif
		named[n] = NOBODY
	   }
	:: d_step { !seems_to_be(named[n]) -> printf("stop: S4 no such process\n"); named[n] = NOBODY };
#ifdef KEEPERS
		goto K1
#else
		goto S10
#endif
	fi;

#ifndef STOP_NO_SECOND_PROBE
S6:	if
	:: !at_path(D) -> goto S10
	:: d_step { at_path(D) -> printf("stop: S6 same file\n") }
	fi;

S7:	if
#ifdef FREE_BUT_ALIVE
	:: can_lock_sh(D) && !is_running(D) -> goto S10
	:: d_step { !can_lock_sh(D) || is_running(D) -> printf("stop: S7 still\n") }
#else
	:: can_lock_sh(D) -> goto S10
	:: d_step { !can_lock_sh(D) -> printf("stop: S7 refused\n") }
#endif
	fi;
#endif

S8:	if
	:: d_step {
		handle[n] == STRANGER || handle[n] == CALLER ->
		broken("broken: a stop signals a stranger\n")
	   }
	:: d_step {
		is_keeper && is_ours(handle[n]) && parent[of(handle[n])] == ALIVE ->
		broken("broken: a stop ends a starter for a keeper\n")
	   }
	:: d_step {
		handle[n] != STRANGER && handle[n] != CALLER &&
		!(is_keeper && is_ours(handle[n]) && parent[of(handle[n])] == ALIVE) ->
		printf("stop: S8 signal\n")
	   }
	fi;

#ifdef NO_LOOK_AT_REPLACED
#define is_to_begin_again(d) false
#else
#define is_to_begin_again(d) was_replaced(d)
#endif
	/* A lock that a child has unlocked says nothing while the otelop-run lives, and nor does a name that is lost. */
#if !defined(REPLACED) || defined(RUN_NOT_AWAITED)
#define is_settled(d) true
#else
#define is_settled(d) (was_replaced(d) || is_keeper || !same_life || parent[of(handle[n])] != ALIVE)
#endif
#define is_over(d) (can_lock_sh(d) && !is_ours_alive(handle[n]) && !is_kept_shared(d) && is_settled(d))
S9:	if
#ifdef STOP_LOCK_ONLY
	:: d_step { can_lock_sh(D) ->
#else
	:: is_over(D) && is_to_begin_again(D) -> goto S10
	:: d_step { is_over(D) && !is_to_begin_again(D) ->
#endif
		printf("stop: S9 gone\n");
#ifdef REPLACED
		if
		:: same_life && !is_keeper && is_ours(handle[n]) && parent[of(handle[n])] == ALIVE && claim[of(handle[n])] &&
		    path && state[path] != EXITED ->
			broken("broken: a stop succeeds, and its otelop-run goes on\n")
		:: else
		fi;
#endif
		if
		:: is_ours_alive(handle[n]) -> broken("broken: a stop succeeds, and the daemon lives\n")
		:: else
		fi;
		if
		:: kept_by_the_dead(D) -> broken("broken: a stop succeeds, and something keeps the lock\n")
		:: else
		fi
	   }
	fi;

S10:	if
	:: d_step {
		true ->
		printf("stop: S10 close\n");
		handle[n] = NOBODY; named[n] = NOBODY; is_keeper = false;
		shut(D);
		observe()
	   };
		goto S1
	fi;

#ifdef NO_KEEPERS
K1:	if
	:: d_step {
		is_starters(D) && !taker_lives(holder(D)) && cmd_has[holder(D)] ->
		broken("broken: a stop leaves a command that has the lock\n")
	   }
	:: !(is_starters(D) && !taker_lives(holder(D)) && cmd_has[holder(D)]) -> goto S10
	fi
#elif defined(KEEPERS)
K1:	if
	:: !is_starters(D) || taker_lives(holder(D)) -> goto S10
	:: d_step {
		is_starters(D) && !taker_lives(holder(D)) && cmd_has[holder(D)] ->
		printf("stop: K1 CMD keeps it\n");
		named[n] = CMD(holder(D) / 3)
	   }
	:: d_step {
		is_starters(D) && !taker_lives(holder(D)) && worker_has[holder(D)] ->
		printf("stop: K1 a worker keeps it\n");
		named[n] = WORKER(holder(D) / 3)
	   }
	:: d_step {
		is_starters(D) && !taker_lives(holder(D)) && own[holder(D)] ->
		printf("stop: K1 a process keeps it\n");
		named[n] = RUN(holder(D) / 3)
	   }
	fi;
K2:	if
	:: d_step {
		is_keeper_found(named[n]) ->
		printf("stop: K2 pidfd_open\n");
		handle[n] = named[n];
		named[n] = NOBODY;
		is_keeper = true
	   }
	:: !is_keeper_found(named[n]) -> goto S10
	fi;
#ifndef KEEPER_NO_SECOND_LOOK
K3:	if
	:: d_step {
		is_starters(D) && !taker_lives(holder(D)) && keeps(handle[n], holder(D)) ->
		printf("stop: K3 it keeps it still\n")
	   };
		goto S8
	:: !(is_starters(D) && !taker_lives(holder(D)) && keeps(handle[n], holder(D))) -> goto S10
	fi
#else
	goto S8
#endif
#endif
}
#endif

#ifdef OUTSIDE
#define holds(s) (is_daemon(s) && !is_robbed(s))
#else
#define holds(s) (claim[s] || is_daemon(s))
#endif

#if REMOVERS && !defined(OUTSIDE)
#define removers_hold claim[STARTERS]
#else
#define removers_hold 0
#endif

#if WRITERS
#define writers_hold claim[STARTERS + REMOVERS]
#else
#define writers_hold 0
#endif

#if STARTERS == 0
#define holders 0
#elif STARTERS == 1
#define holders (holds(0) + removers_hold + writers_hold)
#elif STARTERS == 2
#define holders (holds(0) + holds(1) + removers_hold + writers_hold)
#else
#define holders (holds(0) + holds(1) + holds(2) + removers_hold + writers_hold)
#endif

/* What the last copy of the lock is on, when otelop-run is dead: of the next file, whichever description that had. */
#ifdef RESPAWN
#define is_lock_of_ready(s) (ex[path] == 3 * s + 2 || ex[path] == 3 * s + 3)
#else
#define is_lock_of_ready(s) (ex[path] == 3 * s + 3)
#endif

proctype Monitor(byte s)
{
end:	do
	:: d_step { holders > 1 -> broken("broken: two hold the state directory\n") }
#ifdef OUTSIDE
#if FOREIGN
	:: d_step {
		is_daemon(s) && parent[s] == ALIVE && watch[s] && !event[s] && !looks[s] &&
		!(at_path(MINE) && has_lock(MINE) && state[path] == READY && names[path] == CMD(s)) ->
		broken("broken: a ready daemon's file has vanished, and nobody looks\n")
	   }
#endif
#else
	:: d_step { is_daemon(s) && !path -> broken("broken: a ready daemon's file was removed\n") }
	:: d_step { is_daemon(s) && path && !state[path] -> broken("broken: a ready daemon's file is empty\n") }
	:: d_step {
		is_daemon(s) && state[path] && !(state[path] == READY && names[path] == CMD(s)) ->
		broken("broken: a ready daemon's file was replaced\n")
	   }
	:: d_step {
		is_daemon(s) && names[path] == CMD(s) && !is_tampered(s) && ex[path] != 3 * s + cur[s] + 1 &&
		!is_lock_of_ready(s) ->
		broken("broken: a ready daemon's file is not locked\n")
	   }
#ifndef NO_STAMP
	/* So a stop finds it, by its name or as a keeper. */
	:: d_step {
		cmd[s] == ALIVE && parent[s] == GONE && !is_tampered(s) &&
		!(path && ex[path] && (ex[path] - 1) / 3 == s && cmd_has[ex[path] - 1]) ->
		broken("broken: a command is out of reach of every stop\n")
	   }
#endif
#ifndef MUTANT	/* which is to be known by what its user sees */
	:: d_step {
		claim[s] && !(path && at_path(MINE) && (has_lock(MINE) || is_tampered(s))) ->
		broken("broken: a claimant does not hold the path\n")
	   }
#endif
#endif
	od
}

#ifdef NATIVE
proctype Natives()
{
end:	do
	:: d_step { upstream[0] == READY_UP && upstream[1] == READY_UP -> broken("broken: two native starts, two daemons\n") }
	od
}
#endif

init {
	atomic {
#ifndef NATIVE
		for (i : 0 .. STARTERS - 1) {
			run Run(i);
			run Fate(i);
#ifdef CHILDREN
			run Child(i);
#endif
#ifdef LOCK_WHAT_IS_WRITTEN
			run Scribbler(i);
#endif
			run Monitor(i)
		}
#endif
#if REMOVERS
		for (i : 0 .. REMOVERS - 1) { run Remover(i) }
#endif
#if WRITERS
		for (i : 0 .. WRITERS - 1) { run Writer(i) }
#endif
#if PROBERS
		for (i : 0 .. PROBERS - 1) { run Prober(i) }
#endif
#if STOPPERS
		for (i : 0 .. STOPPERS - 1) { run Stopper(i) }
#endif
#if UPSTREAMS
		for (i : 0 .. UPSTREAMS - 1) { run Upstream(i) }
		run Clock();
#endif
#if FOREIGN
		run Foreigner();
#endif
#ifdef NATIVE
		run Natives();
#endif
		i = 0
	}
}
