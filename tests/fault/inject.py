"""Part 1: every system call of every program fails, or the program is killed on entering it.

An undisturbed run of a scenario under strace gives its system calls and how often each occurs.  Each
of them is a point; calls that differ in numbers alone (`/proc/12/stat`, `/proc/13/stat`) are one kind,
of which the first and the last are tried.  FAULT_FULL=1 tries all."""

import hashlib
import os
import re
import threading

from harness import Report, eventually, normal
from scenarios import ALL
from tracer import Fault, HarnessFailure, Tracer

# What each call may say, by its manual page and by what file systems, cgroups and seccomp add to it.
# "-": it cannot fail; then only the kill is tried.  A call without a row fails the harness.
FAULTS = {
	"open openat": "EIO ENOSPC EMFILE ENOMEM EACCES EINTR",
	"openat2": "EIO EMFILE ENOMEM EACCES EINTR EAGAIN ENOSYS EPERM",
	"read readv pread64": "EIO ENOMEM EINTR",
	"write writev": "EIO ENOSPC EINTR",
	"close": "EIO",
	"stat lstat newfstatat statx": "EIO ENOMEM EACCES",
	"fstat fstatfs": "EIO ENOMEM",
	"access faccessat faccessat2": "EIO ENOMEM EACCES",
	"lseek ioctl": "EIO",
	"ftruncate": "EIO EINTR",
	"fchmod chmod fchmodat": "EIO EACCES",
	"mkdir mkdirat": "EIO ENOSPC ENOMEM EACCES",
	"rename renameat": "EIO ENOSPC ENOMEM EACCES",
	"renameat2": "EIO ENOSPC ENOMEM EACCES EINVAL ENOSYS EPERM",
	"unlink unlinkat": "EIO ENOMEM EACCES",
	"readlink readlinkat": "EIO ENOMEM EACCES",
	"getdents getdents64": "EIO ENOMEM",
	"getcwd": "ENOMEM EACCES",
	"chdir fchdir": "EIO ENOMEM EACCES",
	"flock": "EIO ENOMEM EINTR",
	"fcntl": "EMFILE ENOMEM",
	"dup2 dup3": "EMFILE EINTR",
	"pipe pipe2": "EMFILE ENOMEM",
	"close_range": "EMFILE ENOMEM",
	"socket socketpair": "EMFILE ENOMEM EACCES",
	"bind connect": "ENOMEM EACCES",
	"setsockopt getsockopt": "ENOMEM",
	"sendto sendmsg": "ENOMEM EACCES EINTR",
	"recvfrom recvmsg": "ENOMEM EINTR",
	"fork vfork": "ENOMEM",
	"clone clone3": "ENOMEM EPERM ENOSYS",
	"execve": "EIO EMFILE ENOMEM EACCES",
	"wait4": "EINTR",
	"waitid": "EINTR EPERM ENOSYS",
	"poll ppoll pselect6": "ENOMEM EINTR",
	"nanosleep clock_nanosleep": "EINTR",
	"kill pidfd_send_signal": "EACCES",
	"rt_sigqueueinfo": "EAGAIN EPERM ENOSYS",
	"pidfd_open": "EMFILE ENOMEM EACCES ENOSYS",
	"inotify_init1": "EMFILE ENOMEM ENOSYS",
	"inotify_add_watch": "ENOSPC ENOMEM EACCES",
	"getxattr": "EIO ENOMEM EACCES",
	"prctl setsid setpgid getsid getpgid": "EACCES",
	"brk mmap mremap": "ENOMEM",
	"exit_group": "",	# nothing of ours follows
	"arch_prctl set_tid_address gettid getpid getppid getuid geteuid umask uname munmap mprotect "
	"madvise shutdown rt_sigpending rt_sigaction rt_sigprocmask rt_sigreturn restart_syscall setitimer clock_gettime "
	"gettimeofday prlimit64 getrlimit setrlimit": "-",
}
KINDS = {name: kinds.replace("-", "").split() + (["KILL"] if kinds else [])
	for names, kinds in FAULTS.items() for name in names.split()}

