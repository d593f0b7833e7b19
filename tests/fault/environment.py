"""Part 2: what is around the programs is not as it should be: no disk, no descriptors, no processes,
no stdout, no directory, another time, another user.

Each situation is tried in many sizes.  Whatever the answer is, it must be one of the table with a
message that names an object; 0 must be true; nothing is left of a failure; and when the situation is
over, the next start, status and stop work."""

import os
import re
import shutil
import signal
import subprocess
import time

from harness import (DEADLINE_S, PROGRAMS, Program, Report, TABLE, alive, complaints_about_message,
	eventually)
from scenarios import DEAD_PID, write_old

NOBODY = 65534
SOMEBODY = 61184	# a user whom no other test uses: processes are counted per user


class Skip(Exception):
	pass


def answered(program, outcome, allowed=TABLE, with_log=False, silent=False):
	if outcome.hung:
		yield "hangs: %s" % outcome
	elif outcome.status not in allowed:
		yield "not a status for this: %s" % outcome
	elif outcome.status != 0 and not silent:
		yield from complaints_about_message(program, outcome, with_log)


START = ("otelop-spawn", "-t", "5", "--", "@BIN@/otelop-run", "--ready", "fd", "--", "@DAEMON@",
	"ready")
START_STATUSES = {0, 1, 75, 125, 126, 127}


def words(case, command):
	return [word.replace("@BIN@", case.bench.bin).replace("@DAEMON@", case.bench.daemon)
		for word in command]


def under(case, prefix, command):
	"""command with a prefix such as prlimit; its outcome, by pipes, which no limit concerns."""
	out, err = os.pipe(), os.pipe()
	program = Program(case, [*case.prefix, *prefix, case.program(command[0]),
		*words(case, command[1:])], case.env, stdout=out[1], stderr=err[1])
	for end in (out[1], err[1]):
		os.close(end)
	got = program.outcome()
	for end in (out[0], err[0]):
		os.set_blocking(end, False)
	got.out, got.err = (read_all(end) for end in (out[0], err[0]))
	return got


def read_all(fd):
	text = b""
	try:
		while more := os.read(fd, 65536):
			text += more
	except BlockingIOError:
		pass	# a daemon has it, which is for others to see
	os.close(fd)
	return text.decode("utf-8", "replace")


def started(case, outcome, allowed=START_STATUSES):
	"""A start said something: 0 is true, and of a failure nothing is left."""
	yield from answered("otelop-spawn", outcome, allowed, with_log=True)
	if outcome.status == 0:
		got = case.run("otelop-meta", "running")
		if got.out != "running " + outcome.out:
			yield "said 0 %r, but otelop-meta running: %s" % (outcome.out, got)
		got = case.run("otelop-stop", "-t", "4")
		if got.status != 0:
			yield "said 0, but otelop-stop: %s" % got
	left = case.left()
	if left:
		yield "left: " + case.describe(left)


def over(case):
	"""The situation is over: nothing half is there, and everything works."""
	yield from case.complaints_about_files()
	yield from case.complaints_about_next()


class Mounted:
	"""A small file system for the case's state directory."""

	def __init__(self, case, options):
		self.path = case.path("fs")
		os.mkdir(self.path)
		if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self.path],
		    stderr=subprocess.DEVNULL, check=False).returncode != 0:
			raise Skip("mount is not allowed here")
		case.state = os.path.join(self.path, "state")
		case.env["OTELOP_STATE_DIR"] = case.state

	def __enter__(self):
		return self

	def __exit__(self, *_):
		subprocess.run(["umount", "-l", self.path], check=False)

	def remount(self, options):
		subprocess.run(["mount", "-o", "remount," + options, self.path], check=True)

	def fill(self, but):
		"""All pages but so many."""
		with open(os.path.join(self.path, "filler"), "wb", buffering=0) as stream:
			size = 0
			try:
				while True:
					size += stream.write(b"x" * 4096)
			except OSError:
				stream.truncate(max(0, size - but * 4096))

	def empty(self):
		os.remove(os.path.join(self.path, "filler"))


def full_disk(case, pages):
	with Mounted(case, "size=256k,mode=711") as disk:
		os.mkdir(case.state, 0o700)
		disk.fill(pages)
		yield from started(case, case.run(*words(case, START)))
		got = case.run("otelop-meta", "write", "pid=%d" % DEAD_PID)
		yield from answered("otelop-meta", got, {0, 125})
		disk.empty()
		yield from over(case)


