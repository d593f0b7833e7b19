"""What the programs are doing when a fault hits them, and what may then be true."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import time

from harness import (DEADLINE_S, alive, complaints_about_message, eventually, is_locked)

DEAD_PID = 4194300	# no process has it: the kernel's numbers end at 4194304 and begin below
OLD = {
	"pid": DEAD_PID, "startedAt": "2026-01-02T03:04:05.000000006Z", "httpAddr": "127.0.0.1:4319",
	"otlpGrpcAddr": "", "otlpHttpAddr": "", "proxyUrl": "", "proxyProtocol": "", "version": "1",
}


class Scenario:
	"""One program doing one thing.  `answer` is the status of the undisturbed run, which needs no
	message; `lies` are statuses that would be wrong whatever fails; any other failure must be one of
	`failures`."""

	name = ""
	program = ""
	arguments = ()
	answer = 0
	failures = {4, 125}
	lies = set()
	in_child = 0	# the fault hits not the program: 1: its first child, 2: that one's first child
	prelude = ""	# sh's, before it becomes the program
	errands = 0	# children that come before that one
	until_exec = False	# behind the last execve comes what is not ours
	environment = {}
	redirections = ""
	leaves_nothing_on_failure = False
	is_chain = False	# it makes otelop.start, which stays
	keepers_allowed = False	# they are the situation, and otelop-stop must end them
	orphans_allowed = False	# after SIGKILL: nobody is above who could end them

	def prepare(self, case):
		os.mkdir(case.state, 0o700)

	def words(self, case):
		return [case.program(self.program), *(str(word).replace("@BIN@", case.bench.bin)
			.replace("@DAEMON@", case.bench.daemon) for word in self.arguments)]

	def launch(self, case, tracer):
		if self.in_child:
			return tracer.start_child(self.words(case), self.environment, self.redirections, self.in_child,
				self.prelude, self.errands)
		return tracer.start(self.words(case), self.environment, self.redirections)

	def act(self, case, tracer):
		return self.launch(case, tracer).outcome()

	def complaints(self, case, outcome, killed):
		"""The status is one that may be, a failure has its message, and nothing runs that must not."""
		if killed:
			yield from self.truth(case, outcome, killed)
			return
		if outcome.status in self.lies:
			yield "a lie: %s" % outcome
		elif outcome.status != self.answer and outcome.status not in self.failures:
			yield "not a status for this: %s" % outcome
		elif outcome.status != self.answer:
			yield from self.complaints_about_words(outcome)
		if outcome.status != self.answer and self.leaves_nothing_on_failure:
			left = case.left()
			if left:
				yield "failed, and left: " + case.describe(left)
		yield from self.truth(case, outcome, killed)

	def complaints_about_words(self, outcome):
		yield from complaints_about_message(self.program, outcome)

	def truth(self, case, outcome, killed):
		"""What it said is so."""
		return ()


def write_old(case):
	with open(os.path.join(case.state, "otelop.json"), "w", encoding="utf-8") as stream:
		stream.write(json.dumps(OLD, indent=2))
	os.chmod(stream.name, 0o600)


def is_old(case):
	return case.file("otelop.json") == json.dumps(OLD, indent=2).encode()


class Stale(Scenario):
	def prepare(self, case):
		super().prepare(case)
		write_old(case)


class Held(Scenario):
	"""Somebody holds the lock; whatever fails, he still does."""

	def prepare(self, case):
		super().prepare(case)
		case.holder = case.start("otelop-lock", "role=holder", "--", case.bench.daemon, "touch",
			case.path("up"))
		eventually(lambda: os.path.exists(case.path("up")), DEADLINE_S)

	def truth(self, case, outcome, killed):
		if not is_locked(os.path.join(case.state, "otelop.json")) or \
		    (case.metadata() or {}).get("pid") != case.holder.pid:
			yield "the holder's file is not what it was"


def start_daemon(case):
	got = case.run("otelop-spawn", "-t", "10", "--", case.program("otelop-run"), "--ready", "fd",
		"--", case.bench.daemon, "ready")
	if got.status != 0:
		raise RuntimeError("the daemon does not start: %s" % got)
	case.pid = int(got.out)


class StatedirEnsure(Scenario):
	name, program, arguments = "statedir-ensure", "otelop-statedir", ("-e",)
	failures = {125}

	def prepare(self, case):
		case.state = case.path("a/b/state")
		case.env["OTELOP_STATE_DIR"] = case.state

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and (outcome.out != case.state + "\n" or
		    stat.S_IMODE(os.stat(case.state).st_mode) != 0o700):
			yield "said 0 but: %s" % outcome


class MetaWrite(Stale):
	name, program = "meta-write", "otelop-meta"
	arguments = ("write", "pid=%d" % DEAD_PID, "httpAddr=[::1]:80", "role=tested")
	failures = {125}

	def truth(self, case, outcome, killed):
		found = case.metadata() or {}
		new = found.get("httpAddr") == "[::1]:80" and found.get("role") == "tested" and \
			found.get("pid") == DEAD_PID and found.get("version") == ""
		if outcome.status == 0 and not new:
			yield "said 0, but the file is: %s" % found
		if outcome.status != 0 and not self.is_unchanged(case) and not (killed and new):
			yield "failed, but the file is: %s" % found

	def is_unchanged(self, case):
		return is_old(case)


class MetaWriteNew(MetaWrite):
	name = "meta-write-new"

	def prepare(self, case):
		Scenario.prepare(self, case)

	def is_unchanged(self, case):
		return not case.file("otelop.json")


class MetaRead(Stale):
	name, program, arguments = "meta-read", "otelop-meta", ("read",)
	lies = {1, 3}

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and json.loads(outcome.out) != OLD:
			yield "said 0 and: %s" % outcome.out
		if not is_old(case):
			yield "reading changed the file"


class MetaGet(Stale):
	name, program, arguments = "meta-get", "otelop-meta", ("get", "pid", "httpAddr")
	lies = {1, 3}

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and outcome.out != "%d\n127.0.0.1:4319\n" % DEAD_PID:
			yield "said 0 and: %r" % outcome.out


class MetaRunning(Held):
	name, program, arguments = "meta-running", "otelop-meta", ("running",)
	lies = {1, 3}

	def truth(self, case, outcome, killed):
		yield from super().truth(case, outcome, killed)
		if outcome.status == 0 and outcome.out != "running %d\n" % case.holder.pid:
			yield "said 0 and: %r" % outcome.out


class MetaRunningStale(Stale):
	name, program, arguments = "meta-running-stale", "otelop-meta", ("running",)
	answer, lies = 1, {0, 3}

	def truth(self, case, outcome, killed):
		if outcome.status == 1 and outcome.out != "stale %d\n" % DEAD_PID:
			yield "said 1 and: %r" % outcome.out


class MetaRunningWait(Scenario):
	"""Somebody starts; his verdict is waited for."""
	name, program, arguments = "meta-running-wait", "otelop-meta", ("running", "-w", "10")
	failures, lies = {4, 124, 125}, {1, 3}

	def prepare(self, case):
		super().prepare(case)
		case.gate = case.path("gate")
		case.starter = case.start("otelop-run", "--ready", "check:test -e " + case.gate, "--",
			case.bench.daemon, "touch", case.path("up"))
		eventually(lambda: os.path.exists(case.path("up")), DEADLINE_S)

	def act(self, case, tracer):
		program = self.launch(case, tracer)
		program.ended(0.03)	# time to begin to wait; what it saw before is as true
		with open(case.gate, "w", encoding="utf-8"):
			pass
		return program.outcome()

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and not re.fullmatch(r"running \d+\n", outcome.out):
			yield "said 0 and: %r" % outcome.out


class MetaShow(Held):
	name, program, arguments = "meta-show", "otelop-meta", ("show",)
	lies = {1, 3}

	def truth(self, case, outcome, killed):
		yield from super().truth(case, outcome, killed)
		if outcome.status == 0:
			for wanted in (r"state +running", r"pid +%d" % case.holder.pid, r"role +holder",
			    r"command +%s touch " % re.escape(case.bench.daemon)):
				if not re.search("(?m)^" + wanted, outcome.out):
					yield "said 0 without %r: %r" % (wanted, outcome.out)


COUNTERS = {
	"version": "1", "startedAt": "2026-01-02T03:04:05Z", "uptimeMs": 1, "httpAddr": "127.0.0.1:1", "otlpGrpcAddr": "",
	"otlpHttpAddr": "", "proxyUrl": "", "proxyProtocol": "", "debug": False,
	"config": {"traceCount": 7, "metricCount": 8, "logCount": 9, "traceCap": 10, "metricCap": 11, "logCap": 12},
}


class StatusLive(Held):
	"""A daemon of upstream's is asked; who is called curl here answers at once."""
	name, program, arguments = "status-live", "otelop-meta", ("--as=otelop", "status")
	lies = {1, 3}

	def prepare(self, case):
		Scenario.prepare(self, case)
		case.holder = case.start("otelop-lock", "role=holder", "httpAddr=127.0.0.1:1", "--", case.bench.daemon,
			"touch", case.path("up"))
		eventually(lambda: os.path.exists(case.path("up")), DEADLINE_S)
		os.mkdir(case.path("bin"))
		with open(case.path("bin/curl"), "w", encoding="utf-8") as stream:
			stream.write("#!/bin/sh\nprintf %%s '%s' 200\n" % json.dumps({"data": {"status": COUNTERS}}))
		os.chmod(stream.name, 0o700)
		case.env["PATH"] = case.path("bin") + ":" + case.env["PATH"]

	def truth(self, case, outcome, killed):
		yield from super().truth(case, outcome, killed)
		if outcome.status == 0 and not re.search(
		    r"(?m)^(Buffered +traces=7/10 metrics=8/11 logs=9/12|counters +unknown: .+)$", outcome.out):
			yield "said 0 and: %r" % outcome.out


