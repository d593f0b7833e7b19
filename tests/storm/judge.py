"""What the storm was told against what was seen: the event log's intervals, and the rules of the contract.

Of every daemon two kinds of intervals are known. A *certain* one lies between two lines that the daemon itself wrote
about itself: within it, it lived, held the lock, was published. A *possible* one is as wide as it can have been: from
the last look that did not find it yet to the watcher's notice that it was gone. An answer that says "there is one"
is a lie if no possible interval meets the call; an answer that says "there is none" is a lie if one certain interval
covers all of the call. What lies between is nobody's to judge.

When the state vanishes, nothing is certain for as long as it may take until that is noticed (a *gap*). Behind it a
daemon is certain again from the first look that finds its file, and one that has none must be gone.
"""

import bisect
import collections

NS = 1_000_000_000
FOREVER = 1 << 62
SOON = 5 * NS            # on a machine that is busy with other things too
NOTICED = 2 * NS         # so is this; the contract's is a tenth of it
YOUNG_US = 15000         # less than the age from which on we touch the lock of a file of upstream's, by a clock's tick

Breach = collections.namedtuple("Breach", "rule text begin end")

# Operations that claim the directory at some moment, so that a held lock may be theirs.
CLAIMANTS = ("start", "start --strict", "spawn run", "spawn lock", "run", "lock", "restart", "stop", "remove", "write",
             "start --native", "by hand", "by hand, rude", "foreign probe")
STARTS = ("start", "start --strict", "spawn run", "spawn lock", "run", "lock", "restart", "start --native", "by hand",
          "by hand, rude")
ENDERS = ("stop", "restart")
STATES = ((0, "running"), (0, "starting"), (1, "stale"), (1, "exited"), (3, "stopped"))
JOINED_FAILURE = "the start that was under way has failed"
NO_COMMAND = "does not say which command"    # `otelop-meta write` was there
# What no process but a broken one of ours can cause.
IMPOSSIBLE = ("somebody removed or replaced", "cannot lock", "cannot publish", "cannot write", "not by process",
              "corrupt")


class Daemon:
    """A daemon as its own lines, and the watcher's, show it."""

    def __init__(self, pid, born, facts):
        self.pid = pid
        self.born = self.last = self.begun = born
        self.op = int(facts["op"])
        self.name = facts["name"]
        self.mode = facts["mode"]
        self.parent = int(facts["parent"])
        self.under = facts["under"]
        self.published = self.since = None
        self.claims, self.holdings = [], []     # certain: [begin, end]
        self.is_certain = {"claims": False, "holdings": False}
        self.lost = None         # when its state vanished, until it is seen to have one
        self.let_go = FOREVER    # when a child of it, or it itself, let go of the lock
        self.gone = self.parent_gone = self.workers_gone = FOREVER
        self.workers = int(facts["workers"])
        self.is_orphan = False   # our kill took its otelop-run before it was published

    def __str__(self):
        return f"{self.pid} ({self.name}, operation {self.op})"

    def becomes_certain(self, what, stamp):
        if not self.is_certain[what]:
            self.is_certain[what] = True
            getattr(self, what).append([stamp, stamp])

    def is_seen(self, stamp):
        self.last = max(self.last, stamp)
        for what, certain in self.is_certain.items():
            if certain:
                getattr(self, what)[-1][1] = self.last

    def loses(self, stamp):
        self.lost = stamp
        self.is_certain = dict.fromkeys(self.is_certain, False)

    def is_uncertain(self, stamp):
        return not any(first <= stamp <= last for first, last in self.claims)

    def is_watched(self, until):
        """By an otelop-run, which ends it or publishes it again."""
        return self.under == "otelop-run" and self.parent_gone > until and self.published is not None

    def possibly_published(self):
        if self.published:
            return self.since, self.gone
        # It may have ended before it saw that it was; if its otelop-run ended first, nobody published it.
        return (self.last, self.gone) if self.parent_gone >= self.last else None

    def possibly_holds(self):
        """Until its otelop-run and its last worker are gone too: they have the lock as well."""
        ends = [self.gone]
        if self.under == "otelop-run":
            ends.append(self.parent_gone)
        if self.workers:
            ends.append(self.workers_gone)
        return self.begun, max(ends)


def meets(interval, begin, end):
    return interval is not None and interval[0] <= end and begin <= interval[1]


