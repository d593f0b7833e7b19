"""What is measured: each function one part or two, with the aims that issue after issue has set."""

import os
import re
import shutil
import subprocess
import time

from measure import until

DESCRIPTORS = 1024	# what start-stop-daemon closes one by one, and most systems' limit
SETTLE = ("pause", 3)	# milliseconds between a start and a stop that are timed apart
KILL = ("sh", "-c", "kill $(cat pf); rm pf")


def floor(bench):
    noop = bench.tool("noop")
    both = bench.turns(bench.disk, [("run", noop)], [("run", noop)])
    bench.pair("floor", "a static no-op (what the driver adds to all)", "the same", *both)
    both = bench.turns(bench.disk, [("run", bench.tool("noop-loaded"))], [("run", noop)])
    bench.pair("floor", "a no-op that needs the loader", "a static no-op", *both)
    both = bench.turns(bench.disk, [("run", "sh", "-c", ":")], [("run", noop)])
    bench.pair("floor", "sh -c : (a shell that does nothing)", "a static no-op", *both)
    starter = bench.find("start-stop-daemon", "dpkg")
    if starter is None:
        return
    limit = [("nofile", DESCRIPTORS)]
    least = ("run", "sh", "-c", 'exec "$0" "$1"', bench.tool("least"), bench.tool("child"))
    theirs = [("run", *ssd(bench, bench.disk, starter, ())), SETTLE, ("do", *KILL)]
    both = bench.turns(bench.disk, limit + [least], limit + theirs)
    bench.pair("floor", "the least of a start: shell, fork, vfork, ok; no check", "start-stop-daemon --notify-await", *both)


def start_and_stop(bench):
    places = [place for place in (bench.disk, bench.memory) if place]
    starter = bench.find("start-stop-daemon", "dpkg")
    if starter is None:
        return
    for place in places:
        for words, said, start_aim in (((), "CMD", 1.1), (("listen",), "CMD that listens", 1.7)):
            limit = [("nofile", DESCRIPTORS)]
            theirs = [("run", *ssd(bench, place, starter, words)), SETTLE, ("run", *KILL)]
            start, stop, their_start, their_stop = bench.turns(place, limit + our_cycle(bench, words), limit + theirs)
            bench.pair("start", f"otelop start -- {said} ({place.name})", "start-stop-daemon --notify-await", start,
                       their_start, start_aim)
            bench.pair("stop", f"otelop stop of {said} ({place.name})", "sh -c 'kill $(cat pf); rm pf'", stop, their_stop,
                       0.75)


def our_cycle(bench, words=()):
    return [("run", bench.ours("otelop"), "start", "--", bench.tool("child"), *words), SETTLE,
            ("run", bench.ours("otelop"), "stop")]


def ssd(bench, place, starter, words):
    return [starter, "--start", "--background", "--notify-await", "--make-pidfile", "--pidfile", f"{place.path}/pf",
            "--exec", bench.tool("child"), "--", *words]


def status(bench):
    flock = bench.find("flock", "util-linux")
    if flock is None:
        return
    place = bench.disk
    otelop, file = bench.ours("otelop"), f"{place.state}/otelop.json"
    bench.call(place, otelop, "start", "--", bench.tool("child"))
    both = bench.turns(place, [("run", otelop, "status")], [("status", 1), ("run", flock, "-n", file, "true")])
    bench.pair("status", "otelop status (running)", "flock -n F true (held)", *both, 0.8)
    both = bench.turns(place, [("run", "sh", "-c", ":")], [("status", 1), ("run", flock, "-n", file, "true")])
    bench.pair("status", "sh -c : (a shell that does nothing)", "flock -n F true (held)", *both)
    bench.call(place, otelop, "stop")
    both = bench.turns(place, [("status", 3), ("run", otelop, "status")], [("run", flock, "-n", "free", "true")])
    bench.pair("status", "otelop status (stopped)", "flock -n F true (free)", *both, 0.8)