class StatusLiveChild(StatusLive):
	name, in_child, until_exec = "status-live-child", 1, True


class MetaRemove(Stale):
	name, program, arguments = "meta-remove", "otelop-meta", ("remove",)

	def truth(self, case, outcome, killed):
		gone = case.file("otelop.json") is None
		if outcome.status == 0 and not gone:
			yield "said 0, and the file is there"
		if outcome.status != 0 and not is_old(case) and not (killed and gone):
			yield "failed, and the file is not as it was"


class MetaRemoveHeld(Held):
	name, program, arguments = "meta-remove-held", "otelop-meta", ("remove",)
	answer, lies = 75, {0}


class LockProbeHeld(Held):
	name, program, arguments = "lock-probe-held", "otelop-lock", ("-p",)
	lies = {3}


class LockProbeFree(Stale):
	name, program, arguments = "lock-probe-free", "otelop-lock", ("-p",)
	answer, lies = 3, {0}


class LockUntilFree(Held):
	name, program, arguments = "lock-until-free", "otelop-lock", ("-w", "10", "-W")
	failures = {4, 124, 125}

	def act(self, case, tracer):
		program = self.launch(case, tracer)
		case.early = program.ended(0.03) and program.process.returncode == 0
		case.holder.process.kill()
		case.holder.process.wait()
		return program.outcome()

	def truth(self, case, outcome, killed):
		if case.early:
			yield "said free while it was held"