# Harmless, and why.  Each row: scenario, the line that strace wrote, the complaint (regular
# expressions), the reason.
WHITELIST = [
	(".", r"^writev?\([12]<", "EINTR made a difference",
		"stdio does not go on after EINTR; but no signal is caught without SA_RESTART while anything "
		"is printed, so the kernel goes on by itself"),
	("-child|-writer", r'^(dup2|open)\(("/dev/null"|\d+<)', "EINTR made a difference",
		"between fork and exec all signals are blocked; and /dev/null keeps nobody waiting"),
	(".", r"^writev?\(2<", "without a word|words are missing|names no object|does not begin|kept, and does not say",
		"what cannot be written to stderr cannot be read there"),
	("spawn-fails", r"^read\(\d+<pipe", "own words are missing",
		"they are in the ready pipe that could not be read"),
	(".", r'^unlinkat\(.*"otelop\.json\.first"', "left in the state directory: otelop.json.first",
		"a name that cannot be removed stays; whoever starts next removes it, which is tried"),
	(".", r'^unlinkat\(.*"otelop\.json\.next"', "left in the state directory: otelop.json.next",
		"a name that cannot be removed stays; whoever claims next removes it, which is tried"),
	(".", r'^unlinkat\(.*"otelop\.json\.gone"', "left in the state directory: otelop.json.gone",
		"a name that cannot be removed stays; whoever removes next removes it too"),
	(".", r"^read\(\d+<pipe", "left in the state directory: otelop.json.next",
		"of whose exec nothing can be heard is killed; whoever claims next removes it, which is tried"),
	("run-(vanished|directory-gone)", r"^inotify_", "the daemon runs, and",
		"without a watch nothing is noticed: otelop(7) says so"),
	("run-(vanished|directory-gone)", r"= \?$", "the daemon runs, and",
		"an otelop-run that was killed notices nothing: otelop(7) says so"),
	("run-keepers", r'^readlinkat\(\d+</proc>, "self', "kept, and does not say by whom",
		"where our own PID namespace cannot be read, whom the file names may be of another one"),
	("^attend(-parent)?:", r"^prctl\(PR_SET_CHILD_SUBREAPER", "^(after the end there is|left): ",
		"where orphans do not come to it, nobody knows whose they are: otelop-run(1) says so"),
	("meta-(write|remove)", r"^close\(1<", "failed, (but|and) the file",
		"it has done it, and says 125 as stdout, to which it had nothing to write, is not well"),
]


# What only a filter of system calls says: to every call of the kind or to none, so to the first.
FILTERED = {"waitid": {"EPERM", "ENOSYS"}}


def shape(line):
	return re.sub(r"0x[0-9a-f]+|\d+|\"[^\"]*\"\.\.\.", "N", line.split(" = ")[0])


def kinds(line):
	"""The faults for this call: in a pipe or a socket there is no disk that could fail."""
	syscall, rest = line.split("(", 1)
	found = KINDS.get(syscall, [])
	if not syscall.startswith("inotify") and \
	    re.match(r"\d+<(pipe|socket|anon_inode|UNIX|[^>]*/ready>)", rest):
		found = [kind for kind in found if kind not in ("EIO", "ENOSPC", "EACCES")]
	return found


