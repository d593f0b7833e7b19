/*
 * The lock on otelop.json: who may publish, replace and remove it, and what a reader may believe.
 *
 * The lock is flock(LOCK_EX) on the file that the path names at the moment. It belongs to an open file description: a
 * forked child shares it, and it ends when the last copy is closed or anyone says LOCK_UN. The C code names its steps
 * as this model does; each is one system call.
 *
 *   claim    C1 open, creating   C2 flock EX|NB   C3 the path still names it? else close, C1
 *   busy     (C2 refused)   B1 flock SH|NB; granted, there were only probers: close, C1
 *            B2 it names a live process? give up, 75; else close, C1, or give up after a while
 *   publish  P1 unlink tmp   P2 create tmp, O_EXCL   P3 flock EX|NB   P4 write   P5 rename over the path
 *            P6 LOCK_UN on the old file, then close it
 *   run      publish `starting`; P1-P3 for the next file; F fork CMD, which shares it; at readiness P4-P6 as `ready`
 *   end      E1 CMD is dead, but not reaped   E2 after a crash publish `exited`; after a clean end P1, then unlink the
 *            path   E3 LOCK_UN   E4 reap CMD
 *   remove   C1 without creating, C2, C3   R1 unlink tmp   R2 unlink the path   R3 close
 *   record   C1 to C3, P1 to P5, P6, and the same for the new file: words about somebody, and nobody holds them
 *   probe    Q1 open   Q2 flock SH|NB; refused: held; granted: LOCK_UN   Q3 free if the path still names it, else Q1
 *            Q4 read: the words of a held file count only while the very process that they name lives and has it open,
 *            or its parent has   Q5 close
 *   stop     S1 open   S2 flock SH|NB   S3 read   S4 pidfd_open   S5 that is the very process that the file names, as in
 *            Q4?   S6 the path still names it?   S7 flock SH|NB   S8 signal   S9 flock SH   S10 close
 *
 * From C3 until the path is unlinked or the lock is let go:
 *   - the path names a file on which the claimant holds the lock, and tmp is the claimant's alone;
 *   - nobody else is past C3, and no ready daemon lives but the claimant's;
 *   - the file of a live ready daemon is at the path, locked, complete, and names that daemon.
 * A held lock says that the file is somebody's, not that its words are the holder's: from C2 to P5 a claimant holds the
 * words of a daemon that is long dead, and a dead daemon's descendants may hold its lock.
 */

#ifndef STARTERS
#define STARTERS 2
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

/*
 * Open file descriptions. A starter has two, which its files take in turn, so that the one that CMD shares is always
 * the even one. A writer has two, for the old file and the new. Those below CLAIMANTS may claim, those above only look.
 */
#define REMOVER(n) (2 * STARTERS + (n))
#define WRITER(n) (2 * STARTERS + REMOVERS + 2 * (n))
#define PROBER(n) (2 * STARTERS + REMOVERS + 2 * WRITERS + (n))
#define STOPPER(n) (2 * STARTERS + REMOVERS + 2 * WRITERS + PROBERS + (n))
#define DESCRIPTIONS STOPPER(STOPPERS)
#define CLAIMANTS PROBER(0)

/* Enough for all descriptions and both names. Number 0 is no file. */
#define INODES (DESCRIPTIONS + 2)

mtype = { STARTING, READY, EXITED };

/*
 * What a file names and what a handle refers to. A process that was reaped is a STRANGER: its number is free, or
 * anybody's by now. The numbers themselves are not modelled. CALLER is whom a writer's words name: it lives, and is no
 * daemon of ours.
 */
#define NOBODY 0
#define STRANGER 1
#define RUN(s) (2 + 2 * (s))
#define CMD(s) (3 + 2 * (s))
#define CALLER RUN(STARTERS)

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

/* What refers to a file: the descriptions, otelop.json, and otelop.json.tmp. */
byte inode[DESCRIPTIONS + 2];
#define path inode[DESCRIPTIONS]
#define tmp inode[DESCRIPTIONS + 1]

