#!/usr/bin/env python3
"""Run a command on a terminal of its own: terminal.py [-i FILE] [-k FILE KEYS]... [-x FILE] SECONDS CMD [ARG...]

What it shows goes to stdout, and its exit status (128+n for a signal) is ours. As soon as the FILE of -i
exists, Ctrl-C is typed, and again after each 10 s until it has ended: a shell that is just forking
may miss one, and one that is cleaning up must not hear another. As soon as that of a -k exists, KEYS are typed, once, with
the escapes of Python; as soon as that of -x does, the terminal goes away. After SECONDS the command is killed,
and the status is 124.
"""

import os
import pty
import select
import signal
import sys
import time


def main(words):
    trigger, leaving, keys = None, None, []
    while words[0].startswith("-"):
        if words[0] == "-i":
            trigger, words = words[1], words[2:]
        elif words[0] == "-x":
            leaving, words = words[1], words[2:]
        else:
            keys.append((words[1], words[2].encode().decode("unicode_escape").encode()))
            words = words[3:]
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
        if keys and os.path.exists(keys[0][0]):
            os.write(terminal, keys.pop(0)[1])
        if leaving and os.path.exists(leaving):
            os.close(terminal)
            break
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
    while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return 124
        time.sleep(0.01)
    status = os.waitstatus_to_exitcode(ended[1])
    return status if status >= 0 else 128 - status


sys.exit(main(sys.argv[1:]))
