#!/usr/bin/env python3
"""KILL processes of `otelop with` at random moments: with_kills.py ROUNDS SEED DIRECTORY [KIND...]

Each round has two servers and a command, each with a child that has none of their descriptors and variables. At a
random moment one process of all of them is killed; where KINDs are given, one of each, in this order. If the one that the
caller waits for was among them, nothing may be left a second later; else that one must end in its time, and nothing may be
left then. The observer finds a process by a mark in its environment or among its words. Prints what was killed how
often; exit status 1 if anything is left for good, or took more than a second to end. A machine may have other work to do:
so that is a second in which the observer was served, and each of its looks counts for as long as it takes undisturbed.
"""

import collections
import os
import random
import signal
import subprocess
import sys
import time

CHILD = """
import os, subprocess, sys, time
mark, is_server = sys.argv[1], sys.argv[2] == "server"
subprocess.Popen([mark, "1000"], executable="/bin/sleep", env={}, close_fds=True)
if is_server:
    import socket
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
while is_server or not os.path.exists(mark):
    time.sleep(0.02)
"""


def all_processes(mark):
    """Those that have it, zombies aside: {pid: words}."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as f:
                environment = f.read().split(b"\0")
            with open(f"/proc/{name}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words != [b""] and (f"WITH_KILLS={mark}".encode() in environment or mark.encode() in words):
            found[int(name)] = words
    return found


def kind(pid, words, first):
    if pid == first:
        return "otelop-with"
    if os.path.basename(words[0]) == b"otelop-run":
        return "watcher" if b"--attend" in words else "otelop-run"
    if b"otelop-with" in b" ".join(words[:3]):
        return "step"
    if os.path.basename(words[0]) in (b"otelop-spawn", b"otelop-stop", b"otelop-meta", b"otelop-statedir"):
        return os.path.basename(words[0]).decode()
    if words[1:2] == [b"1000"]:
        return "child"
    return "server" if b"server" in words else "command"


class Served:
    """Time as it passes for one who is held up by nobody."""
    pause = 0.01
    look = float("inf")	# the shortest

    def __init__(self):
        self.seconds = 0.0

    def left(self, mark):
        began = time.monotonic()
        found = all_processes(mark)
        took = time.monotonic() - began
        Served.look = min(Served.look, took)
        self.seconds += Served.look
        return found

    def rest(self):
        time.sleep(self.pause)
        self.seconds += self.pause


def left_after(mark, seconds):
    deadline = time.monotonic() + seconds
    served = Served()
    while (left := served.left(mark)) and time.monotonic() < deadline:
        served.rest()
    return left, served.seconds


def kill_one(mark, first, wanted):
    """Of a kind by chance, and of that one by chance."""
    choices = {}
    for pid, words in all_processes(mark).items():
        choices.setdefault(kind(pid, words, first), []).append(pid)
    kinds = [k for k in choices if wanted in (None, k)]
    if not kinds:
        return None
    victim = random.choice(kinds)
    try:
        os.kill(random.choice(choices[victim]), signal.SIGKILL)
    except ProcessLookupError:
        return None
    return victim


def one_round(number, directory, wanted):
    mark = f"{directory}/mark-{number}"
    if os.path.exists(mark):	# of an earlier run: the command would end at once
        os.unlink(mark)
    child = os.path.join(directory, "child.py")
    server = f"exec python3 {child} {mark} server"
    began = time.monotonic()
    process = subprocess.Popen(
        ["otelop-with", "-s", server, "-n", "second", "-s", server, "--", "python3", child, mark, "command"],
        env={**os.environ, "WITH_KILLS": mark, "TMPDIR": directory}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    victims = []
    moment = began + random.uniform(0, 0.9)
    while process.poll() is None and len(victims) < max(1, len(wanted)):
        time.sleep(max(0.0, moment - time.monotonic()))
        victim = kill_one(mark, process.pid, wanted[len(victims)] if wanted else None)
        if victim:
            victims.append(victim)
        moment = time.monotonic() + random.uniform(0.001, 0.02)
    ended = time.monotonic()
    slow = False
    if "otelop-with" not in victims:
        open(mark, "w").close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            slow = True
    process.poll()
    left, waited = left_after(mark, 30)
    if left or slow:
        print(f"round {number}: {victims} killed {ended - began:.3f} s after the start; status {process.poll()}, left for good:")
        for pid, words in left.items():
            print("   ", pid, b" ".join(words)[:150].decode(errors="replace"))
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    process.wait()
    return ", ".join(victims) or "nobody", bool(left) or slow, waited


def main(rounds, seed, directory, *wanted):
    random.seed(int(seed))
    with open(os.path.join(directory, "child.py"), "w") as f:
        f.write(CHILD)
    killed, bad, late, longest = collections.Counter(), 0, 0, collections.Counter()
    for number in range(int(rounds)):
        victim, is_bad, waited = one_round(number, directory, wanted)
        killed[victim] += 1
        longest[victim] = max(longest[victim], waited)
        bad += is_bad
        late += waited > 1
    for victim, count in sorted(killed.items()):
        print(f"{victim}: {count}, at most {longest[victim]:.2f} s")
    return bad > 0 or late > 0


sys.exit(main(*sys.argv[1:]))
