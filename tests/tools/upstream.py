#!/usr/bin/env python3
"""A daemon that does what upstream's does, step by step, in its wire format.

upstream.py [MESSAGE]: without MESSAGE it becomes ready and serves until TERM or INT; with one it
reports that as its error.
"""

import datetime
import fcntl
import json
import os
import signal
import sys

if os.environ.get("OTELOP_DAEMONIZED") != "1":
    sys.exit("not a daemon child")
signals = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
ready = os.fdopen(3, "w")
if len(sys.argv) > 1:
    ready.write("err:" + sys.argv[1].replace("\n", " ") + "\n")
    ready.close()
    sys.exit(1)

path = os.path.join(os.environ["OTELOP_STATE_DIR"], "otelop.json")
zone = datetime.timezone(datetime.timedelta(hours=2))
metadata = {
    "pid": os.getpid(),
    "startedAt": datetime.datetime.now(zone).isoformat(),  # with an offset: 2026-…+02:00
    "httpAddr": "localhost:4319",
    "otlpGrpcAddr": "localhost:4317",
    "otlpHttpAddr": "localhost:4318",
    "proxyUrl": "",
    "proxyProtocol": "",
    "version": "v9.9.9",
}
with open(path + ".tmp", "w") as temporary:  # two spaces, no final newline
    temporary.write(json.dumps(metadata, indent=2))
os.rename(path + ".tmp", path)
lock = open(path, "r+")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
ready.write("ok\n")
ready.close()
print("serving", flush=True)
signal.sigwait(signals)
os.remove(path)