byte parent[STARTERS];        /* otelop-run */
byte cmd[STARTERS];           /* its CMD */
bit worker[STARTERS];         /* a descendant of CMD with a copy of the lock */
bit cur[STARTERS];            /* which of the two descriptions is the claim's */
bit own[2 * STARTERS];        /* otelop-run itself has a copy of it */
chan sigkill[STARTERS] = [0] of { bit };

#if STOPPERS
byte named[STOPPERS];         /* the pid that it read */
byte handle[STOPPERS];        /* its pidfd */
#endif

/* Ghosts: known to the assertions only. */
bit claim[STARTERS + REMOVERS + WRITERS];
bit published[STARTERS];      /* CMD's file says `ready` */

/* Of a try to claim (C1 to B1) or a probe (Q1 to its answer), so far. */
#define WATCHERS (STARTERS + PROBERS)
bit unheld[WATCHERS];         /* nobody held the path at any moment */
bit kept[WATCHERS];           /* somebody held it at every moment */
bit unready[WATCHERS];        /* no ready daemon lived at any moment */

/* Scratch, zero between steps. */
byte i, j, f, last;
bit is_held, is_ready;

#define MINE (2 * s + cur[s])
#define OTHER (2 * s + 1 - cur[s])

#define lives(life) (life == ALIVE || life == DYING)
#define is_alive(who) (who == CALLER || is_ours_alive(who))
#define is_ours_alive(who) \
	(who > STRANGER && ((who & 1) -> lives(cmd[(who - 3) / 2]) : lives(parent[(who - 2) / 2])))
#define is_daemon(s) (published[s] && cmd[s] == ALIVE)
#define all_gone(s) (parent[s] == GONE && cmd[s] == GONE && !worker[s])

#define can_lock_ex(d) (ex[inode[d]] == 0 && sh[inode[d]] == 0)
#define can_lock_sh(d) (ex[inode[d]] == 0)
#define has_lock(d) (ex[inode[d]] == (d) + 1)
#define at_path(d) (path == inode[d])

/* Rules that a mutant leaves out; the others are at the steps that they are about. */
#ifdef NO_KEEPER	/* a record's words pass for those of who holds the file */
#define may_keep(who) true
#else
#define may_keep(who) (who != CALLER)
#endif

#ifdef NO_STAMP		/* by its number alone a stranger may pass for the process that the file names */
#define seems_to_be(who) (who > NOBODY && may_keep(who))
#define seems_alive(who) ((is_alive(who) || who == STRANGER) && may_keep(who))
#else
#define seems_to_be(who) (who > STRANGER && may_keep(who))
#define seems_alive(who) (is_alive(who) && may_keep(who))
#endif

#ifdef NEXT_LOCK_AFTER_FORK
#define child_shares(d) false
#else
#define child_shares(d) ((d) % 2 == 0 && (cmd[(d) / 2] == ALIVE || worker[(d) / 2]))
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

/* An assertion in words. */
#define broken(what) printf(what); assert(false)

#define swap(array) j = array[f]; array[f] = array[last]; array[last] = j

/*
 * Whatever may change who holds the path, or what refers to a file, ends with this. Files are numbered in the order in
 * which something refers to them: numbers are only ever compared, so that states that differ in them alone are one.
 */
inline observe()
{
	last = 0;
	for (i : 0 .. DESCRIPTIONS + 1) {
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
			for (j : 0 .. DESCRIPTIONS + 1) {
				inode[j] = (inode[j] == f -> last : (inode[j] == last -> f : inode[j]))
			}
		:: else
		fi
	}

	is_held = path && ex[path] && ex[path] <= CLAIMANTS;
	for (i : 0 .. STARTERS - 1) {
		is_ready = is_ready || (published[i] && lives(cmd[i]))
	}
	for (i : 0 .. WATCHERS - 1) {
		unheld[i] = unheld[i] && !is_held;
		kept[i] = kept[i] && is_held;
		unready[i] = unready[i] && !is_ready
	}
	i = 0; j = 0; f = 0; last = 0; is_held = 0; is_ready = 0
}

