#!/usr/bin/env python3
"""Mount a file system whose server goes away: hangfs.py DIRECTORY FILE

It has one file with nothing in it, f, also called otelop.json. Once FILE exists no request is answered any more, as
with a file server that is down; whoever asks waits, and KILL does not end him while we live: stdout has a line for
each. Needs root and /dev/fuse.
"""

import ctypes
import os
import struct
import sys

# Requests: the kernel's include/uapi/linux/fuse.h.
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR = 1, 2, 3, 14, 15, 17, 18, 25, 26, 27
ROOT, FILE = 1, 2
MODES = {ROOT: 0o40755, FILE: 0o100755}
NOENT, NOSYS = -2, -38


def attributes(node):
    return struct.pack("<6Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, MODES[node], 1, 0, 0, 0, 4096, 0)


def answer(request, node, body):
    """The answer's bytes, or a negated errno."""
    if request == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, struct.unpack("<4I", body[:16])[2], 0, 12, 12, 65536, 1, 0, 0, *[0] * 8)
    if request == LOOKUP:
        return struct.pack("<4Q2I", FILE, 0, 0, 0, 0, 0) + attributes(FILE) if body in (b"f\0", b"otelop.json\0") else NOENT
    if request == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if request in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 1, 1, 0)
    if request == STATFS:
        return struct.pack("<10Q", *[0] * 10)
    return b"" if request in (READ, RELEASE, FLUSH) else NOSYS


def main(mount, hang):
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = b"fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other" % device
    if libc.mount(b"hangfs", mount.encode(), b"fuse", 0, options) != 0:
        sys.exit("hangfs: mount: " + os.strerror(ctypes.get_errno()))
    while True:
        message = os.read(device, 1 << 17)
        _, request, unique, node = struct.unpack("<2I2Q", message[:24])
        if request == FORGET:
            continue
        if os.path.exists(hang):
            print("unanswered", flush=True)
            continue
        found = answer(request, node, message[40:])
        error, data = (found, b"") if isinstance(found, int) else (0, found)
        os.write(device, struct.pack("<IiQ", 16 + len(data), error, unique) + data)


main(*sys.argv[1:])
