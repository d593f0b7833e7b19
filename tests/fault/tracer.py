"""strace as the injector: run a program, or the first child that it forks, with one fault in it.

strace counts `when=N` in each process on its own, exec or not, and the first execve, its own, is not
counted.  So a program is traced without -f: nothing else is hit.  What it forks would, with -f, be
hit by the same N as the program itself; a child is therefore traced alone, see Tracer.start_child."""

import os
import re
import signal
import subprocess

from harness import Program, eventually


class Fault:
	"""The nth call of one system call fails with an errno, or the process is killed on entering it."""

	def __init__(self, syscall, nth, kind):
		self.syscall = syscall
		self.nth = nth
		self.kind = kind

	def __str__(self):
		return "%s:%d:%s" % (self.syscall, self.nth, self.kind)

	def options(self):
		what = "signal=KILL" if self.kind == "KILL" else "error=" + self.kind
		return ["-e", "trace=" + self.syscall, "-e", "inject=%s:%s:when=%d" % (self.syscall,
			what, self.nth)]


class HarnessFailure(Exception):
	pass


class Tracer:
	def __init__(self, case, fault):
		self.case = case
		self.fault = fault
		self.file = case.path("trace")
		self.attached = None
		# strace itself bears no mark, what it runs does.
		self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}

	def strace(self, *more):
		return ["strace", "-q", "-y", "-o", self.file,
			*(self.fault.options() if self.fault else ["-e", "trace=all"]), *more]

	def start(self, argv, env=None, redirections=""):
		"""argv under strace.  redirections are sh's; 9 is open on purpose: nobody may pass it on."""
		settings = []
		for name, value in {**self.case.env, **(env or {})}.items():
			settings += ["-E", "%s=%s" % (name, value)]
		return Program(self.case, ["sh", "-c", 'exec "$@" 9</dev/null ' + redirections, "sh",
			*self.strace(*settings, *argv)], self.env)

	def start_child(self, argv, env=None, redirections="", generation=1, prelude="", errands=0):
		"""argv as it is, but its first child (or that one's: generation 2) under strace, from the fork on.
		What the prelude leaves it is none, and so many errands, which are children that come first, pass.

		A first strace stops the child in gettid, which musl calls in a forked child and nowhere else;
		then the program is stopped too, so that it forks no other while strace lets all go, and a second
		one takes the child, which does not notice."""
		program = Program(self.case, ["sh", "-c", prelude + 'kill -STOP $$; exec "$@" 9</dev/null ' +
			redirections, "sh", *argv], {**self.case.env, **(env or {})})
		first, log = None, self.case.path("first")
		try:
			self.wait_for("the program to stop", program, lambda: is_stopped(program.pid))
			given = set(children_of(program.pid))
			first = subprocess.Popen(["strace", "-f", "-q", "-o", log, "-e", "trace=gettid", "-e",
				"inject=gettid:signal=STOP:when=1", "-p", str(program.pid)], env=self.env,
				stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
			self.wait_for("strace to attach", program, lambda: tracer_of(program.pid))
			os.kill(program.pid, signal.SIGCONT)
			for _ in range(errands):
				self.wait_for("an errand", program, lambda: stopped_below(log, [program.pid, *given]))
				errand = min(stopped_below(log, [program.pid, *given]))
				given.add(errand)
				os.kill(errand, signal.SIGCONT)
			above = [program.pid, *given]
			generation += len(given)
			while len(above) <= generation:
				if above[-1] not in (program.pid, *given):
					os.kill(above[-1], signal.SIGCONT)
				self.wait_for("a child", program, lambda: stopped_below(log, above))
				above.append(min(stopped_below(log, above)))
			del above[-1]
			before = stopped(log).count(program.pid)
			os.kill(program.pid, signal.SIGSTOP)
			self.wait_for("the program to stop", program, lambda: stopped(log).count(program.pid) > before)
			self.wait_for("its children to stop", program, lambda: set(children_of(program.pid)) - given <=
				set(stopped(log)))
			child, *others = sorted(stopped_below(log, above))
			self.detach(first)
			for other in (*others, program.pid):
				os.kill(other, signal.SIGCONT)
			self.attached = subprocess.Popen(self.strace("-p", str(child)), env=self.env,
				stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
			self.wait_for("strace to attach to the child", program, lambda: tracer_of(child))
			os.kill(child, signal.SIGCONT)
		except OSError as error:
			raise HarnessFailure("the child cannot be traced: %s" % error) from error
		finally:
			if first is not None:
				self.detach(first)
		return program

	@staticmethod
	def wait_for(what, program, condition):
		if not eventually(lambda: condition() or program.ended(), 10) or program.ended():
			raise HarnessFailure("waited in vain for %s" % what)

	@staticmethod
	def detach(strace):
		if strace.poll() is None:
			strace.send_signal(signal.SIGTERM)
			strace.wait()

	def close(self):
		if self.attached is None:
			return
		if self.fault is not None and self.fault.kind == "KILL":
			try:
				self.attached.wait(1)	# a detach in the middle of the call would leave it without its end
			except subprocess.TimeoutExpired:
				pass
		self.detach(self.attached)

	def lines(self):
		"""The system calls, as strace writes them; not its own execve of the program."""
		with open(self.file, encoding="utf-8", errors="replace") as stream:
			calls = [line.rstrip("\n") for line in stream if re.match(r"[a-z]\w*\(", line)]
		if self.attached is None and calls and calls[0].startswith("execve("):
			del calls[0]
		return calls

	def injected(self):
		"""The line of the fault; None: the call did not occur so often, or had but begun when all was over and
		strace was detached.  Else the harness is broken."""
		calls = [line for line in self.lines() if line.startswith(self.fault.syscall + "(") and
			not line.endswith("<detached ...>")]
		if len(calls) < self.fault.nth:
			return None
		line = calls[self.fault.nth - 1]
		if "(INJECTED)" in line if self.fault.kind != "KILL" else re.search(r"= \?$", line):
			return line
		raise HarnessFailure("strace injected nothing: %s" % line)


def is_stopped(pid):
	return status_of(pid, "State").lower().startswith("t")


def tracer_of(pid):
	return int(status_of(pid, "TracerPid") or 0)


def status_of(pid, name):
	try:
		with open("/proc/%s/status" % pid, encoding="utf-8") as stream:
			return next((line.split(":", 1)[1].strip() for line in stream
				if line.startswith(name + ":")), "")
	except OSError:
		return ""


def stopped(log):
	"""Who stopped, as often as it did, by strace's word: under it, a process looks stopped at every
	system call."""
	try:
		with open(log, encoding="utf-8") as stream:
			return [int(pid) for pid in re.findall(r"(?m)^(\d+) +--- stopped by SIGSTOP", stream.read())]
	except OSError:
		return []


def stopped_below(log, above):
	return [pid for pid in dict.fromkeys(stopped(log)) if pid not in above]


def children_of(pid):
	"""Those that are more than zombies."""
	with open("/proc/%d/task/%d/children" % (pid, pid), encoding="utf-8") as stream:
		return [int(child) for child in stream.read().split() if not status_of(child, "State").startswith("Z")]