def points(lines, occurrences, tried):
	"""The faults to try.  Without a limit, all.  Else of calls that differ in numbers alone the first
	and the last, `occurrences` of each system call at most; and what has happened before a point must
	not be the same as at a point that was tried in another scenario."""
	calls, history = {}, ""
	for line in lines:
		syscall = line.split("(", 1)[0]
		history = hashlib.md5((history + shape(line)).encode()).hexdigest()
		calls.setdefault(syscall, []).append((line, history))
	for syscall, occurring in calls.items():
		picked = set(range(len(occurring)))
		if occurrences is not None:
			first = {shape(line): n for n, (line, _) in reversed(list(enumerate(occurring)))}
			last = {shape(line): n for n, (line, _) in enumerate(occurring)}
			wanted = list(dict.fromkeys([*sorted(first.values()), *sorted(last.values())]))
			picked = {n for n in wanted[:occurrences] if occurring[n][1] not in tried}
			tried |= {occurring[n][1] for n in picked}
		for n in sorted(picked):
			for kind in kinds(occurring[n][0]):
				if n == 0 or kind not in FILTERED.get(syscall, ()):
					yield Fault(syscall, n + 1, kind)


def ours(scenario, lines):
	if not scenario.until_exec:
		return lines
	for n in range(len(lines) - 1, -1, -1):
		if lines[n].startswith("execve(") and lines[n].endswith("= 0"):
			return lines[:n + 1]
	return lines


class Inject:
	def __init__(self, bench, occurrences, thorough):
		self.bench = bench
		self.occurrences = occurrences
		self.thorough = thorough
		self.report = Report("inject", WHITELIST)
		self.calls = {}		# program: {system call: how often it occurs at most}
		self.runs = {}		# program: runs with a fault in them
		self.skipped = 0
		self.lock = threading.Lock()
		self.good_next = set()	# fingerprints of directories in which the next start was well
		self.baselines = {}
		self.tried = {}		# program: what had happened before the points that were tried

	def once(self, scenario, fault):
		"""Run it.  The line of the fault, the complaints, and what was seen."""
		with self.bench.case() as case:
			scenario.prepare(case)
			tracer = Tracer(case, fault)
			try:
				outcome = scenario.act(case, tracer)
			finally:
				tracer.close()
			line = tracer.injected() if fault else ""
			if line is None:
				return None, [], None
			killed = fault is not None and fault.kind == "KILL" and not scenario.in_child
			complaints = []
			if outcome.hung:
				complaints.append("hangs; %s" % outcome)
			elif killed and outcome.status != 137:
				raise HarnessFailure("killed, and yet: %s" % outcome)
			complaints += scenario.complaints(case, outcome, killed)
			seen = (outcome.status, normal(outcome.out), normal(outcome.err),
				normal(outcome.ready), case.fingerprint())
			complaints += self.settle(case, scenario, fault)
			return line, complaints, seen if fault else (seen, tracer.lines())

	def settle(self, case, scenario, fault):
		"""Whatever lives is seen and can be stopped; nothing else is left; the next start is well."""
		killed = fault is not None and fault.kind == "KILL"
		if case.processes():
			yield from self.settle_processes(case, scenario, killed)
		yield from case.complaints_about_files(killed or scenario.keepers_allowed, scenario.is_chain)
		state = case.fingerprint()
		if self.thorough or state not in self.good_next:
			complaints = list(case.complaints_about_next())
			yield from complaints
			if not complaints:
				self.good_next.add(state)

	@staticmethod
	def settle_processes(case, scenario, killed):
		# What was killed may have left a start that goes on: its verdict is waited for.
		got = case.run("otelop-meta", "running", "-w", "5")
		orphans = scenario.orphans_allowed and killed
		if killed and not orphans and got.status == 3 and eventually(lambda: not case.processes() or
		    case.metadata(), 2):
			got = case.run("otelop-meta", "running", "-w", "5")
		# Killed before its verdict, otelop-run leaves the lock to its command.
		is_kept = got.status == 1 and "its lock kept by process" in got.err
		if got.status == 0 or (is_kept and (killed or scenario.keepers_allowed)):
			got = case.run("otelop-stop", "-t", "4")
			if got.status != 0:
				yield "what runs cannot be stopped: %s" % got
		elif got.status not in (1, 3):
			yield "otelop-meta running: %s" % got
		left = case.left(deadline_s=0 if orphans else 5)
		if left and not orphans:
			yield "left: " + case.describe(left)
		if got.status != 0 or left:
			case.kill()

	def baseline(self, scenario):
		"""The undisturbed run: nothing to complain of, and its system calls."""
		with self.lock:
			found = self.baselines.get(scenario.name)
		if found:
			return found
		try:
			_, complaints, (seen, lines) = self.once(scenario, None)
		except HarnessFailure as failure:
			complaints, seen, lines = ["the harness: %s" % failure], (scenario.answer,), []
		lines = ours(scenario, lines)
		names = [line.split("(", 1)[0] for line in lines]
		if seen[0] != scenario.answer:
			complaints.append("undisturbed: %s" % (seen,))
		complaints += ["%s: no row in FAULTS" % name for name in set(names) - set(KINDS)]
		for complaint in complaints:
			self.report.breach(scenario.name, "", complaint)
		with self.lock:
			calls = self.calls.setdefault(scenario.program, {})
			for name in names:
				calls[name] = max(calls.get(name, 0), names.count(name))
			return self.baselines.setdefault(scenario.name, (seen, lines))

	def faults(self, scenario, tried=None):
		_, lines = self.baseline(scenario)
		if tried is None:
			tried = self.tried.setdefault(scenario.program, set())
		return list(points(lines, self.occurrences, tried))

	def try_fault(self, scenario, fault):
		name = "%s:%s" % (scenario.name, fault)
		try:
			line, complaints, seen = self.once(scenario, fault)
		except HarnessFailure as failure:
			self.report.breach(name, "", "the harness: %s" % failure)
			return
		with self.lock:
			if line is None:
				self.skipped += 1
				return
			self.runs[scenario.program] = self.runs.get(scenario.program, 0) + 1
		if fault.kind == "EINTR":
			complaints += difference(seen, self.baseline(scenario)[0])
		for complaint in complaints:
			self.report.breach(name, line, complaint)


