"""The bench: its tools, its directories, commands that take turns, and the rows that come of it."""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

import report

# `ours` and `theirs` are medians in `unit`; `low` and `high` are the quartiles of the pairs' ratios; of a count, `aim` is
# the most that `ours` may be, otherwise the most that `ratio` may be.
Row = namedtuple("Row", "part operation against unit ours theirs ratio low high aim met rounds ours_least theirs_least")

TOOLS = ("turns", "child", "noop", "world", "together", "least")
NOT_TO_BE_HAD = 77


def file_system(directory):
    return subprocess.run(["stat", "-f", "-c", "%T", directory], stdout=subprocess.PIPE, check=True,
                          encoding="ascii").stdout.strip()


def until(question, seconds=60):
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            sys.exit("bench: what was started does not come up")
        time.sleep(0.05)


def before_the_end(path):
    """The part of a trace until its first process has ended; None before that."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            text = lines.read()
    except FileNotFoundError:
        return None
    parts = re.split(rf"^{text.split(' ', 1)[0]} +\+\+\+ exited", text, maxsplit=1, flags=re.M)
    return parts[0] if len(parts) > 1 else None


class Place:
    """A directory on one file system, with a state directory in it."""

    def __init__(self, parent, name):
        self.path = tempfile.mkdtemp(prefix="run.", dir=parent)
        self.name = name
        self.state = f"{self.path}/state"

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Bench:
    def __init__(self, here, build, only):
        self.here, self.build, self.only = here, build, only
        self.tools = f"{build}/bench"
        self.rounds = max(2, int(os.environ.get("BENCH_ROUNDS") or 100))
        self.first = os.environ.get("BENCH_FIRST", "0") == "1"
        self.full = (os.environ.get("BENCH_FULL") or ("1" if self.rounds >= 50 else "0")) == "1"
        self.rows, self.skipped, self.places, self.traces = [], [], [], 0
        self.load = os.getloadavg()[0]

    def prepare(self):
        os.makedirs(self.tools, exist_ok=True)
        static = ["musl-gcc", "-static"] if shutil.which("musl-gcc") else ["cc", "-static"]
        for tool in TOOLS:
            self.compile(static, tool, tool)
        self.compile(["cc"], "noop", "noop-loaded")
        self.disk = self.add_place(self.tools, file_system(self.tools).replace("ext2/ext3", "ext4"))
        self.memory = None
        if os.path.isdir("/dev/shm") and file_system("/dev/shm") == "tmpfs" and os.access("/dev/shm", os.W_OK | os.X_OK):
            self.memory = self.add_place("/dev/shm", "tmpfs")
        else:
            self.skip("tmpfs", "/dev/shm is none that we may write to")

    def compile(self, compiler, source, name):
        subprocess.run([*compiler, "-O2", "-std=gnu99", "-Wall", "-Wextra", "-o", f"{self.tools}/{name}",
                        f"{self.here}/{source}.c"], check=True)

    def add_place(self, parent, name):
        self.places.append(Place(parent, name))
        return self.places[-1]

    def close(self):
        for place in self.places:
            self.call(place, f"{self.build}/otelop", "stop", "-k", "5", check=False)
            place.close()

    def tool(self, name):
        return f"{self.tools}/{name}"

    def ours(self, name):
        return f"{self.build}/{name}"

    def find(self, name, package):
        """The path of what is compared with, or None and a word about it."""
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path is None:
            self.skip(name, f"not there (Debian's package {package})")
        return path

    def skip(self, what, why):
        self.skipped.append((what, why))
        report.skip(what, why)

    def environment(self, place):
        return {"PATH": f"{self.build}:{os.environ['PATH']}:/usr/sbin:/sbin", "HOME": place.path, "LC_ALL": "C",
                "OTELOP_STATE_DIR": place.state}

    def call(self, place, *words, check=True):
        done = subprocess.run(words, env=self.environment(place), cwd=place.path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
        if check and done.returncode != 0:
            sys.exit(f"bench: {' '.join(words)}: status {done.returncode}: {done.stderr}")
        return done.stdout

    def turns(self, place, *sides, rounds=None, world=None):
        """Each side a list of steps (VERB, WORD...), as turns.c has them.  A column of nanoseconds for each that is
        timed; None where that world cannot be had."""
        words = [str(word) for index, side in enumerate(sides) for step in side for word in (index, *step, ";")]
        command = [self.tool("turns"), *(["-f"] if self.first else []), str(rounds or self.rounds), *words]
        if world is not None:
            command = [self.tool("world"), *world, "--", *command]
        done = subprocess.run(command, env=self.environment(place), cwd=place.path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
        if world is not None and done.returncode == NOT_TO_BE_HAD:
            self.skip(" ".join(world), done.stderr.strip())
            return None
        if done.returncode != 0:
            sys.exit(f"bench: {done.stderr}")
        return list(zip(*(map(int, line.split()) for line in done.stdout.splitlines())))

    def pair(self, part, operation, against, ours, theirs, aim=None):
        """A row of two columns that were measured in turns."""
        if part not in self.only:
            return
        quartiles = statistics.quantiles([one / other for one, other in zip(ours, theirs)], n=4, method="inclusive")
        median = [statistics.median(column) / 1000 for column in (ours, theirs)]
        ratio = median[0] / median[1]
        self.add(Row(part, operation, against, "us", *median, ratio, quartiles[0], quartiles[2], aim,
                     None if aim is None else ratio <= aim, len(ours), min(ours) / 1000, min(theirs) / 1000))

    def count(self, part, operation, against, unit, ours, theirs=None, aim=None):
        if part in self.only:
            self.add(Row(part, operation, against, unit, ours, theirs, None, None, None, aim,
                         None if aim is None else ours <= aim, 1, ours, theirs))

    def add(self, row):
        self.rows.append(row)
        report.line(row)

    def trace(self, place, *words):
        """System calls, programs and forks of all that `words` start until they have ended.  What they leave behind runs
        on, and strace with it."""
        self.traces += 1
        path = f"{place.path}/trace.{self.traces}"
        subprocess.Popen(["strace", "-f", "-q", "-o", path, *words], env=self.environment(place), cwd=place.path,
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: before_the_end(path) is not None)
        text = before_the_end(path)
        calls = re.findall(r"^\d+ +(\w+)\(", text, re.M)
        programs = re.findall(r"^\d+ +(?:execve\(|<\.\.\. execve resumed).*= 0$", text, re.M)
        forks = re.findall(r"^\d+ +(?:clone3?|v?fork)\((?!.*CLONE_THREAD)", text, re.M)
        return len(calls), len(programs), len(forks)