class LockHold(Scenario):
	"""CMD asks whether the lock is held."""
	name, program = "lock-hold", "otelop-lock"
	arguments = ("role=tested", "--", "@BIN@/otelop-lock", "-p")
	failures, lies = {125, 126, 127}, {3}
	until_exec = True

	def truth(self, case, outcome, killed):
		found = case.metadata() or {}
		if outcome.status == 0 and found.get("role") != "tested":
			yield "CMD ran, and the metadata is: %s" % found
		# An empty file is none: who has not got the claim may not remove what it made.
		if outcome.status not in (0, 137) and case.file("otelop.json"):
			yield "CMD did not run, and the metadata is: %s" % found


class LockBusy(Held):
	name, program, arguments = "lock-busy", "otelop-lock", ("--", "/bin/true")
	answer, failures, lies = 75, {125}, {0}


class LockDescriptor(Scenario):
	name, program, arguments = "lock-descriptor", "otelop-lock", ("-w", "10", "-F", "8")
	redirections = "8>lockfile"


class Ready(Scenario):
	name, program, arguments = "ready", "otelop-ready", ("version=7",)
	environment = {"OTELOP_DAEMONIZED": "1"}
	redirections = "3>ready"
	failures = {125}
	said = "set:version=7\nok\n"

	def act(self, case, tracer):
		pipe = Pipe(case)
		outcome = self.launch(case, tracer).outcome()
		outcome.ready = pipe.all()
		return outcome

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and outcome.ready != self.said or \
		    outcome.status != 0 and outcome.ready not in ("", self.said):
			yield "on the pipe: %s" % outcome


class ReadyError(Ready):
	name, arguments, said = "ready-error", ("-e", "no luck"), "err:no luck\n"


class ReadyNotify(Scenario):
	name, program, arguments = "ready-notify", "otelop-ready", ()
	failures = {125}

	def act(self, case, tracer):
		with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
			name = "otelop-fault" + case.dir
			hears.bind("\0" + name)
			case.env["NOTIFY_SOCKET"] = "@" + name
			outcome = self.launch(case, tracer).outcome()
			hears.setblocking(False)
			try:
				outcome.ready = hears.recv(1000).decode()
			except BlockingIOError:
				pass
		return outcome

	def truth(self, case, outcome, killed):
		if (outcome.status == 0) != (outcome.ready == "READY=1") and not killed:
			yield "to the supervisor: %s" % outcome


class Pipe:
	"""The reader's end of a ready pipe that is called `ready`."""

	def __init__(self, case):
		os.mkfifo(case.path("ready"))
		self.fd = os.open(case.path("ready"), os.O_RDONLY | os.O_NONBLOCK)
		self.text = b""

	def more(self):
		try:
			self.text += os.read(self.fd, 65536)
		except BlockingIOError:
			pass
		return self.text

	def verdict(self, program):
		"""Wait until there is one, or the program has ended, or has written all that it can: strace
		holds the pipe too, so we do not see that it was closed, as otelop-spawn would."""
		began = time.monotonic()
		while not re.search(rb"(?m)^(ok|err:.*)\n", self.more()) and not program.ended(0.003):
			waited = time.monotonic() - began
			if waited > DEADLINE_S or waited > 1 and \
			    (program.case.metadata() or {}).get("state") == "ready":
				break
		return self.more().decode("utf-8", "replace")

	def all(self):
		text = self.more().decode("utf-8", "replace")
		os.close(self.fd)
		return text


