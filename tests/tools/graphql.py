#!/usr/bin/env python3
"""A daemon that can be asked for its counters as upstream's can: graphql.py HOW, ready once it listens.

HOW is what it answers: right, later (as upstream's later versions, which have no caps), file:PATH (that file),
status:CODE, redirect:URL, refuses, garbage, silent, slow, closes, cuts, endless, huge, dribbles.
What it was asked is in the file asked.
"""

import http.server
import json
import os
import subprocess
import sys
import time

how, _, value = sys.argv[1].partition(":")
counts = {"traceCount": 3, "metricCount": 20, "logCount": 100}
caps = {"traceCap": 1000, "metricCap": 3000, "logCap": 5000}
status = {
    "version": "v9.9.9", "startedAt": "2026-04-29T01:55:42.123456+09:00", "uptimeMs": 303499,
    "httpAddr": ":4319", "otlpGrpcAddr": "0.0.0.0:4317", "otlpHttpAddr": "0.0.0.0:4318",
    "proxyUrl": "http://elsewhere:4317", "proxyProtocol": "grpc", "debug": False,
    "config": {**counts, **caps},
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length).decode()
        with open("asked", "a") as asked:
            asked.write(f"{self.path} {self.headers['Content-Type']} {self.headers['Host']} {body}\n")
        getattr(self, how, self.right)(body)

    def answer(self, body, code=200, **headers):
        self.send_response(code)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def right(self, body):
        self.answer(json.dumps({"data": {"status": status}}).encode())

    def later(self, body):
        if "traceCap" in body:
            return self.answer(b'{"errors":[{"message":"Cannot query field \\"traceCap\\" on type \\"Config\\"."}]}')
        self.answer(json.dumps({"data": {"status": {**status, "config": counts}}}).encode())

    def file(self, body):
        with open(value, "rb") as answer:
            self.answer(answer.read())

    def status(self, body):
        self.answer(b"<html>no</html>", int(value))

    def redirect(self, body):
        self.answer(b"", 302, Location=value)

    def refuses(self, body):
        self.answer(b'{"errors":[{"message":"not \\u001b[31m\\u009b today\\n"}]}')

    def garbage(self, body):
        self.wfile.write(b"\0\1\2 not even \x1b[31m HTTP\r\n\r\n")

    def silent(self, body):
        time.sleep(600)

    def slow(self, body):
        time.sleep(1.5)
        self.later(body)

    def closes(self, body):
        pass

    def cuts(self, body):
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n{")

    def endless(self, body):
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n{")
        while True:
            self.wfile.write(b" " * 4096)

    def huge(self, body):
        self.answer(b" " * (64 << 20))

    def dribbles(self, body):
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n{")
        while True:
            self.wfile.write(b" ")
            time.sleep(0.1)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
subprocess.run(["otelop-ready", f"httpAddr=127.0.0.1:{server.server_address[1]}"], check=True, close_fds=False)
os.close(3)
server.serve_forever()
