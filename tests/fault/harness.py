"""What all parts have in common: a case with a directory and a mark of its own, the programs run in
it, the processes that it left, and what every directory must look like afterwards."""

import fcntl
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

MARK = "OTELOP_FAULT_MARK"
TABLE = {0, 1, 2, 3, 4, 75, 124, 125, 126, 127}	# otelop(7), and 128+n
DEADLINE_S = 8 * float(os.environ.get("FAULT_SLOW", "1"))	# for what takes milliseconds
PROGRAMS = ("otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop "
	"otelop-run otelop").split()

# A message must name what it is about.
OBJECT = re.compile(r"/|otelop\.(json|log)|std(in|out|err)\b|descriptor|ready pipe|notify|NOTIFY"
	r"|signals|children|\bHOME\b|\b\d+\b|log|memory|role")


class Bench:
	"""The programs, copied so that everybody may run them, and a place for cases."""

	def __init__(self, build):
		self.dir = tempfile.mkdtemp(prefix="otelop-fault.")
		os.chmod(self.dir, 0o711)
		self.bin = os.path.join(self.dir, "bin")
		os.mkdir(self.bin, 0o755)
		for program in PROGRAMS:
			shutil.copy(os.path.join(build, program), self.bin)
		self.daemon = os.path.join(self.bin, "daemon")
		self.cases = 0
		self.lock = threading.Lock()
		source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "daemon.c")
		subprocess.run(os.environ.get("CC", "cc").split() +
			["-O1", "-static", "-o", self.daemon, source], check=True)

	def case(self, **more):
		with self.lock:
			self.cases += 1
			number = self.cases
		return Case(self, os.path.join(self.dir, str(number)), **more)

	def close(self):
		shutil.rmtree(self.dir, ignore_errors=True)


class Outcome:
	def __init__(self, status, out, err, hung=False):
		self.status = status	# as a shell has it: 128+n for a signal
		self.out = out
		self.err = err
		self.hung = hung
		self.ready = ""		# what came over the ready pipe or the notify socket

	def __str__(self):
		return "status %s, stdout %r, stderr %r%s" % (self.status, self.out, self.err,
			", ready pipe %r" % self.ready if self.ready else "")


class Program:
	"""A program that runs; its output goes to files, so that nobody can hold us by a pipe."""

	def __init__(self, case, argv, env, **popen):
		case.started += 1
		self.case = case
		self.out = os.path.join(case.dir, "out.%d" % case.started)
		self.err = os.path.join(case.dir, "err.%d" % case.started)
		with open(self.out, "wb") as out, open(self.err, "wb") as err:
			popen.setdefault("stdin", subprocess.DEVNULL)
			popen.setdefault("stdout", out)
			popen.setdefault("stderr", err)
			popen.setdefault("cwd", case.dir)
			self.process = subprocess.Popen(argv, env=env, **popen)
		self.pid = self.process.pid

	def ended(self, deadline_s=0.0):
		"""Wait by event, so that a run costs what it costs."""
		if self.process.returncode is None:
			handle = os.pidfd_open(self.pid)
			poll = select.poll()
			poll.register(handle, select.POLLIN)
			gone = poll.poll(max(0, deadline_s) * 1000)
			os.close(handle)
			if not gone:
				return False
		self.process.wait()
		return True

	def outcome(self, deadline_s=None):
		"""Wait until it has ended; what does not end in time is killed."""
		hung = not self.ended(DEADLINE_S if deadline_s is None else deadline_s)
		if hung:
			self.case.kill()
			if not self.ended(1):
				self.process.kill()
				self.process.wait()
		status = self.process.returncode
		return Outcome(128 - status if status < 0 else status, self.text(self.out),
			self.text(self.err), hung)

	@staticmethod
	def text(path):
		with open(path, "rb") as stream:
			return stream.read().decode("utf-8", "replace")


