#!/usr/bin/env python3
"""Ask a server: ask.py ADDRESS [WORDS] prints what it answers; without WORDS it must only take the connection.

ADDRESS is HOST:PORT or the path of a Unix socket; WORDS may have escapes such as \\r\\n.
"""

import socket
import sys

address = sys.argv[1]
if "/" in address:
    server = socket.socket(socket.AF_UNIX)
    server.settimeout(20)
    server.connect(address)
else:
    host, port = address.rsplit(":", 1)
    server = socket.create_connection((host.strip("[]"), int(port)), timeout=20)
if len(sys.argv) > 2:
    server.sendall(sys.argv[2].encode("latin-1").decode("unicode_escape").encode("latin-1"))
    sys.stdout.buffer.write(server.recv(65536))
