#!/usr/bin/env python3
"""Send sockets that linger to a datagram socket: linger.py NAME COUNT TEXT FILE [UID]

NAME is as in NOTIFY_SOCKET. Each of COUNT datagrams has TEXT and a TCP socket of its own with SO_LINGER and data
that nobody reads: whoever lets go of it last waits. A datagram that has no room is tried again; FILE tells that all
were sent. Then the peers stay, unread, until this process ends. With UID it is that user who sends.
"""

import array
import encodings.idna  # noqa: F401 (while it can still be read)
import os
import signal
import socket
import struct
import sys
import threading

name, count, text, done = sys.argv[1:5]
if sys.argv[5:]:
    os.setgroups([])
    os.setgid(int(sys.argv[5]))
    os.setuid(int(sys.argv[5]))
address = "\0" + name[1:] if name[0] == "@" else name
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
server.bind(("127.0.0.1", 0))
server.listen()
peers = []
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for _ in range(int(count)):
    client = socket.create_connection(server.getsockname())
    peers.append(server.accept())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 10000))
    client.setblocking(False)
    try:
        while True:
            client.send(bytes(65536))
    except BlockingIOError:
        pass
    rights = array.array("i", [client.fileno()])
    to.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], 0, address)
    # Where the receiver was faster, it is we who wait.
    threading.Thread(target=client.close, daemon=True).start()
with open(done, "w"):
    pass
signal.pause()