class Spawn(Scenario):
	"""A daemon of its own kind, native."""
	name, program = "spawn", "otelop-spawn"
	arguments = ("-t", "5", "--", "@DAEMON@", "ready")
	failures = {1, 125, 126, 127}
	leaves_nothing_on_failure = True
	orphans_allowed = True

	def truth(self, case, outcome, killed):
		if outcome.status == 0:
			yield from complaints_about_pid(outcome.out, lock=False)
			if re.fullmatch(r"\d+\n", outcome.out):
				os.kill(int(outcome.out), signal.SIGKILL)


def complaints_about_pid(text, lock):
	"""What was printed is a daemon, leader of a session, with no descriptor too many."""
	if not re.fullmatch(r"\d+\n", text) or not alive(int(text)):
		yield "said 0, and this is no daemon: %r" % text
		return
	pid = int(text)
	try:
		if not lock and os.getsid(pid) != pid:
			yield "the daemon does not lead a session"
		eventually(lambda: 3 not in descriptors(pid), 1)
		yield from complaints_about_descriptors(pid, lock)
	except OSError:
		yield "the daemon has ended"


def complaints_about_descriptors(pid, lock):
	"""0 to 2, and the locks of the file that says starting and of the next: both read-only, 10 or above."""
	numbers = descriptors(pid)
	if any(number > 2 and (number < 10 or not lock) for number in numbers) or len(numbers) > 5:
		yield "the daemon has the descriptors %s" % sorted(numbers)
	for number in numbers:
		if number < 10:
			continue
		name = os.readlink("/proc/%d/fd/%d" % (pid, number))
		with open("/proc/%d/fdinfo/%d" % (pid, number), encoding="utf-8") as stream:
			flags = int(re.search(r"(?m)^flags:\s+([0-7]+)", stream.read()).group(1), 8)
		if not re.search(r"/otelop\.json(\.first|\.next)?( \(deleted\))?$", name) or flags & os.O_ACCMODE != os.O_RDONLY:
			yield "the daemon's descriptor %d is %s, flags %o" % (number, name, flags)


def descriptors(pid):
	return {int(number) for number in os.listdir("/proc/%d/fd" % pid)}


class SpawnChild(Spawn):
	name, in_child, until_exec = "spawn-child", 1, True


class SpawnReaper(Spawn):
	"""Who became otelop-spawn has left it a child, which bears no mark: so there is a reaper between."""
	name, in_child = "spawn-reaper", 1
	prelude = "env -i sleep 30 & "


class SpawnReaperChild(SpawnReaper):
	name, in_child, until_exec = "spawn-reaper-child", 2, True


class SpawnFails(Spawn):
	name, arguments = "spawn-fails", ("-t", "5", "--", "@DAEMON@", "fails")
	answer, lies = 1, {0}

	def truth(self, case, outcome, killed):
		if outcome.status == 1 and "no luck today" not in outcome.err and not outcome.ready:
			yield "the daemon's own words are missing: %s" % outcome


class SpawnDies(Spawn):
	name, arguments = "spawn-dies", ("-t", "5", "--", "@DAEMON@", "dies")
	answer, lies = 1, {0}


class SpawnMissing(Spawn):
	name, arguments = "spawn-missing", ("-t", "5", "--", "/nonexistent/command")
	answer, lies = 127, {0, 1}

	def truth(self, case, outcome, killed):
		return ()


class Run(Scenario):
	"""From the claim to the end that otelop-stop asks for."""
	name, program = "run", "otelop-run"
	arguments = ("--ready", "fd", "--", "@DAEMON@", "ready")
	environment = {"OTELOP_DAEMONIZED": "1"}
	redirections = "3>ready"
	answer = 143
	failures = {1, 125, 126, 127}
	leaves_nothing_on_failure = True
	orphans_allowed = True

	def act(self, case, tracer):
		pipe = Pipe(case)
		program = self.launch(case, tracer)
		said = pipe.verdict(program)
		case.trouble = []
		if re.search(r"(?m)^ok$", said):
			self.while_ready(case, said)
		elif not program.ended():
			case.run("otelop-stop", "-t", "4")
		outcome = program.outcome()
		outcome.ready = pipe.all()
		return outcome

	def while_ready(self, case, said):
		got = case.run("otelop-meta", "running")
		pid = re.search(r"set:pid=(\d+)\n", said)
		if pid is None or got.status != 0 or got.out != "running %s\n" % pid.group(1):
			case.trouble.append("said %r, but otelop-meta running: %s" % (said, got))
		else:
			case.trouble += complaints_about_pid(pid.group(1) + "\n", lock=True)
		got = case.run("otelop-stop", "-t", "4")
		if got.status != 0:
			case.trouble.append("said ok, but otelop-stop: %s" % got)

	def complaints_about_words(self, outcome):
		# Who waits for the verdict is told there.
		if not re.search(r"(?m)^err:.*(/|ready pipe|notify|signals|processes|children|memory|listen)", outcome.ready):
			yield from super().complaints_about_words(outcome)

	def truth(self, case, outcome, killed):
		yield from case.trouble
		if re.search(r"(?m)^ok$", outcome.ready) and case.left():
			yield "after the end there is: " + case.describe(case.left(deadline_s=0))


