#!/usr/bin/env python3
"""Print a TCP port of 127.0.0.1 for a daemon that cannot choose one itself: free_port.py DIRECTORY.

It is free, none that the kernel gives to who asks for any or connects, and given to nobody else with this DIRECTORY.
"""

import os
import random
import socket
import sys

RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
first = int(open(RANGE).read().split()[0]) if os.path.exists(RANGE) else 32768
while True:
    port = random.randint(11111, max(first, 20000) - 1)
    try:
        os.mkdir(f"{sys.argv[1]}/port-{port}")
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break
