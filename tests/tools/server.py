"""A server that does each word in turn, and stays.

127.0.0.1:0, [::1]:0, 127.0.0.1:PORT/reuse, /path, ./path, @name: it listens there; udp: a socket that no one connects
to; until:FILE: it waits for it; SECONDS: a pause; fork: it goes on in a child of a child, in a session of its own;
close: the last socket again; rename=PATH, unlink: the last socket's file; cd=PATH; say=LINE, on descriptor 3;
user=NUMBER: it becomes that; undumpable.
At the end: churn: it opens and closes other sockets for ever; answer=BYTES: that is what every connection to the last
socket gets (with escapes), and silent=N in front of it: but the first N, which get nothing.
Ports that were chosen are in `ports`, and at the end there is a file `serving`, where it began.
"""
import ctypes, encodings.latin_1, encodings.unicode_escape, os, signal, socket, sys, time

sockets = []
paths = []
silent = 0
serving = os.path.abspath("serving")	# it may go elsewhere


def listen(family, address, reuse=False):
    s = socket.socket(family)
    if reuse:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    elif family != socket.AF_UNIX:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_UNIX and address[0] != "\0":
        if os.path.exists(address):
            os.unlink(address)
        paths.append(address)
    s.bind(address)
    # Before anybody can see that it listens.
    if family != socket.AF_UNIX:
        print(s.getsockname()[1], file=open("ports", "a"))
    s.listen()
    sockets.append(s)


def churn():
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            time.sleep(0.03)


def answer(words):
    kept = []
    while True:
        s = sockets[-1].accept()[0]
        if len(kept) < silent:
            kept.append(s)
            continue
        s.recv(65536)
        s.sendall(words.encode().decode("unicode_escape").encode("latin-1"))
        s.close()


for word in sys.argv[1:]:
    name, _, value = word.partition("=")
    if word == "fork":
        if os.fork():
            signal.pause()
        os.setsid()
        if os.fork():
            os._exit(0)
    elif word == "close":
        sockets.pop().close()
    elif word == "undumpable":
        ctypes.CDLL(None).prctl(4, 0)
    elif word == "unlink":
        os.unlink(paths.pop())
    elif name == "rename":
        os.rename(paths.pop(), value)
    elif name == "cd":
        os.chdir(value)
    elif name == "say":
        os.write(3, value.encode() + b"\n")
    elif name == "user":
        os.setuid(int(value))
    elif name == "silent":
        silent = int(value)
    elif word == "churn":
        open(serving, "w")
        churn()
    elif name == "answer":
        open(serving, "w")
        answer(value)
    elif word == "udp":
        sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sockets[-1].bind(("127.0.0.1", 0))
    elif word.startswith("until:"):
        while not os.path.exists(word[6:]):
            time.sleep(0.02)
    elif word[0] == "@":
        listen(socket.AF_UNIX, "\0" + word[1:])
    elif word.endswith("/reuse"):
        listen(socket.AF_INET, (word.split(":")[0], int(word.split(":")[1][:-6])), True)
    elif "/" in word:
        listen(socket.AF_UNIX, word)
    elif word[0] == "[":
        listen(socket.AF_INET6, (word[1:].split("]")[0], int(word.split(":")[-1])))
    elif ":" in word:
        listen(socket.AF_INET, (word.split(":")[0], int(word.split(":")[1])))
    else:
        time.sleep(float(word))
open(serving, "w")
signal.pause()