class RunChild(Run):
	name, in_child, until_exec = "run-child", 1, True
	failures = Run.failures | {137}	# as it is for a CMD that is killed


class RunCrash(Run):
	name, arguments = "run-crash", ("--ready", "fd", "--", "@DAEMON@", "crash")
	answer = 3

	def while_ready(self, case, said):
		pass

	def truth(self, case, outcome, killed):
		if outcome.status == 3 and case.metadata() and \
		    case.metadata().get("state") not in ("exited", "ready"):
			yield "after the crash the metadata is: %s" % case.metadata()
		if not killed and case.left():
			yield "after the end there is: " + case.describe(case.left(deadline_s=0))


class RunRespawn(RunCrash):
	"""It crashes, is started again a second later, and crashes once more."""
	name = "run-respawn"
	arguments = ("--ready", "fd", "--respawn=1", "--stdin", "open", "--", "@DAEMON@", "crash")


class RunMissing(Run):
	name, arguments = "run-missing", ("--ready", "fd", "--", "/nonexistent/command")
	answer, lies = 127, {0, 1, 143}


class RunFails(Run):
	name, arguments = "run-fails", ("--ready", "fd", "--", "@DAEMON@", "fails")
	answer, lies = 1, {0, 143}


class RunListens(Run):
	name, arguments = "run-listens", ("--ready", "listen", "--", "@DAEMON@", "listens")

	def while_ready(self, case, said):
		case.trouble += self.complaints_about_listening(case)
		got = case.run("otelop-stop", "-t", "4")
		if got.status != 0:
			case.trouble.append("said ok, but otelop-stop: %s" % got)

	def complaints_about_listening(self, case):
		addresses = (case.metadata() or {}).get("listen", [])
		if not any(re.fullmatch(r"127\.0\.0\.1:\d+", address) for address in addresses):
			yield "ready by listening, on: %s" % addresses


class RunNotifies(RunListens):
	name, arguments = "run-notifies", ("--ready", "notify", "--", "@DAEMON@", "notifies")

	def complaints_about_listening(self, case):
		return ()


class RunChecks(RunNotifies):
	name = "run-checks"
	arguments = ("--ready", "check:test -e up", "--", "@DAEMON@", "touch", "up")


class RunLog(RunNotifies):
	"""The log's writer is a process of its own."""
	name = "run-log"
	arguments = ("--ready", "fd", "--log-max", "4k", "--log-keep", "2", "--", "@DAEMON@", "talks")


class RunLogWriter(RunLog):
	name, in_child = "run-log-writer", 1


class Attend(Scenario):
	"""Above a command that leaves a process behind, which ends with it.  It claims and publishes nothing."""
	name, program = "attend", "otelop-run"
	arguments = ("--attend", "--grace", "2s", "--", "sh", "-c",
		'"$0" touch left & until test -e left; do sleep 0.01; done; exit 3', "@DAEMON@")
	answer, lies = 3, {0}
	failures = {1, 125, 126, 127, 137}
	leaves_nothing_on_failure = True
	orphans_allowed = True	# otelop-with has one more above it

	def complaints_about_words(self, outcome):
		if not outcome.err.startswith("otelop-run: sh: "):	# that is the object
			yield from super().complaints_about_words(outcome)

	def truth(self, case, outcome, killed):
		if not killed and case.left():
			yield "after the end there is: " + case.describe(case.left(deadline_s=0))
		if case.listing():
			yield "in the state directory there is: %s" % case.listing()


class AttendChild(Attend):
	name, in_child, until_exec = "attend-child", 1, True


class AttendMissing(Attend):
	name, arguments = "attend-missing", ("--attend", "--", "/nonexistent/command")
	answer, lies = 127, {0, 3}


class AttendThen(Attend):
	"""It becomes another program when the command has ended."""
	name = "attend-then"
	arguments = ("--attend", "--then", "2", "--", "@DAEMON@", "dies", "sh", "-c", "exit 3")
	answer, lies, until_exec = 4, {0, 3}, True


