#!/usr/bin/python3
"""Two servers that say in X-Parsed what they read: Python's own on PORT, and one that takes SCGI from nginx on the unix
socket PATH. A third one, on PORT + 1, reads just what a strict sender writes: what the proxy really sent.
origin.py ADDRESS PORT PATH"""
import base64
import http.server
import json
import re
import socketserver
import sys
import threading

address, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def encode(method, target, headers, body):
    parsed = {"method": method, "target": target, "headers": headers, "body": base64.b64encode(body).decode()}
    return base64.b64encode(json.dumps(parsed).encode()).decode()


class Python(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("X-Parsed", encode(self.command, self.path, [[n, v] for n, v in self.headers.items()], body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Scgi(socketserver.StreamRequestHandler):
    def handle(self):
        size = int(b"".join(iter(lambda: self.rfile.read(1), b":")))
        values = self.rfile.read(size).decode("latin-1").split("\0")
        self.rfile.read(1)
        pairs = list(zip(values[::2], values[1::2]))
        fixed = dict(reversed(pairs))
        body = self.rfile.read(int(fixed["CONTENT_LENGTH"] or 0))
        headers = [[n[5:], v] for n, v in pairs if n.startswith("HTTP_")]
        if fixed.get("CONTENT_TYPE"):
            headers.append(["CONTENT_TYPE", fixed["CONTENT_TYPE"]])
        text = encode(fixed["REQUEST_METHOD"], fixed["REQUEST_URI"], headers, body)
        self.wfile.write(f"Status: 200 OK\r\nX-Parsed: {text}\r\nContent-Length: 0\r\n\r\n".encode())


class Strict(socketserver.StreamRequestHandler):
    """Every deviation ends the connection without an answer, and the driver reports that."""

    def line(self):
        line = self.rfile.readline(70000)
        if not line:
            return None
        assert line.endswith(b"\r\n") and b"\r" not in line[:-2] and b"\0" not in line, line
        return line[:-2].decode("latin-1")

    def body(self, headers):
        sizes = [v for n, v in headers if n.lower() == "content-length"]
        codings = [v for n, v in headers if n.lower() == "transfer-encoding"]
        assert len(sizes) + len(codings) <= 1, headers
        if sizes:
            assert re.fullmatch("0|[1-9][0-9]*", sizes[0]), sizes
            return self.rfile.read(int(sizes[0]))
        if not codings:
            return b""
        assert codings == ["chunked"], codings
        body = b""
        while True:
            size = self.line()
            assert re.fullmatch("[0-9a-f]+", size), size
            if size == "0":
                assert self.line() == "", "trailers"
                return body
            body += self.rfile.read(int(size, 16))
            assert self.line() == "", "the end of a chunk"

    def handle(self):
        while (line := self.line()) is not None:
            method, target, version = line.split(" ")
            assert version == "HTTP/1.1", line
            headers = []
            while field := self.line():
                name, value = field.split(": ", 1) if ": " in field else (field.rstrip(":"), "")
                assert re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name), field
                headers.append([name, value])
            text = encode(method, target, headers, self.body(headers))
            self.wfile.write(f"HTTP/1.1 200 OK\r\nX-Parsed: {text}\r\nContent-Length: 0\r\n\r\n".encode())


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 128


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


for server in (Tcp((address, port), Python), Unix(path, Scgi), Tcp((address, port + 1), Strict)):
    threading.Thread(target=server.serve_forever).start()