def difference(seen, undisturbed):
	names = ("status", "stdout", "stderr", "ready pipe", "directory")
	for name, got, wanted in zip(names, seen, undisturbed):
		if got != wanted:
			yield "EINTR made a difference: %s %r became %r" % (name, wanted, got)
			return


def chosen(part, names):
	"""SCENARIO or SCENARIO:CALL:N:KIND, with * in CALL, N and KIND."""
	for name in names:
		words = name.split(":")
		for scenario in [scenario for scenario in ALL if scenario.name == words[0]]:
			if len(words) == 4 and "*" not in name:
				yield scenario, Fault(words[1], int(words[2]), words[3])
				continue
			for fault in part.faults(scenario, set()):
				if all(want in ("*", got) for want, got in zip(words[1:], str(fault).split(":"))):
					yield scenario, fault


def run(bench, names, in_parallel):
	full = os.environ.get("FAULT_FULL", "") not in ("", "0")
	part = Inject(bench, None if full else int(os.environ.get("FAULT_OCCURRENCES", "3")), full)
	if names:
		todo = list(chosen(part, names))
	else:
		in_parallel([lambda s=s: part.baseline(s) for s in ALL])
		todo = [(scenario, fault) for scenario in ALL for fault in part.faults(scenario)]
	in_parallel([lambda s=s, f=f: part.try_fault(s, f) for s, f in todo])
	print("%-16s %9s %12s %13s %8s" % ("program", "scenarios", "system calls", "injected runs",
		"breaches"))
	for program in sorted(part.calls):
		mine = {scenario.name for scenario in ALL if scenario.program == program}
		print("%-16s %9d %12d %13d %8d" % (program, len(mine), len(part.calls[program]),
			part.runs.get(program, 0), part.report.count(mine)))
	print("%d runs left out: the call did not occur so often in them; %d excused\n" % (part.skipped,
		part.report.excused))
	return part.report