class AttendParent(Attend):
	"""Whom it follows dies: so does all that is below it."""
	name = "attend-parent"
	arguments = ("--attend", "--grace", "2s", "--with-parent", "@PID@", "--", "sh", "-c",
		'"$0" touch left & until test -e left; do sleep 0.01; done; : >up; exec "$0" touch again', "@DAEMON@")
	answer = 143

	def prepare(self, case):
		super().prepare(case)
		case.victim = case.start("daemon", "touch", case.path("there"))
		eventually(lambda: os.path.exists(case.path("there")), DEADLINE_S)

	def words(self, case):
		return [word.replace("@PID@", str(case.victim.pid)) for word in super().words(case)]

	def act(self, case, tracer):
		program = self.launch(case, tracer)
		eventually(lambda: os.path.exists(case.path("up")) or program.ended(), DEADLINE_S)
		case.victim.process.kill()
		case.victim.process.wait()
		return program.outcome()


class Start(Scenario):
	"""As otelop start composes it."""
	name, program = "start", "otelop-spawn"
	arguments = ("-t", "5", "--", "@BIN@/otelop-run", "--ready", "fd", "--", "@DAEMON@",
		"ready")
	failures = {1, 125, 126, 127}
	leaves_nothing_on_failure = True

	def act(self, case, tracer):
		outcome = self.launch(case, tracer).outcome()
		case.trouble = []
		if outcome.status == 0:
			case.trouble += complaints_about_pid(outcome.out, lock=True)
			for words in (("otelop-meta", "running"), ("otelop-stop", "-t", "4")):
				got = case.run(*words)
				if got.status != 0:
					case.trouble.append("said 0, but %s: %s" % (words[0], got))
		return outcome

	def complaints_about_words(self, outcome):
		yield from complaints_about_message(self.program, outcome, with_log=True)

	def truth(self, case, outcome, killed):
		yield from case.trouble
		if outcome.status == 0 and case.left():
			yield "after the stop there is: " + case.describe(case.left(deadline_s=0))


class StartChild(Start):
	"""The fault hits otelop-run, from otelop-spawn's fork on."""
	name, in_child = "start-child", 1


class StartDiesChild(Start):
	name, in_child = "start-dies-child", 1
	arguments = ("-t", "5", "--", "@BIN@/otelop-run", "--ready", "fd", "--", "@DAEMON@",
		"dies")
	answer, lies = 1, {0}


def composed(*chain):
	"""Words of programs behind one another, with their paths."""
	return tuple("@BIN@/" + word if word in ("otelop-stop", "otelop-spawn", "otelop-run") else word
		for word in chain)


def complaints_about_chain(outcome):
	"""What fails is said by whichever program of the chain it is, as otelop or as itself."""
	speaker = re.match(r"(otelop(-meta|-stop|-spawn)?): ", outcome.err)
	yield from complaints_about_message(speaker.group(1) if speaker else "otelop", outcome, with_log=True)


class Restart(Start):
	"""As otelop restart composes it: one process is otelop-meta, otelop-spawn, otelop-stop and otelop-spawn in turn."""
	name, program, is_chain = "restart", "otelop-meta", True
	arguments = composed("again", "--as=otelop", "--", "otelop-spawn", "--as=otelop", "--behind=5", "--",
		"otelop-stop", "-t", "4", "--as=otelop", "--",
		"otelop-spawn", "--as=otelop", "-t", "5", "--again", "--start=@BIN@/otelop-run", "restart")
	failures = {1, 3, 4, 75, 124, 125, 126, 127}
	lies = {3}

	leaves_nothing_on_failure = False	# what could not be stopped runs on; nothing else may

	def prepare(self, case):
		super().prepare(case)
		start_daemon(case)
		case.family = case.processes()

	def complaints_about_words(self, outcome):
		yield from complaints_about_chain(outcome)

	def truth(self, case, outcome, killed):
		yield from super().truth(case, outcome, killed)
		if outcome.status == 0 and outcome.out == "%d\n" % case.pid:
			yield "said 0, and it is the old daemon"
		left = case.left(but=case.family) if outcome.status != 0 and not killed else []
		if left:
			yield "failed, and left: " + case.describe(left)


class RestartChild(Restart):
	"""The fault hits the new otelop-run; another child has looked for the command before."""
	name, in_child, errands = "restart-child", 1, 1
	failures = {1, 125, 126, 127}

	def truth(self, case, outcome, killed):
		yield from super().truth(case, outcome, killed)
		if alive(case.pid):
			yield "the old daemon is still there"


class RestartNew(Restart):
	"""The command is given: otelop-spawn, otelop-stop and otelop-spawn alone."""
	name, program, is_chain = "restart-new", "otelop-spawn", True
	arguments = composed("--as=otelop", "--behind=5", "--", "otelop-stop", "-t", "4", "--as=otelop", "--",
		"otelop-spawn", "--as=otelop", "-t", "5", "--start=@BIN@/otelop-run", "restart", "--ready", "fd", "--",
		"@DAEMON@", "ready")