/* A file without name and descriptor is no more, and its number is free. */
inline forget(file)
{
	if
	:: !opens[file] && path != file && tmp != file -> state[file] = 0; names[file] = NOBODY
	:: else
	fi
}

inline create(name)
{
	f = 1;
	do
	:: opens[f] || path == f || tmp == f -> f++
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
	:: !child_shares(d) -> shut(d)
	:: else
	fi;
	observe()
}

inline run_is_gone()
{
	parent[s] = GONE;
	cur[s] = 0;
	reaped(RUN(s))
}

inline drop_copy()
{
	if
	:: inode[2 * s] && !own[2 * s] && !child_shares(2 * s) -> shut(2 * s)
	:: else
	fi;
	observe()
}

/* The copy goes before the pid does: the kernel first closes a dead process's files, then makes it a zombie. */
inline cmd_dies()
{
	cmd[s] = DYING;
	drop_copy()
}

inline unlink_tmp()
{
#ifdef TMP_REUSED
	skip
#else
	d_step { printf("run %d: P1 unlink tmp\n", s); unlink(tmp); observe() }
#endif
}

inline create_tmp()
{
	d_step {
		printf("run %d: P2 create tmp\n", s);
		if
		:: !tmp -> create(tmp)
		:: else ->
#ifndef TMP_REUSED
			broken("broken: another made a tmp beside the claimant\n")
#endif
		fi;
		run_open(OTHER, tmp)
	};
#ifndef PUBLISH_UNLOCKED
	d_step {
		printf("run %d: P3 lock\n", s);
		if
		:: !can_lock_ex(OTHER) -> broken("broken: the claimant's new file is locked by another\n")
		:: else
		fi;
		lock_ex(OTHER)
	}
#endif
}

inline write(d, what, who)
{
	d_step { printf("run %d: P4 write %e\n", s, what); state[inode[d]] = what; names[inode[d]] = who }
}

inline publish(what, who)
{
#ifndef WRITE_AFTER_RENAME
	write(OTHER, what, who);
#endif
#ifdef CLOSE_OLD_FIRST
	d_step { printf("run %d: P6 close\n", s); run_shut(MINE) };
#endif
	d_step {
		printf("run %d: P5 rename\n", s);
		if
		:: tmp != inode[OTHER] -> broken("broken: another took the claimant's tmp away\n")
		:: else
		fi;
		f = path;
		path = tmp;
		tmp = 0;
		forget(f);
		cur[s] = 1 - cur[s];
		published[s] = (what == READY && lives(cmd[s]));
		observe()
	};
#ifdef WRITE_AFTER_RENAME
	write(MINE, what, who);
#endif
#ifdef PUBLISH_UNLOCKED
	d_step { can_lock_ex(MINE) -> printf("run %d: P3 lock\n", s); lock_ex(MINE); observe() };
#endif
#ifndef CLOSE_OLD_FIRST
#ifndef CLOSE_WITHOUT_UNLOCK
	d_step { printf("run %d: P6 LOCK_UN\n", s); unlock(OTHER); observe() };
#endif
	d_step { printf("run %d: P6 close\n", s); run_shut(OTHER) }
#endif
}

