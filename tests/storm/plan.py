"""What the storm does: commands, operations, kills and pauses, drawn from a seed.

A worker's plan depends on the seed and on the worker's number alone, never on what came out before, so that the
same seed makes the same plan. Which of two operations comes first, and where in them a kill falls, is the kernel's.
"""

import collections
import random

# A command for the daemon (stormd NAME MODE ...) and the options that otelop-run gets for it. good: its start
# succeeds unless somebody interferes.
Command = collections.namedtuple("Command", "words ready good timeout weight")


def command(name, mode, *options, ready, good=True, timeout="20", weight=2):
    return Command((name, mode) + options, tuple(ready.split()), good, timeout, weight)


COMMANDS = [
    command("alpha", "exec", ready="--ready exec", weight=4),
    command("beta", "fd", "delay=5", ready="--ready fd", weight=22),
    command("gamma", "listen", "delay=10", ready="--ready listen"),
    command("delta", "fd", "workers=2", "keep=300", ready="--ready fd", weight=4),
    command("epsilon", "fd", "delay=30", ready=""),
    command("zeta", "fd", "delay=1", "crash=150", ready="--ready fd", good=False),
    command("eta", "exec", "linger=150", "workers=1", "keep=50", ready="--ready exec"),
    command("theta", "fd", "delay=400", ready="--ready fd", weight=4),
    command("iota", "err", "delay=5", ready="--ready fd", good=False, weight=1),
    command("kappa", "die", "delay=5", ready="--ready fd", good=False, weight=1),
    command("lambda", "mute", "life=1500", ready="--ready fd", good=False, timeout="400ms", weight=1),
    command("mu", "fd", "delay=2", ready="--ready fd --max-lifetime 300ms", good=False),
    command("nu", "fd", "delay=3", "unlock=60", ready="--ready fd"),
    command("xi", "fd", "delay=3", "share=60", "workers=1", "keep=50", ready="--ready fd"),
    command("omicron", "fd", "delay=3", "close=60", ready="--ready fd"),
    command("pi", "fd", "delay=10", "unlock=0", ready="--ready fd"),
    command("rho", "fd", "delay=3", "restart=15", "workers=1", "keep=50", ready="--ready fd", weight=4),
]
BETA = COMMANDS[1]
INSIDE = next(c for c in COMMANDS if c.words[0] == "rho")
CALM = [c for c in COMMANDS if c.words[0] in ("alpha", "beta", "gamma", "delta")]
# What its user does to a state directory, and should not: the directory or the file goes, another file has its name,
# or it is written in place.
VANISH = {
    "directory": "rm -rf state",
    "file": "rm -f state/otelop.json",
    "replaced": "cp state/otelop.json copy && mv copy state/otelop.json",
    "written": "echo >>state/otelop.json",
}

KINDS = {
    "start": 34, "start --strict": 6, "spawn run": 7, "spawn lock": 5, "run": 5, "lock": 4, "restart": 6, "stop": 11,
    "remove": 5, "write": 2, "status": 4, "running": 7, "probe": 7, "wait": 3, "until-free": 3, "list": 1,
}

# Upstream's daemons among ours: started by otelop, by hand after a probe, and by hand without one.
UPSTREAM_KINDS = {
    "start": 16, "start --strict": 2, "spawn run": 3, "restart": 3, "start --native": 24, "by hand": 10,
    "by hand, rude": 2, "foreign probe": 10, "stop": 24, "remove": 4, "status": 6, "running": 14, "probe": 10,
    "wait": 3, "until-free": 3,
}

FOREIGN = ("start --native", "by hand", "by hand, rude", "foreign probe")

# The links of a start that can be hit while it is under way: who was started (otelop becomes otelop-spawn),
# otelop-spawn, the reaper below it, otelop-run, its command.
LINKS = {
    "start": ["starter", "spawn", "reaper", "run", "run", "command", "spawn run", "run command", "command run",
              "spawn reaper run"],
    "spawn run": ["spawn", "reaper", "run", "command", "spawn run", "run command", "command run", "TERM spawn"],
    "spawn lock": ["spawn", "reaper", "command", "spawn command"],
    "run": ["run", "command", "run command", "command run"],
    "lock": ["command"],
    "stop": ["starter", "tool"],
    "remove": ["tool"],
    "write": ["tool"],
}
LINKS["start --strict"] = LINKS["restart"] = LINKS["start"]

Step = collections.namedtuple("Step", "kind command pause_ms hold_ms ending victims after_ms explicit")
Kill = collections.namedtuple("Kill", "pause_ms victims which gap_ms")


def draw(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def steps(seed, worker, kinds, commands):
    """One worker's endless plan."""
    rng = random.Random(f"{seed}/{worker}")
    weights = [c.weight for c in commands]
    while True:
        kind = draw(rng, kinds)
        command_ = rng.choices(commands, weights)[0]
        if kind in ("spawn lock", "lock") and (command_.words[1] in ("exec", "listen") or command_.words[0] == "rho"):
            command_ = BETA     # nobody would hear that the others are ready, nor would a restart of them
        hit = rng.random() < 0.22
        victims = rng.choice(LINKS.get(kind, [""])) if hit else ""
        yield Step(
            kind=kind,
            command=command_,
            pause_ms=rng.choice([0, 0, 2, 10, 40, 120]) * rng.random(),
            hold_ms=rng.uniform(20, 700),
            ending=rng.choice(["TERM", "TERM", "INT", "KILL"]),
            victims=tuple(victims.split()),
            # As many hits in the first millisecond as in the last ten.
            after_ms=0.3 * (60 / 0.3) ** rng.random(),
            explicit=rng.random() < 0.5,
        )


def kills(seed):
    """The killer's endless plan: who of the daemons that live at that moment, and how."""
    rng = random.Random(f"{seed}/killer")
    while True:
        yield Kill(
            pause_ms=rng.uniform(20, 500),
            victims=rng.choice([("command",), ("run",), ("run", "command"), ("run", "command"), ("command", "run")]),
            which=rng.random(),
            gap_ms=rng.choice([0, 0, 1, 20]) * rng.random(),
        )