def covers(intervals, begin, end):
    return any(first <= begin and end <= last for first, last in intervals)


class History:
    """The event log, read once."""

    def __init__(self, lines, ops):
        self.ops = {op.id: op for op in ops}
        self.lines = sorted((self.split(line) for line in lines), key=lambda line: line[0])
        self.stamps = [line[0] for line in self.lines]
        self.daemons = []
        self.by_pid = collections.defaultdict(list)
        self.gaps = []           # [from, until] a vanished state may not have been noticed
        self.open_gaps = {}      # by who has begun to change the directory, and has not said that it is done
        self.changed = self.gap_until = 0
        self.refused = []
        self.kills = []          # (when, role, pid, op)
        self.overlaps = []
        self.troubles = []       # (when, rule, text)
        for stamp, pid, event, facts, text in self.lines:
            getattr(self, "on_" + event.replace("-", "_"), self.on_other)(stamp, pid, facts, text)
        self.find_orphans()
        # Their pid was answered, and they were ended before their first line.
        self.unborn = [op for op in ops if op.kind in STARTS and op.status == 0 and op.pid and not self.by_pid[op.pid]]
        self.claimants = sorted((op for op in ops if op.kind in CLAIMANTS), key=lambda op: op.begin)

    @staticmethod
    def split(line):
        stamp, pid, event, *words = line.split(" ")
        facts = dict(word.split("=", 1) for word in words if "=" in word)
        return int(stamp), int(pid), event, facts, line

    def daemon(self, pid, stamp):
        """The one that has, or had, the number at that time."""
        return next((d for d in reversed(self.by_pid[pid]) if d.born <= stamp), None)

    def on_other(self, stamp, pid, facts, text):
        pass

    def in_gap(self, stamp):
        return bool(self.open_gaps) or stamp <= self.gap_until

    def meets_gap(self, begin, end):
        return any(meets(gap, begin, end) for gap in self.gaps)

    def on_vanish(self, stamp, pid, facts, text):
        """Of upstream's daemon, only where somebody else is about."""
        own = self.daemon(pid, stamp)
        others = [d for d in self.daemons if d is not own and d.gone > stamp]
        if own and not others and not any(op.begin <= stamp <= op.settled for op in self.ops.values()
                                          if op.id != own.op and op.kind in STARTS):
            return
        gap = [stamp, FOREVER]
        self.gaps.append(gap)
        self.open_gaps[pid] = gap
        for daemon in others:
            daemon.loses(stamp)

    def on_vanished(self, stamp, pid, facts, text):
        self.changed = stamp
        if pid in self.open_gaps:
            self.open_gaps.pop(pid)[1] = self.gap_until = stamp + NOTICED

    def on_refused(self, stamp, pid, facts, text):
        self.refused.append(facts["file"])
        if int(facts["age_us"]) < YOUNG_US:
            self.troubles.append((stamp, "upstream's lock was refused", f"daemon {self.daemon(pid, stamp)} found its "
                                  f"file {facts['file']} {facts['age_us']} us after it had renamed it"))

    def on_born(self, stamp, pid, facts, text):
        daemon = Daemon(pid, stamp, facts)
        if daemon.mode == "exec" and daemon.op in self.ops:
            daemon.begun = min(stamp, self.ops[daemon.op].begin)   # it is ready before its first line
        self.daemons.append(daemon)
        self.by_pid[pid].append(daemon)
        if self.in_gap(stamp):
            daemon.lost = stamp
        elif daemon.mode != "upstream":
            daemon.becomes_certain("claims", stamp)

    def seen(self, stamp, pid):
        daemon = self.daemon(pid, stamp)
        if daemon:
            daemon.is_seen(stamp)
        return daemon

    def on_holds(self, stamp, pid, facts, text):
        daemon = self.seen(stamp, pid)
        if not self.open_gaps and int(facts["at"]) > self.changed:
            daemon.lost = None
            daemon.becomes_certain("claims", stamp)
            daemon.becomes_certain("holdings", stamp)

    def on_moved(self, stamp, pid, facts, text):
        daemon = self.seen(stamp, pid)
        daemon.let_go = min(daemon.let_go, stamp)
        if not self.in_gap(stamp):
            self.troubles.append((stamp, "a live daemon's file", f"daemon {daemon} was published again, and its state "
                                  "had not vanished"))

    def on_letgo(self, stamp, pid, facts, text):
        daemon = self.seen(stamp, pid)
        daemon.let_go = min(daemon.let_go, stamp)

    def on_inside(self, stamp, pid, facts, text):
        daemon = self.seen(stamp, pid)
        if facts["published"] == "1" and daemon.lost is None and facts["status"] != "1":
            self.troubles.append((stamp, "a restart from inside", f"daemon {daemon} asked for one, and the status was "
                                  f"{facts['status']}"))

    def on_waits(self, stamp, pid, facts, text):
        self.seen(stamp, pid)

    on_ready = on_term = on_end = on_waits

    def on_published(self, stamp, pid, facts, text):
        daemon = self.seen(stamp, pid)
        daemon.published, daemon.since = stamp, int(facts["since"])

    def on_broken(self, stamp, pid, facts, text):
        daemon = self.seen(stamp, pid)
        if self.in_gap(stamp) and not daemon.is_certain["holdings"]:
            return
        if daemon.lost is None:
            self.troubles.append((stamp, "a live daemon's file", f"daemon {daemon} lives and is published, and its "
                                  f"otelop.json is {facts['file']}"))
        elif daemon.is_watched(self.gaps[-1][1]):
            self.troubles.append((stamp, "a vanished state was not noticed", f"daemon {daemon} lives on "
                                  f"{(stamp - daemon.lost) / 1e6:.0f} ms later, and its otelop.json is "
                                  f"{facts['file']}"))

    def on_overlap(self, stamp, pid, facts, text):
        self.overlaps.append((stamp, self.seen(stamp, pid), facts["of"], int(facts["holder"])))

    def on_hit(self, stamp, pid, facts, text):
        self.troubles.append((stamp, "a stranger was signalled", f"the bystander got signal {facts['signal']}"))

    def on_unwatched(self, stamp, pid, facts, text):
        self.troubles.append((stamp, "the storm's own trouble", text))

    on_trouble = on_unwatched

    def on_kill(self, stamp, pid, facts, text):
        self.kills.append((stamp, facts["role"], int(facts["pid"]), int(facts["op"])))

    def on_gone(self, stamp, pid, facts, text):
        if facts["as"] == "bystander":
            self.troubles.append((stamp, "a stranger was signalled", "the bystander is gone"))
            return
        daemon = self.daemon(int(facts["of"]), stamp)
        if daemon is None:
            return
        if facts["as"] == "daemon":
            if daemon.pid in self.open_gaps:    # it was killed at that
                self.on_vanished(stamp, daemon.pid, facts, text)
            daemon.gone = min(daemon.gone, stamp)
        elif facts["as"] == "parent":
            daemon.parent_gone = min(daemon.parent_gone, stamp)
        else:
            # The last one counts; one that was never seen has no line, so this is a lower bound only.
            daemon.workers_gone = stamp

    def find_orphans(self):
        """CMD of an otelop-run that we killed before it had published CMD: it keeps the lock."""
        runs = {op for _, role, _, op in self.kills if role == "run"}
        for daemon in self.daemons:
            daemon.is_orphan = daemon.published is None and daemon.op in runs
            if daemon.is_orphan:    # no word names it, so that without the lock it is nobody's
                daemon.claims = [[first, min(last, daemon.let_go)] for first, last in daemon.claims
                                 if first < daemon.let_go]

    def killed(self, begin, end):
        return any(begin <= stamp <= end for stamp, *_ in self.kills)

    def published_throughout(self, begin, end):
        return next((d for d in self.daemons if covers(d.holdings, begin, end)), None)

    def claimed_throughout(self, begin, end):
        return next((d for d in self.daemons if covers(d.claims, begin, end)), None)

    def lives_throughout(self, begin, end):
        """What only keeps the lock of a killed otelop-run is none."""
        return next((d for d in self.daemons if not d.is_orphan and covers(d.claims, begin, end)), None)

    def locked_throughout(self, begin, end):
        return next((d for d in self.daemons if d.let_go > end and covers(d.claims, begin, end)), None)

    def others(self, op, kinds):
        return [o for o in self.claimants if o is not op and o.kind in kinds and o.begin <= op.end and
                op.begin <= o.settled]

    def may_be_held(self, op):
        return bool(self.others(op, CLAIMANTS)) or \
            any(o.begin <= op.end and op.begin <= o.end + NS for o in self.unborn) or \
            any(meets(d.possibly_holds(), op.begin, op.end) for d in self.daemons)

    def slice(self, begin, end, limit=80):
        lines = self.lines[bisect.bisect_left(self.stamps, begin - NS // 10):
                           bisect.bisect_right(self.stamps, end + NS // 20)]
        lines = [line for line in lines if line[2] not in ("holds", "waits")]
        left_out = max(0, len(lines) - limit)
        kept = lines[:limit // 2] + lines[len(lines) - limit // 2:] if left_out else lines
        return [f"{(line[0] - begin) / 1e6:+10.3f} ms  {line[4].split(' ', 1)[1]}" for line in kept], left_out


class Judge:
    def __init__(self, history, bystander):
        self.history = history
        self.bystander = bystander
        self.breaches = []
        self.sharp = 0           # answers that had to be one certain answer
        self.unborn = 0          # pids of commands that were killed before their first line
        self.orphans = 0
        self.gap_overlaps = 0
        self.lost_answers = 0    # given while a vanished state may not have been noticed

    def breach(self, rule, text, begin, end):
        self.breaches.append(Breach(rule, text, begin, end))

    def of(self, op, rule, text):
        self.breach(rule, f"operation {op.id}, {op.words}: {text}", op.begin, op.end)

    def all(self):
        for stamp, rule, text in self.history.troubles:
            self.breach(rule, text, stamp, stamp)
        self.orphans = sum(d.is_orphan for d in self.history.daemons)
        self.exclusion()
        for op in self.history.ops.values():
            for rule, text in op.complaints:
                self.of(op, rule, text)
            if op.end - op.begin > SOON:
                self.of(op, "an answer comes late", f"after {(op.end - op.begin) / NS:.1f} s: status {op.status}, "
                        f"{op.answer!r}, {op.errors!r}")
            if self.history.meets_gap(op.begin, op.end):
                self.lost_answers += 1
                if op.pid:
                    self.lived(op)
                continue
            # Behind the first line are the log's last ones, which may be of others.
            if any(words in op.errors.split("\n")[0] for words in IMPOSSIBLE):
                self.unexpected(op, ": it met what cannot be")
            if op.status is not None and not op.victims_hit:
                getattr(self, "judge_" + op.kind.split()[0].replace("-", "_"))(op)
            elif op.pid:
                self.is_true(op)    # hit or not: what it said must be true
        self.breaches.sort(key=lambda breach: breach.begin)
        return self.breaches

    # At most one.

    def exclusion(self):
        for stamp, daemon, what, holder in self.history.overlaps:
            other = self.history.daemon(holder, stamp)
            if self.may_overlap(daemon, other, stamp):
                self.gap_overlaps += 1
                continue
            self.breach(f"two {'published ' if what == 'published' else ''}daemons",
                        f"daemon {daemon} lives beside {other or holder}", stamp, stamp)
        self.disjoint("two claims", [(i, d) for d in self.history.daemons for i in d.claims])
        self.disjoint("two published daemons", [(i, d) for d in self.history.daemons for i in d.holdings])

    def may_overlap(self, daemon, other, stamp):
        """In a gap; and behind it, while one of them has lost its file and nobody is there to notice.  An orphan that
        has let go of the lock as well."""
        if any(d is not None and d.is_orphan and d.let_go <= stamp for d in (daemon, other)):
            return True
        gap = next((g for g in reversed(self.history.gaps) if g[0] <= stamp), None)
        if gap is None:
            return False
        if other is None:
            return stamp <= gap[1]
        return any(d.is_uncertain(stamp) and (stamp <= gap[1] or not d.is_watched(gap[1])) for d in (daemon, other))

    def disjoint(self, rule, intervals):
        until, last = 0, None
        for (begin, end), daemon in sorted(intervals, key=lambda pair: pair[0]):
            if end <= begin:
                continue
            if begin < until:
                self.breach(rule, f"daemon {daemon} and daemon {last}, both for certain", begin, min(end, until))
            if end > until:
                until, last = end, daemon

    # Was there such a daemon?

    def is_true(self, op):
        """op.pid was a published, living daemon at some moment of the call."""
        known = [d for d in self.history.by_pid[op.pid] if d.born <= op.end]
        if not known and any(d.mode == "exec" and d.born <= op.end + NS for d in self.history.by_pid[op.pid]):
            return True     # it is ready before its first line
        if any(meets(d.possibly_published(), op.begin, op.end) for d in known):
            return True
        if not known and op.pid != self.bystander and (
                op.kind in STARTS or self.history.others(op, STARTS) or
                any(o.pid == op.pid for o in self.history.unborn)):
            self.unborn += 1
            return True
        who = "the bystander" if op.pid == self.bystander else "nobody that was ever seen"
        if known:
            at = known[-1]
            who = f"daemon {at}"
            if at.gone < op.begin:
                who += f", gone {(op.begin - at.gone) / 1e6:.3f} ms before the call"
            if at.under == "otelop-run" and at.parent_gone > op.begin:
                who += ", its otelop-run not yet"
            if at.workers and at.workers_gone > op.begin:
                who += ", nor its workers"
            if at.published is None:
                who += ", never published"
        self.of(op, "an answer names no daemon", f"it said {op.answer!r}: {who}")
        return False

    def lived(self, op):
        """All that an answer must be while a vanished state may not have been noticed: a daemon, and no stranger."""
        if op.pid == self.bystander or (self.history.by_pid[op.pid] and not any(
                meets((d.born - NS, d.gone), op.begin, op.end) for d in self.history.by_pid[op.pid])):
            self.of(op, "an answer names no daemon", f"it said {op.answer!r}, which was none at any moment of it")

    def unexpected(self, op, why=""):
        self.of(op, "an unexpected answer", f"status {op.status}, {op.answer!r}, {op.errors!r}{why}")

    def not_held(self, op):
        """The answer says that there was a moment without one."""
        self.denies(op, self.history.claimed_throughout(op.begin, op.end))

    def not_locked(self, op):
        """The answer says that there was a moment when nobody had the lock."""
        self.denies(op, self.history.locked_throughout(op.begin, op.end))

    def denies(self, op, daemon):
        if daemon:
            self.of(op, "an answer denies a daemon", f"status {op.status}, {op.answer!r}: but daemon {daemon} held "
                    "the directory all the time")

    def held(self, op):
        """The answer says that there was a moment with one, or with somebody else's claim."""
        if not self.history.may_be_held(op):
            self.of(op, "an answer invents a holder", f"status {op.status}, {op.answer!r}, {op.errors!r}: nobody held "
                    "the directory at any moment")

    def certain(self, op):
        daemon = self.history.published_throughout(op.begin, op.end)
        self.sharp += daemon is not None
        return daemon

    # The starts.

    def judge_start(self, op):
        daemon = self.certain(op)
        if op.status == 0:
            if op.pid is None:
                self.unexpected(op)
            elif self.is_true(op) and daemon and daemon.pid != op.pid:
                self.unexpected(op, f": but daemon {daemon} was there all the time")
            elif not op.joined and (new := self.history.daemon(op.pid, op.end)) and new.op != op.id:
                self.unexpected(op, f": but daemon {new} is another operation's")
            elif op.joined and op.kind not in ("start", "start --native"):
                self.unexpected(op, ": it must not join another")
            return
        if daemon:
            same = op.kind == "start" and self.history.ops[daemon.op].daemon_words == op.daemon_words
            if (same and daemon.let_go > op.end) or op.status != 75:
                self.unexpected(op, f": but daemon {daemon} was there all the time")
        elif op.status == 75:
            self.held(op)
            if op.kind == "start" and not self.another_command(op) and not self.left_behind(op):
                self.unexpected(op, ": and no other command was about")
        elif op.status == 1:
            self.judge_failure(op)
        elif op.status == 124 and op.impatient:
            pass
        else:
            self.unexpected(op)

    def judge_failure(self, op):
        """Its own command failed, was ended, or it waited for another start that failed."""
        if op.kind == "start --native" and self.history.others(op, STARTS):
            return      # one that was under way got the lock between our look and upstream's
        if op.kind == "restart" and not op.explicit and (
                NO_COMMAND in op.errors or any(not o.good for o in self.history.others(op, STARTS))):
            return      # the command that it found may be one that fails
        if JOINED_FAILURE in op.errors:
            if not any(o.status not in (0, 75) or o.victims_hit for o in self.history.others(op, STARTS)):
                self.unexpected(op, ": and no other start has failed")
        elif op.good and not self.history.killed(op.begin, op.end) and not self.history.others(op, ENDERS):
            self.unexpected(op, ": and nobody ended it")

    def judge_spawn(self, op):
        self.judge_start(op)

    def another_command(self, op):
        def other(command):
            return command.daemon_words != op.daemon_words
        return any(other(o) for o in self.history.others(op, STARTS)) or \
            any(other(self.history.ops[d.op]) and meets(d.possibly_holds(), op.begin, op.end)
                for d in self.history.daemons)

    def left_behind(self, op):
        """One that has lost its lock, or what keeps the lock of a dead one: neither is joined."""
        return any(meets(d.possibly_holds(), op.begin, op.end) and (d.let_go <= op.end or d.gone <= op.end)
                   for d in self.history.daemons)

    def judge_run(self, op):
        """In the foreground until it is ended, so that only the way in can be judged."""
        daemon = self.certain(op)
        if daemon and daemon.op != op.id and op.status not in (75, 124) and not op.ended:
            self.unexpected(op, f": but daemon {daemon} was there all the time")
        elif op.status in (75, 124):    # 124: after otelop-lock -w
            self.held(op)
        elif op.ended:
            pass
        elif op.status not in (0, 1, 3, 7, 129, 130, 137, 139, 143):
            self.unexpected(op)

    judge_lock = judge_run

    def judge_restart(self, op):
        daemon = self.certain(op)
        if daemon:
            self.of(op, "an answer denies a daemon", f"status {op.status}: daemon {daemon} lived on all the time")
        if op.status == 0:
            if op.pid is None:
                self.unexpected(op)
            else:
                self.is_true(op)
        elif op.status == 75:
            self.held(op)
        elif op.status == 1:
            self.judge_failure(op)
        elif op.status == 3 and not op.explicit:
            pass    # nothing to start again
        elif op.status == 124 and (op.impatient or not op.explicit):
            pass
        else:
            self.unexpected(op)

    # Those that end and remove.

    def judge_stop(self, op):
        self.sharp += self.history.claimed_throughout(op.begin, op.end) is not None
        if op.status == 0:
            self.not_held(op)
        else:
            self.unexpected(op)

    def judge_remove(self, op):
        self.certain(op)
        if op.status == 0:
            self.not_held(op)
        elif op.status == 75:
            self.held(op)
        else:
            self.unexpected(op)

    judge_write = judge_remove

    # Those that only ask.

    def judge_running(self, op):
        daemon = self.certain(op)
        state = op.answer.split(" ")[0]
        if (op.status, state) not in STATES:
            self.unexpected(op)
        elif daemon and (state != "running" or op.pid != daemon.pid):
            self.unexpected(op, f": but daemon {daemon} was there all the time")
        elif state == "running":
            self.is_true(op)
        elif state == "starting":
            self.held(op)
        elif state == "stale":
            self.denies(op, self.history.lives_throughout(op.begin, op.end))
        else:
            self.not_held(op)

    judge_status = judge_running

    def judge_probe(self, op):
        self.certain(op)
        if op.status == 0:
            self.held(op)
        elif op.status == 3:
            self.not_locked(op)
        else:
            self.unexpected(op)

    def judge_probes(self, op):
        """Many, and many others at the same time, of a file that nobody holds."""
        if op.answer or op.errors or op.status != 0:
            self.unexpected(op, ": others asked too, and nobody held it")

    def judge_foreign(self, op):
        """Upstream's programs answer for themselves."""

    judge_by = judge_foreign

    def judge_wait(self, op):
        daemon = self.certain(op)
        if daemon and op.status != 0:
            self.unexpected(op, f": but daemon {daemon} was there all the time")
        elif op.status == 0:
            if not any(meets(d.possibly_published(), op.begin, op.end) for d in self.history.daemons) and \
                    not self.history.others(op, STARTS):
                self.unexpected(op, ": and there was no ready daemon at any moment")
        elif op.status not in (1, 3, 124):
            self.unexpected(op)

    def judge_until_free(self, op):
        self.certain(op)
        if op.status == 0:
            self.not_locked(op)
        elif op.status == 124:
            self.held(op)
        else:
            self.unexpected(op)

    def judge_list(self, op):
        daemon = self.certain(op)
        if op.status != 0 or daemon and op.answer != f". running {daemon.pid}":
            self.unexpected(op)