def full_disk_later(case):
	"""It is full when the daemon has died: its last word cannot be written."""
	with Mounted(case, "size=256k,mode=711") as disk:
		os.mkdir(case.state, 0o700)
		got = case.run(*words(case, START))
		disk.fill(0)
		status = case.run("otelop-meta", "running")
		if status.out != "running " + got.out:
			yield "with a full disk: %s" % status
		os.kill(int(got.out), signal.SIGKILL)
		case.left()
		status = case.run("otelop-meta", "running")
		if status.status != 1:
			yield "after the daemon's death: %s" % status
		got = case.run("otelop-stop")
		if got.status != 0:
			yield "stop: %s" % got
		disk.empty()
		yield from over(case)


def no_inodes(case, inodes):
	with Mounted(case, "size=256k,mode=711,nr_inodes=%d" % inodes) as disk:
		got = case.run("otelop-statedir", "-e")
		yield from answered("otelop-statedir", got, {0, 125})
		yield from started(case, case.run(*words(case, START)))
		disk.remount("nr_inodes=100")
		yield from over(case)


# What is tried where nothing may be written, or little opened: program, arguments, statuses.
EACH = (
	(("otelop-statedir", "-e"), {0, 125}),
	(("otelop-meta", "write", "pid=%d" % DEAD_PID), {0, 125}),
	(("otelop-meta", "read"), {0, 3, 4, 125}),
	(("otelop-meta", "get", "pid"), {0, 3, 4, 125}),
	(("otelop-meta", "running"), {1, 3, 4, 125}),
	(("otelop-meta", "show"), {1, 3, 4, 125}),
	(("otelop-meta", "remove"), {0, 4, 125}),
	(("otelop-lock", "-p"), {3, 4, 125}),
	(("otelop-lock", "-W"), {0, 4, 125}),
	(("otelop-lock", "--", "/bin/true"), {0, 125, 126, 127}),
	(("otelop-ready",), {0, 125}),
	(("otelop-stop",), {0, 4, 125}),
)


def each(case, prefix):
	for command, allowed in EACH:
		got = under(case, prefix, command)
		yield from named(command, answered(command[0], got, allowed, silent=got.status in (1, 3)))


def named(command, complaints):
	for complaint in complaints:
		yield "%s: %s" % (" ".join(command[:2]), complaint)


def few_descriptors(case, limit):
	os.mkdir(case.state, 0o700)
	write_old(case)
	prefix = ("prlimit", "--nofile=%d" % limit)
	yield from each(case, prefix)
	yield from started(case, under(case, prefix, START))
	got = case.run(*words(case, START))
	if got.status == 0:
		pid = int(got.out)
		for command, allowed in ((("otelop-meta", "running"), {0, 4, 125}),
		    (("otelop-lock", "-p"), {0, 4, 125}), (("otelop-stop", "-n", str(pid)), {0, 4, 125}),
		    (("otelop-stop", "-t", "4"), {0, 4, 124, 125})):
			got = under(case, prefix, command)
			yield from answered(command[0], got, allowed)
		if got.status == 0 and case.left():
			yield "stop said 0, and there is: " + case.describe(case.left(deadline_s=0))
		case.run("otelop-stop", "-t", "4")
	yield from over(case)


def few_processes(case, limit):
	if os.getuid() != 0:
		raise Skip("needs root")
	os.chown(case.dir, SOMEBODY, SOMEBODY)
	case.prefix = ("setpriv", "--reuid=%d" % SOMEBODY, "--regid=%d" % SOMEBODY, "--clear-groups")
	got = under(case, ("prlimit", "--nproc=%d" % limit, "--"), START)
	yield from started(case, got)
	if limit == 0 and got.status != 125:
		yield "without a process to be had: %s" % got
	yield from over(case)


def no_file_size(case, limit):
	os.mkdir(case.state, 0o700)
	prefix = ("prlimit", "--fsize=%d" % limit)
	yield from started(case, under(case, prefix, START))
	yield from each(case, prefix)
	yield from over(case)