/* Spin allows no jump to a d_step, hence the `if` with one branch behind some labels. */
proctype Run(byte s)
{
C1:	{
		if
		:: d_step {
			parent[s] == ALIVE || all_gone(s) ->
			printf("run %d: C1 open\n", s);
			parent[s] = ALIVE;
			if
			:: !path -> create(path)
			:: else
			fi;
			unheld[s] = true;
			run_open(2 * s, path)
		   }
		fi;
#ifdef PUBLISH_WITHOUT_CLAIM
		goto P1;
#endif

C2:		if
		:: d_step {
			can_lock_ex(2 * s) ->
			printf("run %d: C2 locked\n", s);
			unheld[s] = false;
			lock_ex(2 * s);
			observe()
		   }
		:: d_step { !can_lock_ex(2 * s) -> printf("run %d: C2 refused\n", s) }; goto B1
		fi;

C3:		if
		:: d_step { is_claim(2 * s) -> printf("run %d: C3 claimed\n", s); claim[s] = true }; goto P1
		:: d_step { !is_claim(2 * s) -> printf("run %d: C3 another file\n", s) }
		fi;
again:		if
		:: d_step { true -> printf("run %d: close\n", s); run_shut(2 * s) }; goto C1
		fi;

B1:		if
		:: d_step { only_probers(2 * s) -> printf("run %d: B1 only probers\n", s); lock_sh(2 * s) }; goto again
		:: d_step {
			!only_probers(2 * s) && unheld[s] ->
			broken("broken: a start finds another, and nobody held it\n")
		   }
		:: d_step { !only_probers(2 * s) && !unheld[s] -> printf("run %d: B1 refused\n", s) }
		fi;

B2:		if
		:: !is_alive(names[inode[2 * s]]) -> goto again
		:: true -> goto leave
		fi;

P1:		unlink_tmp();
		create_tmp();
		publish(STARTING, RUN(s));

		unlink_tmp();
		create_tmp();
		d_step { printf("run %d: F fork\n", s); cmd[s] = ALIVE };
		if
		:: publish(READY, CMD(s)); goto E1
		:: d_step { cmd[s] == ALIVE -> printf("run %d: too late, kill CMD\n", s); cmd_dies() }
		:: cmd[s] == ZOMBIE
		fi;
		d_step { cmd[s] == ZOMBIE -> printf("run %d: close next\n", s); run_shut(OTHER) };

E1:		if
#ifdef REAP_FIRST
		:: d_step { cmd[s] == ZOMBIE -> printf("run %d: E4 reap\n", s); cmd[s] = GONE; reaped(CMD(s)) }
#else
		:: cmd[s] == ZOMBIE
#endif
		fi;

#ifdef UNLINK_PATH_FIRST
		d_step { printf("run %d: E2 unlink path\n", s); claim[s] = false; unlink(path); observe() };
		unlink_tmp();
#else
		unlink_tmp();
		if
		:: create_tmp(); publish(EXITED, dead_cmd(s))
		:: d_step { printf("run %d: E2 unlink path\n", s); claim[s] = false; unlink(path); observe() }
		fi;
#endif
#ifndef END_WITHOUT_UNLOCK
		d_step { printf("run %d: E3 LOCK_UN\n", s); claim[s] = false; unlock(MINE); observe() };
#endif
#ifndef REAP_FIRST
		d_step { printf("run %d: E4 reap\n", s); cmd[s] = GONE; reaped(CMD(s)) };
#endif

leave:		if
		:: d_step {
			true ->
			printf("run %d: exits\n", s);
			claim[s] = false;
			if
			:: own[2 * s] -> run_shut(2 * s)
			:: else
			fi;
			if
			:: own[2 * s + 1] -> run_shut(2 * s + 1)
			:: else
			fi;
			if
			:: has_lock(2 * s) -> broken("broken: the lock outlives the otelop-run that let it go\n")
			:: else
			fi;
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
				unheld[s] = false
			}
		};
		do
		:: d_step { own[2 * s] -> run_shut(2 * s) }
		:: d_step { own[2 * s + 1] -> run_shut(2 * s + 1) }
		:: d_step { !own[2 * s] && !own[2 * s + 1] -> printf("run %d: is gone\n", s); run_is_gone() }; break
		od
	};
#ifndef ONE_LIFE
	goto C1
#endif
}

/* SIGKILL to otelop-run at any step; CMD and its descendants, which live and die as they like. */
proctype Fate(byte s)
{
end:	do
	:: atomic { parent[s] == ALIVE -> sigkill[s]!0 }
	:: d_step { cmd[s] == ALIVE -> printf("CMD %d: dies\n", s); cmd_dies() }
	:: d_step { cmd[s] == DYING -> cmd[s] = ZOMBIE; published[s] = false }
	:: d_step {
		cmd[s] == ZOMBIE && parent[s] == GONE ->
		printf("CMD %d: is reaped by init\n", s);
		cmd[s] = GONE;
		reaped(CMD(s))
	   }
#ifdef WORKERS
	:: d_step { is_daemon(s) && !worker[s] -> printf("CMD %d: forks a worker\n", s); worker[s] = true }
	:: d_step { worker[s] -> printf("CMD %d: its worker dies\n", s); worker[s] = false; drop_copy() }
#endif
	od
}

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
	:: d_step { can_lock_ex(REMOVER(n)) -> printf("remove: C2 locked\n"); lock_ex(REMOVER(n)); observe() }
	:: d_step { !can_lock_ex(REMOVER(n)) -> printf("remove: C2 refused\n") }; goto R3
	fi;