class StartNative(Start):
	name, is_chain = "start-native", True
	arguments = ("--as=otelop", "-t", "5", "--native", "--", "@BIN@/otelop-run", "--ready", "fd", "--",
		"@DAEMON@", "ready")
	failures = {1, 4, 75, 124, 125, 126, 127}

	def complaints_about_words(self, outcome):
		yield from complaints_about_chain(outcome)


class Join(Scenario):
	"""The same command runs already: its pid is the answer, and whatever fails, it goes on."""
	name, program = "join", "otelop-spawn"
	arguments = ("--as=otelop", "-t", "5", "--run", "--", "@BIN@/otelop-run", "--join", "--ready", "fd", "--",
		"@DAEMON@", "ready")
	failures = {1, 4, 75, 124, 125, 126, 127}
	lies = {3}

	def prepare(self, case):
		super().prepare(case)
		start_daemon(case)
		case.family = sorted(case.processes())

	def complaints_about_words(self, outcome):
		yield from complaints_about_chain(outcome)

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and outcome.out != "%d\n" % case.pid:
			yield "said 0, and: %r" % outcome.out
		got = case.run("otelop-meta", "running")
		if got.out != "running %d\n" % case.pid:
			yield "the daemon was harmed: %s" % got
		left = case.left(but=case.family)
		if left and not killed:
			yield "joined, and left: " + case.describe(left)


class JoinChild(Join):
	name, in_child = "join-child", 1


class JoinStarting(Join):
	"""The other start is under way: its verdict is waited for."""
	name = "join-starting"
	arguments = ("--as=otelop", "-t", "5", "--run", "--", "@BIN@/otelop-run", "--join", "--ready", "exec", "--",
		"@DAEMON@", "touch", "up")

	def prepare(self, case):
		Scenario.prepare(self, case)
		case.gate = case.path("gate")
		case.starter = case.start("otelop-run", "--ready", "check:test -e " + case.gate, "--",
			case.bench.daemon, "touch", "up")
		eventually(lambda: os.path.exists(case.path("up")), DEADLINE_S)
		case.family = sorted(case.processes())
		case.pid = max(case.family, key=lambda pid: pid != case.starter.pid)

	def act(self, case, tracer):
		program = self.launch(case, tracer)
		program.ended(0.05)
		with open(case.gate, "w", encoding="utf-8"):
			pass
		outcome = program.outcome()
		case.run("otelop-meta", "running", "-a", "-w", "5")
		case.pid = (case.metadata() or {}).get("pid")
		return outcome


class JoinStartingChild(JoinStarting):
	name, in_child = "join-starting-child", 1


class Vanished(Run):
	"""Its file is removed below a running daemon: it is published again, or the daemon ended."""
	name = "run-vanished"

	def while_ready(self, case, said):
		pid = re.search(r"set:pid=(\d+)\n", said)
		case.trouble += self.complaints_about_return(case, pid.group(1) if pid else "")
		got = case.run("otelop-stop", "-t", "4")
		if got.status != 0:
			case.trouble.append("otelop-stop: %s" % got)
		if pid and alive(int(pid.group(1))):
			os.kill(int(pid.group(1)), signal.SIGTERM)	# nobody can find it

	def take_away(self, case):
		os.remove(os.path.join(case.state, "otelop.json"))

	def complaints_about_return(self, case, pid):
		self.take_away(case)
		# Another look comes a second after one that was not possible.
		if not eventually(lambda: case.run("otelop-meta", "running").out == "running %s\n" % pid or
		    not case.processes(), 5):
			yield "the daemon runs, and nobody can find it"


class VanishedDirectory(Vanished):
	"""The directory went: there is nothing that the daemon could be found by, so it ends."""
	name = "run-directory-gone"
	failures = Run.failures | {0}

	def take_away(self, case):
		shutil.rmtree(case.state)

	def complaints_about_return(self, case, pid):
		self.take_away(case)
		if not eventually(lambda: not case.processes(), 5):
			yield "the daemon runs, and its directory is gone"


class Stop(Scenario):
	name, program, arguments = "stop", "otelop-stop", ("-t", "4")
	failures = {4, 124, 125}

	def prepare(self, case):
		super().prepare(case)
		start_daemon(case)

	def truth(self, case, outcome, killed):
		if outcome.status == 0:
			left = case.left()
			if left:
				yield "said 0, and there is: " + case.describe(left)
			if case.file("otelop.json") is not None:
				yield "said 0, and there is otelop.json"


class StopParentless(Stop):
	"""otelop-run was killed: the daemon alone holds the lock."""
	name = "stop-parentless"

	def prepare(self, case):
		super().prepare(case)
		for pid in case.processes():
			if pid != case.pid:
				os.kill(pid, signal.SIGKILL)
		eventually(lambda: case.processes() == [case.pid])


