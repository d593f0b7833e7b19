"""Part 3: what a daemon leaves behind.  After stop nothing of it runs; with --no-sweep all of it does;
the lock is free in both, whoever still has a copy of it."""

import os
import signal

from harness import Report, eventually

SHORT = 2000
# Kind (see daemon.c), how many, and whether they stay by themselves.
KINDS = (
	("short", SHORT, False), ("chain", SHORT, False), ("session", 50, True), ("stubborn", 50, True),
	("double", 50, True), ("orphan", 50, True), ("stopped", 50, True), ("keeper", 50, True),
	("worst", 50, True), ("fleeing", 16, False),
)
# Nobody but otelop-run would ever end them.
ONLY_SWEPT = ("fleeing",)


def start(case, kind, count, *options):
	return case.run("otelop", "start", "--ready", "fd", "-t", "30", *options, "--",
		case.bench.daemon, "family", kind, str(count), deadline_s=40)


def complaints(case, kind, count, stays, sweep):
	got = start(case, kind, count, *([] if sweep else ["--no-sweep"]))
	if got.status != 0:
		yield "otelop start: %s" % got
		return
	pid = int(got.out)
	runner = parent(pid)
	family = set(case.processes()) - {pid, runner}
	if stays and len(family) != count:
		yield "%d descendants were asked for, %d are there" % (count, len(family))
	got = case.run("otelop", "stop", "-t", "20", deadline_s=30)
	if got.status != 0:
		yield "otelop stop: %s" % got
	if sweep:
		left = set(case.left(but=(runner,), deadline_s=0))
		if left:
			yield "when stop has returned: %d left: %s" % (len(left), case.describe(sorted(left)[:3]))
	elif stays:
		left = set(case.processes()) & family
		if left != family:
			yield "--no-sweep left %d of %d" % (len(left), len(family))
	if not eventually(lambda: runner not in case.processes()):
		yield "otelop-run stays"
	got = case.run("otelop-lock", "-p")
	if got.status != 3:
		yield "the lock is not free: %s" % got
	got = case.run("otelop", "status")
	if got.status != 3:
		yield "otelop status: %s" % got
	# Whatever is left must not be in the way of the next.
	yield from case.complaints_about_next() if sweep else next_beside(case)
	if not sweep:
		case.kill()


def next_beside(case):
	for words, wanted in ((("start", "--ready", "fd", "--", case.bench.daemon, "ready"), 0),
	    (("status",), 0), (("stop",), 0), (("status",), 3)):
		got = case.run("otelop", *words)
		if got.status != wanted:
			yield "beside what is left, otelop %s: %s" % (words[0], got)


def crash(case, kind, count):
	"""The daemon dies by itself: the sweep is the same, and the death is told."""
	got = start(case, kind, count)
	if got.status != 0:
		yield "otelop start: %s" % got
		return
	pid = int(got.out)
	runner = parent(pid)
	os.kill(pid, signal.SIGKILL)
	if not eventually(lambda: runner not in case.processes(), 15):
		yield "otelop-run stays"
	if case.processes():
		yield "left: " + case.describe(case.processes()[:3])
	found = case.metadata() or {}
	if found.get("state") != "exited" or found.get("exitSignal") != "KILL":
		yield "the metadata says: %s" % found
	yield from case.complaints_about_next()


def parent(pid):
	with open("/proc/%d/stat" % pid, encoding="utf-8") as stream:
		return int(stream.read().rsplit(")", 1)[1].split()[1])


def run(bench, names, in_parallel):
	report = Report("descendants")

	def attempt(name, function, *arguments):
		if names and name not in names and name.split(":")[0] not in names:
			return
		with bench.case() as case:
			for complaint in function(case, *arguments):
				report.breach(name, "", complaint)

	jobs = []
	for kind, count, stays in KINDS:
		for sweep in (True, False) if kind not in ONLY_SWEPT else (True,):
			jobs.append(lambda a=("%s:%s" % (kind, "sweep" if sweep else "no-sweep"), complaints, kind,
				count, stays, sweep): attempt(*a))
		jobs.append(lambda a=(kind + ":crash", crash, kind, count): attempt(*a))
	in_parallel(jobs)
	print("%-12s %6s  %s" % ("descendants", "number", "breaches: sweep, --no-sweep, crash"))
	for kind, count, _ in KINDS:
		print("%-12s %6d  %d %d %d" % (kind, count, *(report.names.count("%s:%s" % (kind, how))
			for how in ("sweep", "no-sweep", "crash"))))
	print(flush=True)
	return report