def read_only(case):
	with Mounted(case, "size=256k,mode=711") as disk:
		disk.remount("ro")
		for command in (("otelop-statedir", "-e"), ("otelop-lock", "--", "/bin/true"), START):
			got = case.run(*words(case, command))
			yield from answered(command[0], got, {125})
		for command, status in ((("otelop-meta", "running"), 3), (("otelop-lock", "-p"), 3),
		    (("otelop-stop",), 0), (("otelop-meta", "remove"), 0)):
			got = case.run(*command)
			if got.status != status:
				yield "read-only, no directory: %s: %s" % (command, got)
		disk.remount("rw")
		os.mkdir(case.state, 0o700)
		write_old(case)
		disk.remount("ro")
		yield from each(case, ())
		yield from started(case, case.run(*words(case, START)), {125})
		disk.remount("rw")
		yield from over(case)


PRINTING = (("otelop-statedir",), ("otelop-meta", "read"), ("otelop-meta", "get", "pid"),
	("otelop-meta", "running"), ("otelop-meta", "show"), ("otelop-meta", "show", "--json"),
	("otelop-meta", "-V"), ("otelop-stop", "-h"), START)


def full_stdout(case):
	os.mkdir(case.state, 0o700)
	write_old(case)
	with open("/dev/full", "wb") as full:
		for command in PRINTING:
			got = case.run(*words(case, command), stdout=full)
			yield from named(command, answered(command[0], got, {125}, with_log=True))
			if case.left():
				yield "left by %s: %s" % (command[0], case.describe(case.left(deadline_s=0)))
		write_old(case)
		for command in (("status",), ("help",), ("version",), ("list",), ("start", "--ready", "fd",
		    "--", "@DAEMON@", "ready")):
			got = case.run("otelop", *words(case, command), stdout=full)
			yield from named(("otelop", *command), answered("otelop", got, {125}, silent=True))
			if case.left():
				yield "left by otelop %s: %s" % (command[0],
					case.describe(case.left(deadline_s=0)))
	yield from over(case)


def closed(case, which):
	"""Of stdin, stdout and stderr some are closed."""
	script = 'exec "$@"' + "".join(" %d>&-" % fd for fd in (0, 1, 2) if which & 1 << fd)
	os.mkdir(case.state, 0o700)
	write_old(case)
	before = case.file("otelop.json")
	for command in PRINTING:
		got = case.shell(script, case.program(command[0]), *words(case, command[1:])).outcome()
		stdout_closed = which & 2
		yield from named(command, answered(command[0], got, {125} if stdout_closed else {0, 1},
			silent=which & 4 or got.status == 1))
		if command is START:
			if not stdout_closed:
				yield from complaints_about_daemon(case, got)
			case.run("otelop-stop", "-t", "4")
		elif case.file("otelop.json") != before:
			yield "%s wrote into otelop.json: %r" % (command[0], case.file("otelop.json"))
	if case.file("otelop.log"):
		yield "something wrote into the log: %r" % case.file("otelop.log")
	if case.left():
		yield "left: " + case.describe(case.left(deadline_s=0))
	yield from over(case)


def complaints_about_daemon(case, got):
	pid = int(got.out or 0)
	names = {fd: os.readlink("/proc/%d/fd/%d" % (pid, fd)) for fd in (0, 1, 2)} if alive(pid) else {}
	log = os.path.join(case.state, "otelop.log")
	if names != {0: "/dev/null", 1: log, 2: log}:
		yield "the daemon has %s" % names


def no_reader(case, ignored):
	"""stdout is a pipe that nobody reads, SIGPIPE ignored or not: the status is the answer's own, without a
	word, and a daemon whose pid nobody reads stays."""
	os.mkdir(case.state, 0o700)
	write_old(case)
	for command in PRINTING:
		wanted = case.run(*words(case, command)) if command is not START else None
		read, write = os.pipe()
		os.close(read)
		got = case.run(*words(case, command), stdout=write, restore_signals=not ignored)
		os.close(write)
		yield from named(command, answered(command[0], got, {wanted.status if wanted else 0}, silent=True))
		if wanted and got.err != wanted.err:
			yield "%s says of it: %r" % (command[0], got.err)
		if command is START:
			for program, arguments in (("otelop-meta", ("running",)), ("otelop-stop", ("-t", "4"))):
				told = case.run(program, *arguments)
				if told.status != 0:
					yield "the daemon whose pid nobody read: %s: %s" % (program, told)
		if case.left():
			yield "left by %s: %s" % (command[0], case.describe(case.left(deadline_s=0)))
	yield from over(case)


