#!/usr/bin/env python3
"""Run a command on a terminal of its own: terminal.py [-i FILE] SECONDS CMD [ARG...]

What it shows goes to stdout, and its exit status (128+n for a signal) is ours. As soon as FILE
exists, Ctrl-C is typed, and again after each 10 s until it has ended: a shell that is just forking
may miss one, and one that is cleaning up must not hear another. After SECONDS the command is killed,
and the status is 124.
"""

import os
import pty
import select
import signal
import sys
import time


def main(words):
    trigger = None
    if words[0] == "-i":
        trigger, words = words[1], words[2:]
    deadline = time.monotonic() + float(words[0])
    next_key = 0
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # our caller may have us ignore it
        os.execvp(words[1], words[1:])
    while time.monotonic() < deadline:
        if trigger and time.monotonic() >= next_key and os.path.exists(trigger):
            os.write(terminal, b"\x03")
            next_key = time.monotonic() + 10
        if select.select([terminal], [], [], 0.02)[0]:
            try:
                shown = os.read(terminal, 65536)
            except OSError:  # nobody has the other end any more
                break
            sys.stdout.buffer.write(shown)
            sys.stdout.buffer.flush()
    else:
        os.kill(pid, signal.SIGKILL)
        return 124
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if status >= 0 else 128 - status


sys.exit(main(sys.argv[1:]))
