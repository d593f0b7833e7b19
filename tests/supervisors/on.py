#!/usr/bin/env python3
"""Have a virtual host run a line: on.py SOCKET LINE prints what it says, and exits with its status.

A host that is still booting is asked again every two seconds.
"""

import os
import socket
import sys
import time

host = socket.socket(socket.AF_UNIX)
host.connect(sys.argv[1])
host.settimeout(2)
deadline = time.monotonic() + 240


def ask(line, patience):
    """What the line says, and its status; None if there is no answer in so many seconds."""
    mark = os.urandom(6).hex()
    host.sendall(f"\n{mark} {line}\n".encode())
    said, until = b"", time.monotonic() + patience
    while time.monotonic() < min(until, deadline):
        try:
            got = host.recv(65536)
        except socket.timeout:
            continue
        if not got:
            sys.exit("the host has ended")
        said += got
        begin, end = said.rfind(f"<{mark}\n".encode()), said.rfind(f">{mark} ".encode())
        if begin >= 0 and end >= 0 and said.endswith(b"\n"):
            return said[begin + len(mark) + 2:end], int(said[end:].split()[1])
    return None


while ask("true", 2) is None:
    if time.monotonic() > deadline:
        sys.exit("the host does not answer")
answer = ask(sys.argv[2], 240)
if answer is None:
    sys.exit("the host does not answer any more")
sys.stdout.buffer.write(answer[0])
sys.exit(answer[1])