def removed_below(case, how):
	"""The state directory, or the file, vanishes below a daemon, which nobody can find any more."""
	got = case.run(*words(case, START))
	first = int(got.out)
	runners = [pid for pid in case.processes() if pid != first]
	if how == "directory":
		shutil.rmtree(case.state)
	else:
		os.remove(os.path.join(case.state, "otelop.json"))
	for command, statuses in ((("otelop-meta", "running"), {3}), (("otelop-lock", "-p"), {3}),
	    (("otelop-stop", "-t", "4"), {0}), (("otelop-meta", "remove"), {0})):
		got = case.run(*command)
		if got.status not in statuses:
			yield "%s removed: %s: %s" % (how, command, got)
	if not alive(first):
		yield "%s removed: what nobody could find was ended" % how
	second = case.run(*words(case, START))
	if second.status != 0:
		yield "%s removed: the next start: %s" % (how, second)
	for pid in runners:
		os.kill(pid, signal.SIGTERM)
	if not eventually(lambda: not alive(first) and not any(map(alive, runners))):
		yield "%s removed: the old daemon does not end" % how
	got = case.run("otelop-meta", "running")
	if got.out != "running " + second.out:
		yield "%s removed: the old daemon's end hit the new one: %s" % (how, got)
	case.run("otelop-stop", "-t", "4")
	yield from over(case)


def other_user(case):
	"""Nobody may not see root's daemon, not stop it and not harm it; root may nobody's."""
	if os.getuid() != 0:
		raise Skip("needs root")
	nobody = ("setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups")
	got = case.run(*words(case, START))
	pid = int(got.out)
	for mode in (0o700, 0o755):
		os.chmod(case.state, mode)
		for command, statuses in ((("otelop-meta", "running"), {4}), (("otelop-meta", "show"), {4}),
		    (("otelop-meta", "read"), {4}), (("otelop-meta", "remove"), {4}),
		    (("otelop-meta", "write"), {125}), (("otelop-lock", "-p"), {4}),
		    (("otelop-lock", "--", "/bin/true"), {125}), (("otelop-stop",), {4}),
		    (("otelop-stop", str(pid)), {4}), (START, {125})):
			got = under(case, nobody, command)
			yield from named(("mode %o," % mode, *command), answered(command[0], got, statuses,
				with_log=True))
		got = under(case, nobody, ("otelop-stop", "-n", str(pid)))
		if got.status != 0:
			yield "otelop-stop -n of root's process: %s" % got
	if not alive(pid) or case.run("otelop-meta", "running").status != 0:
		yield "root's daemon was harmed"
	case.run("otelop-stop", "-t", "4")
	shutil.rmtree(case.state)
	os.chown(case.dir, NOBODY, NOBODY)
	got = under(case, nobody, START)
	yield from answered("otelop-spawn", got, {0}, with_log=True)
	# A directory of somebody else is not to be trusted, not even by root.
	for command, statuses in ((("otelop-meta", "running"), {4}), (("otelop-stop",), {4})):
		yield from answered(command[0], case.run(*command), statuses)
	got = case.run("otelop-stop", "-t", "4", got.out.strip())
	yield from answered("otelop-stop", got, {0})
	if case.left():
		yield "left: " + case.describe(case.left(deadline_s=0))
	shutil.rmtree(case.state)
	yield from over(case)