C3:	if
	:: d_step { is_claim(REMOVER(n)) -> printf("remove: C3 claimed\n"); its_claim = true }
	:: true -> goto R3
	fi;

R1:	if
#ifdef UNLINK_PATH_FIRST
	:: d_step { true -> printf("remove: R2 unlink path\n"); its_claim = false; unlink(path); observe() };
		d_step { printf("remove: R1 unlink tmp\n"); unlink(tmp); observe() }
#else
	:: d_step { true -> printf("remove: R1 unlink tmp\n"); unlink(tmp); observe() };
		if
		:: d_step { true -> printf("remove: R2 unlink path\n"); its_claim = false; unlink(path); observe() }
		:: true
		fi
#endif
	:: true
	fi;

R3:	if
	:: d_step { true -> printf("remove: R3 close\n"); its_claim = false; shut(REMOVER(n)); observe() }; goto C1
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

C3:	if
	:: d_step { is_claim(WRITER(n)) -> printf("record: C3 claimed\n"); writers_claim = true }
	:: true -> goto P6
	fi;

P1:	if
	:: d_step { true -> printf("record: P1 unlink tmp\n"); unlink(tmp); observe() }
	:: true -> goto P6
	fi;

P2:	if
	:: d_step {
		true ->
		printf("record: P2 create tmp\n");
		if
		:: !tmp -> create(tmp)
		:: else -> broken("broken: another made a tmp beside the claimant\n")
		fi;
		open(WRITER(n) + 1, tmp);
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
		tmp == inode[WRITER(n) + 1] ->
		printf("record: P5 rename\n");
		f = path;
		path = tmp;
		tmp = 0;
		forget(f);
		observe()
	   }
	:: d_step { tmp != inode[WRITER(n) + 1] -> broken("broken: another took the claimant's tmp away\n") }
	:: d_step { true -> printf("record: is killed\n"); writers_claim = false; shut(WRITER(n) + 1); observe() };
		goto P6
	fi;
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
		unheld[me] = true; kept[me] = true; unready[me] = true;
		observe()
	   }
	:: !path -> goto Q1
	fi;

Q2:	if
	:: d_step {
		probe_can_lock(PROBER(n)) ->
		printf("probe %d: Q2 locked\n", n);
		probe_lock(PROBER(n));
		unheld[me] = false; unready[me] = false
	   };
		d_step { unlock(PROBER(n)) };
		goto Q3
	:: d_step {
		!probe_can_lock(PROBER(n)) && unheld[me] ->
		broken("broken: a probe says held, and nobody held it\n")
	   }
	:: d_step {
		!probe_can_lock(PROBER(n)) && !unheld[me] ->
		printf("probe %d: Q2 refused\n", n);
		kept[me] = false
	   };
		goto Q4
	fi;

Q3:	if
	:: d_step {
		counts(PROBER(n)) && kept[me] ->
		broken("broken: a probe says free, and somebody held it all the time\n")
	   }
	:: d_step { !(counts(PROBER(n)) && kept[me]) -> printf("probe %d: Q3\n", n); kept[me] = false }; goto Q5
	fi;

Q4:	if
	:: d_step {
		state[inode[PROBER(n)]] == READY && seems_alive(names[inode[PROBER(n)]]) && unready[me] ->
		broken("broken: a probe says ready, and no ready daemon lived\n")
	   }
	:: d_step { true -> printf("probe %d: Q4 read\n", n); unready[me] = false }
	fi;

Q5:	if
	:: d_step { true -> printf("probe %d: Q5 close\n", n); shut(PROBER(n)); observe() }; goto Q1
	fi
}
#endif