class Keepers(Stop):
	"""Daemon and otelop-run are dead; children of the daemon's keep the lock."""
	keepers_allowed = True

	def prepare(self, case):
		Scenario.prepare(self, case)
		got = case.run("otelop-spawn", "-t", "10", "--", case.program("otelop-run"), "--ready", "fd",
			"--", case.bench.daemon, "family", "keeper", "3")
		if got.status != 0:
			raise RuntimeError("the daemon does not start: %s" % got)
		case.pid = int(got.out)
		self.kill_family(case)

	@staticmethod
	def kill_family(case):
		with open("/proc/%d/stat" % case.pid, encoding="utf-8") as stream:
			runner = int(stream.read().rsplit(")", 1)[1].split()[1])
		for pid in (runner, case.pid):
			os.kill(pid, signal.SIGKILL)
		eventually(lambda: not alive(runner) and not alive(case.pid))


class StopKeepers(Keepers):
	name = "stop-keepers"


class RunningKeepers(Keepers):
	name, program, arguments = "meta-running-keepers", "otelop-meta", ("running",)
	answer, failures, lies = 1, {4, 125}, {0, 3}

	def truth(self, case, outcome, killed):
		if outcome.status == 1 and outcome.out != "stale %d\n" % case.pid:
			yield "said 1 and: %s" % outcome
		if outcome.status == 1 and not re.search(r"its lock kept by process \d+ ", outcome.err):
			yield "kept, and does not say by whom: %s" % outcome
		if not case.processes():
			yield "asking ended the keepers"

	def complaints_about_words(self, outcome):
		yield from complaints_about_message(self.program, outcome)


class StartKeepers(RunningKeepers):
	name, program = "run-keepers", "otelop-run"
	arguments = ("--ready", "exec", "--", "@DAEMON@", "ready")
	answer, failures, lies = 75, {125}, {0, 143}

	def truth(self, case, outcome, killed):
		# Where the holders could not be listed, nobody can be named.
		if outcome.status == 75 and not re.search(r"its lock kept by process \d+ |held by a process that",
		    outcome.err):
			yield "kept, and does not say by whom: %s" % outcome


class StopKeptStart(Stop):
	"""otelop-run was killed before the verdict: the command keeps the lock."""
	name, keepers_allowed = "stop-kept-start", True

	def prepare(self, case):
		Scenario.prepare(self, case)
		starter = case.start("otelop-run", "--ready", "check:false", "--", case.bench.daemon, "touch",
			case.path("up"))
		eventually(lambda: os.path.exists(case.path("up")), DEADLINE_S)
		starter.process.kill()
		starter.process.wait()
		eventually(lambda: len(case.processes()) == 1)


class StopStale(Stop):
	name = "stop-stale"

	def prepare(self, case):
		Scenario.prepare(self, case)
		write_old(case)


class StopPid(Stop):
	name, arguments = "stop-pid", ("-t", "4", "@PID@")

	def prepare(self, case):
		Scenario.prepare(self, case)
		case.victim = case.start("daemon", "touch", case.path("up"))

	def words(self, case):
		return [word.replace("@PID@", str(case.victim.pid)) for word in super().words(case)]

	def truth(self, case, outcome, killed):
		if outcome.status == 0 and alive(case.victim.pid):
			yield "said 0, and it runs"
		case.victim.process.kill()
		case.victim.process.wait()


class StopCheck(StopPid):
	name, arguments = "stop-check", ("-n", "@PID@")
	lies = {1}

	def truth(self, case, outcome, killed):
		if not alive(case.victim.pid):
			yield "a question ended it"
		case.victim.process.kill()
		case.victim.process.wait()


class StopCheckGone(Scenario):
	name, program, arguments = "stop-check-gone", "otelop-stop", ("-n", DEAD_PID)
	answer, lies = 1, {0}


ALL = [scenario() for scenario in (
	StatedirEnsure, MetaWrite, MetaWriteNew, MetaRead, MetaGet, MetaRunning, MetaRunningStale,
	MetaRunningWait, MetaShow, StatusLive, StatusLiveChild, MetaRemove, MetaRemoveHeld, LockProbeHeld, LockProbeFree,
	LockUntilFree, LockHold, LockBusy, LockDescriptor, Ready, ReadyError, ReadyNotify, Spawn,
	SpawnChild, SpawnReaper, SpawnReaperChild, SpawnFails, SpawnDies, SpawnMissing, Run, RunChild, RunCrash, RunRespawn, RunMissing, RunFails,
	RunListens, RunNotifies, RunChecks, RunLog, RunLogWriter, Attend, AttendChild, AttendMissing,
	AttendThen, AttendParent, Start, StartChild, StartDiesChild,
	StartNative, Restart, RestartChild, RestartNew, Join, JoinChild, JoinStarting, JoinStartingChild,
	Vanished, VanishedDirectory, StopKeepers, RunningKeepers, StartKeepers, StopKeptStart,
	Stop, StopParentless, StopStale, StopPid, StopCheck, StopCheckGone)]