def faketime(case):
	"""The system's build, as only that has a loader that libfaketime can use."""
	library = next((path for path in ("/usr/lib/%s/faketime/libfaketime.so.1" % name
		for name in os.listdir("/usr/lib")) if os.path.exists(path)), None)
	if library is None:
		raise Skip("libfaketime is not there")
	with case.bench.lock:
		system = os.path.join(os.environ["BUILD"], "fault")
		top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
		made = subprocess.run(["make", "-s", "-C", top, "LIBC=system", "SANITIZE=", "BUILD=" + system],
			stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
		if made.returncode != 0:
			raise RuntimeError("the build with LIBC=system: " + made.stdout.decode())
	programs = case.path("system")
	os.mkdir(programs)
	for program in PROGRAMS:
		shutil.copy(os.path.join(system, program), programs)
	case.program = lambda name: case.bench.daemon if name == "daemon" else \
		os.path.join(programs, name)
	clock = case.path("clock")
	case.env.update({"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock,
		"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
		"DONT_FAKE_MONOTONIC": "1"})
	return lambda offset: write(clock, offset + "\n")


def write(path, text):
	with open(path + ".new", "w", encoding="utf-8") as stream:
		stream.write(text)
	os.rename(path + ".new", path)


def clock_back(case):
	"""A day back below a running daemon, and while something is waited for."""
	set_clock = faketime(case)
	set_clock("+0d")
	start = ("otelop-spawn", "-t", "5", "--", case.program("otelop-run"), "--ready", "fd", "--",
		case.bench.daemon, "ready")
	got = case.run(*start)
	yield from answered("otelop-spawn", got, {0})
	set_clock("-1d")
	status = case.run("otelop-meta", "running")
	if status.out != "running " + got.out:
		yield "a day earlier: %s" % status
	status = case.run("otelop-meta", "show")
	if status.status != 0 or not re.search(r"(?m)^uptime +0s$", status.out):
		yield "a day earlier: %s" % status
	status = case.run("otelop-stop", "-t", "4")
	if status.status != 0 or case.left():
		yield "a day earlier: stop: %s" % status
	# A wait is as long as it was to be.
	set_clock("+0d")
	for command, wanted, program in (
	    (("otelop-spawn", "-t", "1", "--", "sleep", "60"), 124, None),
	    (("otelop-lock", "-w", "1", "--", "true"), 124, "holder"),
	    (("otelop-lock", "-w", "1", "-W"), 124, "holder"),
	    (("otelop-meta", "running", "-a", "-w", "1"), 124, None)):
		holder = None
		if program:
			holder = case.start("otelop-lock", "--", case.bench.daemon, "touch", case.path("up"))
			eventually(lambda: os.path.exists(case.path("up")), DEADLINE_S)
		began = time.monotonic()
		waiting = case.start(*command)
		waiting.ended(0.3)
		set_clock("-1d")
		got = waiting.outcome(6)
		waited = time.monotonic() - began
		set_clock("+0d")
		if got.status != wanted or not 0.9 < waited < 4:
			yield "%s while time goes back: %.1f s, %s" % (command, waited, got)
		if holder:
			holder.process.kill()
			holder.outcome()
			os.remove(case.path("up"))
	got = case.run("otelop-spawn", "-t", "5", "--", case.program("otelop-run"), "--ready", "fd",
		"--max-lifetime", "1", "--", case.bench.daemon, "ready")
	set_clock("-1d")
	if not eventually(lambda: not case.processes(), 4):
		yield "--max-lifetime: %s, and after 4 s there is: %s" % (got,
			case.describe(case.processes()))
	yield from over(case)


def situations(full):
	few = range(3, 21) if full else (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 20)
	return [
		("full-disk", full_disk, [(pages,) for pages in range(0, 8)]),
		("full-disk-later", full_disk_later, [()]),
		("no-inodes", no_inodes, [(inodes,) for inodes in range(1, 8)]),
		("few-descriptors", few_descriptors, [(limit,) for limit in few]),
		("few-processes", few_processes, [(limit,) for limit in range(0, 6)]),
		("no-file-size", no_file_size, [(0,), (1,), (100,)]),
		("read-only", read_only, [()]),
		("full-stdout", full_stdout, [()]),
		("closed", closed, [(which,) for which in range(8)]),
		("no-reader", no_reader, [(False,), (True,)]),
		("removed-below", removed_below, [("directory",), ("file",)]),
		("other-user", other_user, [()]),
		("clock-back", clock_back, [()]),
	]


def run(bench, names, in_parallel):
	report = Report("environment")
	table, skipped = {}, {}

	def attempt(name, function, arguments):
		full_name = ":".join([name, *map(str, arguments)])
		if names and name not in names and full_name not in names:
			return
		with bench.case() as case:
			try:
				for complaint in function(case, *arguments):
					report.breach(full_name, "", complaint)
			except Skip as reason:
				skipped[name] = str(reason)
				return
			with report.lock:
				table[name] = table.get(name, 0) + 1

	full = os.environ.get("FAULT_FULL", "") not in ("", "0")
	in_parallel([lambda n=name, f=function, a=arguments: attempt(n, f, a)
		for name, function, sizes in situations(full) for arguments in sizes])
	print("%-16s %6s %8s" % ("situation", "sizes", "breaches"))
	for name, _, _ in situations(full):
		if name in table:
			print("%-16s %6d %8d" % (name, table[name], report.count({name})))
		elif name in skipped:
			print("%-16s left out: %s" % (name, skipped[name]))
	print(flush=True)
	return report