#if STOPPERS
proctype Stopper(byte n)
{
S1:	if
	:: d_step { path -> printf("stop: S1 open\n"); open(STOPPER(n), path); observe() }
	:: !path -> goto S1
	fi;

S2:	if
	:: can_lock_sh(STOPPER(n)) -> goto S10
	:: d_step { !can_lock_sh(STOPPER(n)) -> printf("stop: S2 refused\n") }
	fi;

S3:	if
	:: names[inode[STOPPER(n)]] == NOBODY -> goto S10
	:: d_step {
		names[inode[STOPPER(n)]] != NOBODY ->
		printf("stop: S3 read\n");
		named[n] = names[inode[STOPPER(n)]]
	   }
	fi;

	/* S5 is in the guard: what the handle refers to does not change any more. */
S4:	if
	:: d_step {
		seems_to_be(named[n]) ->
		printf("stop: S4 pidfd_open\n");
		handle[n] = named[n];
		named[n] = NOBODY
	   }
	:: d_step { !seems_to_be(named[n]) -> printf("stop: S4 no such process\n"); named[n] = NOBODY }; goto S10
	fi;

#ifndef STOP_NO_SECOND_PROBE
S6:	if
	:: !at_path(STOPPER(n)) -> goto S10
	:: d_step { at_path(STOPPER(n)) -> printf("stop: S6 same file\n") }
	fi;

S7:	if
	:: can_lock_sh(STOPPER(n)) -> goto S10
	:: d_step { !can_lock_sh(STOPPER(n)) -> printf("stop: S7 refused\n") }
	fi;
#endif

S8:	if
	:: d_step {
		handle[n] == STRANGER || handle[n] == CALLER ->
		broken("broken: a stop signals a stranger\n")
	   }
	:: d_step { handle[n] != STRANGER && handle[n] != CALLER -> printf("stop: S8 signal\n"); handle[n] = NOBODY }
	fi;

S9:	if
	:: d_step { can_lock_sh(STOPPER(n)) -> printf("stop: S9 locked\n"); lock_sh(STOPPER(n)) }
	fi;

S10:	if
	:: d_step { true -> printf("stop: S10 close\n"); handle[n] = NOBODY; shut(STOPPER(n)); observe() }; goto S1
	fi
}
#endif

#define holds(s) (claim[s] || is_daemon(s))

#if REMOVERS
#define removers_hold claim[STARTERS]
#else
#define removers_hold 0
#endif

#if WRITERS
#define writers_hold claim[STARTERS + REMOVERS]
#else
#define writers_hold 0
#endif

#if STARTERS == 1
#define holders (holds(0) + removers_hold + writers_hold)
#elif STARTERS == 2
#define holders (holds(0) + holds(1) + removers_hold + writers_hold)
#else
#define holders (holds(0) + holds(1) + holds(2) + removers_hold + writers_hold)
#endif

proctype Monitor(byte s)
{
end:	do
	:: d_step { holders > 1 -> broken("broken: two hold the state directory\n") }
	:: d_step { is_daemon(s) && !path -> broken("broken: a ready daemon's file was removed\n") }
	:: d_step { is_daemon(s) && path && !state[path] -> broken("broken: a ready daemon's file is empty\n") }
	:: d_step {
		is_daemon(s) && state[path] && !(state[path] == READY && names[path] == CMD(s)) ->
		broken("broken: a ready daemon's file was replaced\n")
	   }
	:: d_step {
		is_daemon(s) && names[path] == CMD(s) && ex[path] != 2 * s + 1 ->
		broken("broken: a ready daemon's file is not locked\n")
	   }
#ifndef MUTANT	/* which is to be known by what its user sees */
	:: d_step {
		claim[s] && !(path && at_path(MINE) && has_lock(MINE)) ->
		broken("broken: a claimant does not hold the path\n")
	   }
#endif
	od
}

init {
	atomic {
		for (i : 0 .. STARTERS - 1) { run Run(i); run Fate(i) }
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
		for (i : 0 .. STARTERS - 1) { run Monitor(i) }
		i = 0
	}
}