class Case:
	"""A directory and a mark of its own; what is started in it inherits the mark."""

	def __init__(self, bench, directory, state=None):
		self.bench = bench
		self.dir = directory
		self.started = 0
		self.prefix = ()	# what every program is run by: setpriv, prlimit
		os.mkdir(self.dir, 0o711)
		os.chmod(self.dir, 0o711)
		self.state = state or os.path.join(self.dir, "state")
		self.mark = "%s=%s" % (MARK, self.dir)
		self.env = {
			"PATH": self.bench.bin + ":/usr/bin:/bin", "HOME": self.dir, "LC_ALL": "C",
			"OTELOP_STATE_DIR": self.state, MARK: self.dir,
		}

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.kill()
		shutil.rmtree(self.dir, ignore_errors=True)

	def path(self, name):
		return os.path.join(self.dir, name)

	def program(self, name):
		return self.bench.daemon if name == "daemon" else os.path.join(self.bench.bin, name)

	def start(self, *argv, env=None, **popen):
		return Program(self, [*self.prefix, self.program(argv[0]), *argv[1:]],
			{**self.env, **(env or {})}, **popen)

	def run(self, *argv, deadline_s=None, **more):
		return self.start(*argv, **more).outcome(deadline_s)

	def shell(self, script, *words, **popen):
		"""For redirections that Popen does not have: script is sh, the words are "$@"."""
		return Program(self, ["sh", "-c", script, "sh", *words], popen.pop("env", self.env), **popen)

	# Processes

	def processes(self):
		"""All that bear the mark and are more than zombies."""
		found, mark = [], self.mark.encode()
		for name in os.listdir("/proc"):
			if not name.isdigit():
				continue
			try:
				with open("/proc/%s/environ" % name, "rb") as stream:
					if mark in stream.read().split(b"\0"):
						found.append(int(name))
			except OSError:
				pass
		return found

	def describe(self, pids):
		lines = []
		for pid in pids:
			try:
				with open("/proc/%d/cmdline" % pid, "rb") as stream:
					words = stream.read().replace(b"\0", b" ").decode("utf-8", "replace")
				lines.append("%d %s" % (pid, words.replace(self.bench.bin + "/", "").strip()))
			except OSError:
				pass
		return "; ".join(lines)

	def left(self, but=(), deadline_s=5.0):
		"""What still runs when there was time enough to end."""
		end = time.monotonic() + deadline_s
		while True:
			found = [pid for pid in self.processes() if pid not in but]
			if not found or time.monotonic() > end:
				return found
			time.sleep(0.005)

	def kill(self):
		while True:
			found = self.processes()
			for pid in found:
				try:
					os.kill(pid, signal.SIGKILL)
				except ProcessLookupError:
					pass
			if not found:
				return
			time.sleep(0.002)

	# The state directory

	def file(self, name):
		try:
			with open(os.path.join(self.state, name), "rb") as stream:
				return stream.read()
		except OSError:
			return None

	def metadata(self):
		"""The object; {} when the file is absent or empty; None when it is half or no JSON."""
		text = self.file("otelop.json")
		if not text:
			return {}
		try:
			found = json.loads(text.decode())
		except ValueError:
			return None
		return found if isinstance(found, dict) else None

	def listing(self):
		try:
			return sorted(os.listdir(self.state))
		except OSError:
			return []

	def complaints_about_files(self, temporary_allowed=False, chain_allowed=False):
		allowed = {"otelop.json", "otelop.log"}
		if chain_allowed:
			allowed.add("otelop.start")
		if temporary_allowed:
			allowed.update(("otelop.json.first", "otelop.json.next", "otelop.json.gone"))
		for name in self.listing():
			if name not in allowed and not re.fullmatch(r"otelop\.log\.\d+", name):
				yield "left in the state directory: " + name
		if self.metadata() is None:
			yield "otelop.json is half written: %r" % self.file("otelop.json")

	def fingerprint(self):
		"""All of the directory that a later start can depend on."""
		return repr([(name, normal(self.file(name) or b"")) for name in self.listing()
			if not name.startswith("otelop.log")]) if os.path.isdir(self.state) else "none"

	def complaints_about_next(self):
		"""The next ordinary start, status and stop must work as if nothing had been."""
		# Whatever was there when a chain began stays for the next one.
		lasting = {"otelop.start"} & set(self.listing())
		for words, wanted in ((["start", "--ready", "fd", "-t", "10", "--", self.bench.daemon,
		    "ready"], 0), (["status"], 0), (["stop"], 0), (["status"], 3)):
			got = self.run("otelop", *words)
			if got.hung or got.status != wanted:
				yield "afterwards, otelop %s: wanted %d, got %s" % (words[0], wanted, got)
				return
		left = self.left()
		if left:
			yield "afterwards, otelop stop left: " + self.describe(left)
		for name in self.listing():
			if not name.startswith("otelop.log") and name not in lasting:
				yield "afterwards, otelop stop left %s" % name


class Report:
	"""Breaches, told when they are found and kept for the sum.  excuses: rows of (name, what was
	seen, complaint, reason), the first three regular expressions."""

	def __init__(self, part, excuses=()):
		self.part = part
		self.excuses = excuses
		self.excused = 0
		self.names = []
		self.lock = threading.Lock()

	def breach(self, name, seen, complaint):
		with self.lock:
			if any(re.search(where, name) and re.search(what, seen) and re.search(said, complaint)
			    for where, what, said, _ in self.excuses):
				self.excused += 1
				return
			self.names.append(name)
			print("breach: %s\n%s  again: BUILD=%s sh tests/fault/run %s '%s'\n" % (complaint,
				"  %s\n" % seen if seen else "", os.environ["BUILD"], self.part, name), flush=True)

	def count(self, prefixes):
		return sum(name.split(":")[0] in prefixes for name in self.names)


def normal(text):
	"""Without what differs from run to run."""
	if isinstance(text, bytes):
		text = text.decode("utf-8", "replace")
	text = re.sub(r"otelop-fault\.[^/]+/\d+", "CASE", text)
	text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
	text = re.sub(r"(?m)^uptime +\d+s", "uptime", text)
	return re.sub(r"\d{2,}", "N", text)


def complaints_about_message(program, outcome, with_log=False):
	"""A failure has lines that begin with the program's name and name what it is about.  with_log:
	between them may be what the log says."""
	lines = outcome.err.splitlines()
	if not lines:
		yield "status %d without a word" % outcome.status
		return
	ours = tuple(name + ": " for name in ([program, "otelop-run"] if with_log else [program]))
	for line in lines:
		if not line.startswith(ours + ("usage: ", "       ")):
			yield "a line that does not begin with %s: %r" % (program, line)
	if not any(OBJECT.search(line[len(program) + 2:]) for line in lines):
		yield "the message names no object: %r" % lines[0]


def eventually(condition, deadline_s=5.0):
	end = time.monotonic() + deadline_s
	while not condition():
		if time.monotonic() > end:
			return False
		time.sleep(0.002)
	return True


def alive(pid):
	try:
		with open("/proc/%d/stat" % pid, "rb") as stream:
			return stream.read().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
	except OSError:
		return False


def is_locked(path):
	"""Asked as a probe does, by the kernel."""
	try:
		fd = os.open(path, os.O_RDONLY)
	except OSError:
		return False
	try:
		fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
		return False
	except BlockingIOError:
		return True
	finally:
		os.close(fd)