def lock(bench):
    noop = bench.tool("noop")
    others = (("setlock", "daemontools", ("-n", "lock")), ("flock", "util-linux", ("-n", "lock")),
              ("chpst", "runit", ("-L", "lock")), ("s6-setlock", "s6", ("-n", "lock")))
    found = [(bench.find(name, package), name, words) for name, package, words in others]
    for place in (bench.disk, bench.memory):
        if place is None:
            continue
        for path, name, words in found:
            if path is None:
                continue
            aim = None if name != "setlock" else 1.0 if place is bench.disk else 0.6
            ours, theirs = ("run", bench.ours("otelop-lock"), "--", noop), ("run", path, *words, noop)
            both = bench.turns(place, [("do", "rm", "-f", "state/otelop.json"), ours], [("do", "rm", "-f", "lock"), theirs])
            bench.pair("lock", f"otelop-lock -- CMD ({place.name}, first)", " ".join([name, words[0], "F CMD"]), *both, aim)
            both = bench.turns(place, [ours], [theirs])
            bench.pair("lock", f"otelop-lock -- CMD ({place.name}, again)", " ".join([name, words[0], "F CMD"]), *both, aim)
        bench.call(place, bench.ours("otelop-meta"), "remove")


def meta(bench):
    place = bench.disk
    bench.call(place, bench.ours("otelop"), "start", "--", bench.tool("child"))
    get = [("run", bench.ours("otelop-meta"), "get", "pid")]
    file = f"{place.state}/otelop.json"
    others = (("sed", "sed", ("-n", r's/^ *"pid": \([0-9]*\).*/\1/p'), 0.20), ("jq", "jq", (".pid",), 0.012))
    for name, package, words, aim in others:
        path = bench.find(name, package)
        if path is not None:
            both = bench.turns(place, get, [("run", path, *words, file)])
            bench.pair("meta", "otelop-meta get pid", name, *both, aim)
    for words, aim in ((("otelop-meta", "running"), 2.0), (("otelop-lock", "-p"), 1.4)):
        both = bench.turns(place, [("run", bench.ours(words[0]), *words[1:])], [("run", bench.tool("noop"))])
        bench.pair("meta", " ".join(words), "a static no-op", *both, aim)
    bench.call(place, bench.ours("otelop"), "stop")


def spawn(bench):
    place, child = bench.disk, bench.tool("child")
    ours = [("run", bench.ours("otelop-spawn"), "--", child)]
    for name, package, words, aim in (("daemonize", "daemonize", (), 0.75), ("setsid", "util-linux", ("-f",), None)):
        path = bench.find(name, package)
        if path is not None:
            both = bench.turns(place, ours, [("run", path, *words, child)])
            bench.pair("spawn", "otelop-spawn CMD", " ".join([name, *words, "CMD (does not wait)"]), *both, aim)


def pm2(bench):
    if not bench.full:
        return bench.skip("pm2", "BENCH_FULL=1 has it")
    program = f"{bench.tools}/pm2/node_modules/.bin/pm2"
    if not os.path.exists(program) and not install_pm2(bench):
        return None
    place, rounds = bench.add_place(bench.tools, "pm2"), max(2, min(bench.rounds // 5, 20))
    # Its own daemon is there before, as it is for who uses it.
    bench.call(place, program, "ping")
    try:
        ours = our_cycle(bench)
        theirs = [("run", program, "start", bench.tool("child"), "--name", "child", "--interpreter", "none"), SETTLE,
                  ("run", program, "delete", "child")]
        start, stop, their_start, their_stop = bench.turns(place, ours, theirs, rounds=rounds)
        bench.pair("pm2", "otelop start -- CMD", "pm2 start CMD (does not wait)", start, their_start)
        bench.pair("pm2", "otelop stop", "pm2 delete CMD", stop, their_stop)
        both = bench.turns(place, [("status", 3), ("run", bench.ours("otelop"), "status")],
                           [("run", program, "list")], rounds=rounds)
        bench.pair("pm2", "otelop status", "pm2 list", *both)
    finally:
        bench.call(place, program, "kill", check=False)
    return None


def install_pm2(bench):
    if shutil.which("npm") is None:
        return bench.skip("pm2", "npm is not there")
    words = ["npm", "install", "--prefix", f"{bench.tools}/pm2", "--no-audit", "--no-fund", "--silent", "pm2"]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=180).returncode == 0
    except subprocess.TimeoutExpired:
        done = False
    return done or bench.skip("pm2", "npm's registry does not give it")


def grow(bench):
    sizes = (2000, 20000, 1000000, 5 << 30, 5000, 2000, 400) if bench.full else (500, 2000, 100000, 5 << 30, 500, 100, 40)
    if not bench.full:
        bench.skip("growth in full size", "BENCH_FULL=1 has it; these are smaller")
    processes, connections, descriptors, log, family, instances, starts = sizes
    in_a_world(bench, f"{processes:,} other processes", [f"processes={processes}"], None)
    in_a_world(bench, f"{connections:,} TCP connections", ["net", f"tcp={connections}"], ["net"])
    with_descriptors(bench, descriptors)
    with_a_log(bench, log)
    with_a_family(bench, family)
    listed(bench, instances)
    at_once(bench, starts)


def in_a_world(bench, remark, world, without):
    """The worlds are as costly to make as ten rounds, so blocks take turns, not single rounds."""
    blocks, place = max(2, bench.rounds // 10), bench.disk
    rounds = max(2, bench.rounds // blocks)
    for words, said in (((), "CMD"), (("listen",), "CMD that listens")):
        columns = {True: None, False: None}
        for block in range(blocks):
            for larger in ((True, False), (False, True))[block % 2]:
                new = bench.turns(place, our_cycle(bench, words), rounds=rounds,
                                  world=world if larger else without)
                if new is None:
                    return
                old = columns[larger]
                columns[larger] = new if old is None else [a + b for a, b in zip(old, new)]
        for index, what in enumerate((f"otelop start -- {said}", "otelop stop")):
            if index == 0 or not words:
                bench.pair("grow", f"{what}, {remark}", "the same without them", columns[True][index],
                           columns[False][index], 1.25)


def with_descriptors(bench, most):
    many, few = ([("nofile", limit)] + our_cycle(bench) for limit in (most, DESCRIPTORS))
    try:
        with open("/proc/sys/fs/nr_open", encoding="ascii") as limit:
            allowed = int(limit.read()) >= most
    except OSError:
        allowed = False
    if not allowed or os.geteuid() != 0:
        return bench.skip(f"ulimit -n {most:,}", "not allowed here")
    start, stop, start_few, stop_few = bench.turns(bench.disk, many, few)
    bench.pair("grow", f"otelop start -- CMD, ulimit -n {most:,}", f"ulimit -n {DESCRIPTORS:,}", start, start_few, 1.25)
    bench.pair("grow", f"otelop stop, ulimit -n {most:,}", f"ulimit -n {DESCRIPTORS:,}", stop, stop_few, 1.25)
    return None


def with_a_log(bench, size):
    place, other = bench.disk, bench.add_place(bench.tools, "long log")
    os.makedirs(other.state, mode=0o700)
    with open(f"{other.state}/otelop.log", "wb") as log:
        os.chmod(log.fileno(), 0o600)
        log.truncate(size)
    long = [("set", f"OTELOP_STATE_DIR={other.state}")] + our_cycle(bench)
    start, stop, start_short, stop_short = bench.turns(place, long, our_cycle(bench))
    bench.pair("grow", f"otelop start -- CMD, a log of {size >> 30} GiB", "a short log", start, start_short, 1.25)
    bench.pair("grow", f"otelop stop, a log of {size >> 30} GiB", "a short log", stop, stop_short, 1.25)


def with_a_family(bench, size):
    many, few = ([("do", bench.ours("otelop"), "start", "--", bench.tool("child"), f"family={count}"),
                  ("run", bench.ours("otelop"), "stop")] for count in (size, size // 10))
    both = bench.turns(bench.disk, many, few, rounds=max(2, bench.rounds // 10))
    bench.pair("grow", f"otelop stop, {size:,} descendants", f"{size // 10} descendants", *both, 10)


def listed(bench, count):
    sides = []
    held = []
    try:
        for size in (count, count // 10):
            place = bench.add_place(bench.tools, "list")
            for number in range(size):
                held.append(subprocess.Popen([bench.ours("otelop-lock"), f"--name=i{number}", "--", bench.tool("child")],
                                             env=bench.environment(place), cwd=place.path, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            sides.append([("set", f"OTELOP_STATE_DIR={place.state}"), ("run", bench.ours("otelop"), "list")])
        until(lambda: bench.call(place, bench.ours("otelop"), "list").count(" running ") == size)
        both = bench.turns(bench.disk, *sides, rounds=max(2, bench.rounds // 4))
        bench.pair("grow", f"otelop list, {count:,} instances", f"{count // 10} instances", *both, 10)
    finally:
        for process in held:
            process.kill()
        for process in held:
            process.wait()


def at_once(bench, count):
    start = ("otelop", "-n", "i%", "start", "--", bench.tool("child"))
    stop = ("otelop", "-n", "i%", "stop")
    sides = [[("run", bench.tool("together"), size, *start), ("do", bench.tool("together"), size, *stop)]
             for size in (count, count // 10)]
    both = bench.turns(bench.disk, *sides, rounds=max(2, bench.rounds // 10))
    bench.pair("grow", f"otelop start -- CMD, {count} at once", f"{count // 10} at once", *both, 10)
    start = ("otelop", "start", "--", bench.tool("child"))
    sides = [[("run", bench.tool("together"), size, *start), ("do", bench.ours("otelop"), "stop")]
             for size in (count, count // 10)]
    both = bench.turns(bench.disk, *sides, rounds=max(2, bench.rounds // 10))
    bench.pair("grow", f"otelop start -- CMD, {count} at once of one", f"{count // 10} at once of one", *both, 10)


def counts(bench):
    if bench.find("strace", "strace") is None:
        return
    place, otelop, child = bench.disk, bench.ours("otelop"), bench.tool("child")
    steps = (("start", (otelop, "start", "--", child), 4, 2), ("status", (otelop, "status"), 2, 0),
             ("stop", (otelop, "stop"), 2, 0))
    theirs = {}
    starter, flock = bench.find("start-stop-daemon", "dpkg"), bench.find("flock", "util-linux")
    if starter is not None:
        theirs["start"] = "start-stop-daemon", bench.trace(place, *ssd(bench, place, starter, ()))
        theirs["stop"] = "sh -c 'kill $(cat pf); rm pf'", bench.trace(place, *KILL)
    for what, words, programs_aim, forks_aim in steps:
        ours = bench.trace(place, *words)
        if what == "status" and flock is not None:
            theirs[what] = "flock -n F true (held)", bench.trace(place, flock, "-n", f"{place.state}/otelop.json", "true")
        against, beside = theirs.get(what, ("", (None, None, None)))
        for name, index, aim in (("programs (with shell and CMD)", 1, programs_aim), ("forks", 2, forks_aim),
                                 ("system calls", 0, None)):
            bench.count("counts", f"otelop {what}: {name}", against, "", ours[index], beside[index], aim)


def memory(bench):
    place = bench.disk
    pid = bench.call(place, bench.ours("otelop"), "start", "--", bench.tool("child")).strip()
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        parent = re.search(r"^PPid:\s*(\d+)", lines.read(), re.M).group(1)
    last = None
    # It gives memory back a moment after it has said that it is ready.
    for _ in range(50):
        time.sleep(0.05)
        with open(f"/proc/{parent}/smaps_rollup", encoding="ascii") as lines:
            now = int(re.search(r"^Anonymous:\s*(\d+)", lines.read(), re.M).group(1))
        if now == last:
            break
        last = now
    bench.count("memory", "otelop-run while the daemon runs: anonymous memory", "", "kB", now, aim=100)
    bench.call(place, bench.ours("otelop"), "stop")


def size(bench):
    root = f"{bench.tools}/root"
    shutil.rmtree(root, ignore_errors=True)
    top = os.path.dirname(os.path.dirname(bench.here))
    subprocess.run(["make", "-s", "-C", top, "install", f"BUILD={os.path.relpath(bench.build, top)}",
                    f"DESTDIR={root}", "PREFIX=/usr"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = [entry.stat().st_size for entry in os.scandir(f"{root}/usr/bin")]
    bench.count("size", f"the {len(files)} installed programs", "", "kB", round(sum(files) / 1000), aim=600)
    shutil.rmtree(root)


PARTS = {"floor": floor, "start": start_and_stop, "stop": start_and_stop, "status": status, "lock": lock, "meta": meta,
         "spawn": spawn, "pm2": pm2, "grow": grow, "counts": counts, "memory": memory, "size": size}
