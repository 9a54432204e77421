#!/usr/bin/python3
"""The outside world of the tests, in one process inside a network namespace of its own.

origin.py DIRECTORY ADDRESS: HTTPS on 443 and 8443, HTTP on 80, a server on 2222 that speaks first, UDP echo on 9999, DNS on 53 (A for every name below
.test, NXDOMAIN for others). Every contact is a line in DIRECTORY/origin.log, so that a test can prove that a
refused request never arrived. DIRECTORY/origin.ready appears when all sockets listen.
"""
import base64
import gzip
import hashlib
import http.server
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

directory, address = sys.argv[1], sys.argv[2]
log = open(os.path.join(directory, "origin.log"), "a", buffering=1)


def note(kind, text):
    log.write(f"{kind} {text}\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def echo_messages(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while len(head := self.rfile.read(2)) == 2:
            mask = self.rfile.read(4)
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(head[1] & 127)))
            note("message", payload.decode(errors="replace"))
            self.wfile.write(bytes([head[0], len(payload)]) + payload)

    def answer(self):
        if self.headers.get("Upgrade") == "websocket":
            return self.echo_messages()
        body = self.read_body()
        note("https" if isinstance(self.connection, ssl.SSLSocket) else "http",
             f"{self.command} {self.headers.get('Host')} {self.path} {len(body)}")
        text = f"origin says hello to {self.command} {self.path}\n".encode()
        if "/info/refs" in self.path:  # of a repository as a plain web server has it
            text = b"5f3c2b1a0d9e8f7061524334251607f8e9dacbba\trefs/heads/main\n"
        if self.path.startswith("/bytes/"):
            text = b"x" * int(self.path.rsplit("/", 1)[1])
        if self.path.startswith("/static/"):
            return self.send_static()
        if self.path.startswith("/show"):
            return self.show(body)
        if self.path.startswith("/drip/"):
            return self.drip(int(self.path.rsplit("/", 1)[1]))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        if self.path.startswith("/unframed/"):
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)
        if self.path.startswith("/leave/"):  # without having said so
            self.close_connection = True
        if "surplus/" in self.path:
            time.sleep(0.2 if "late" in self.path else 0)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npoison\n")

    def send_static(self):
        """A file of DIRECTORY/static."""
        try:
            with open(os.path.join(directory, self.path.split("?")[0].lstrip("/")), "rb") as file:
                content = file.read()
            self.send_response(200)
        except OSError:
            content = b"no such file\n"
            self.send_response(404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def show(self, body):
        """Writes down what came, and sends all of it back: as it is, in base64, and in a field of the head."""
        came = f"{self.requestline}\n{self.headers}".encode() + body
        with open(os.path.join(directory, "received"), "ab") as received:
            received.write(came + b"\n--\n")
        text = came + b"\nbase64 " + base64.b64encode(b"x" + came) + b"\n"
        self.send_response(200)
        if "gzip" in self.path:
            text = gzip.compress(text)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("X-Came", self.headers.get("Authorization") or "none")
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            text = b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def drip(self, seconds):
        """Ten bytes a second."""
        self.send_response(200)
        self.send_header("Content-Length", str(10 * seconds))
        self.end_headers()
        for _ in range(10 * seconds):
            self.wfile.write(b"x")
            time.sleep(0.1)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET
    daemon_threads = True

    def server_bind(self):
        # Not HTTPServer's: it asks DNS for the address's name, and there is no DNS yet.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        connection, client = super().get_request()
        note("accept", f"{client[0]} {self.server_port}")
        return connection, client

    def handle_error(self, request, client_address):
        note("error", f"{client_address[0]} {sys.exc_info()[1]}")


class TlsServer(Server):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(directory, "origin.pem"), os.path.join(directory, "origin.key"))

    def get_request(self):
        connection, client = super().get_request()
        note("tcp", f"{client[0]} 443")
        # The handshake happens in the handler's thread, at the first read: a silent client must not block the rest.
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), client


class Greeter(socketserver.StreamRequestHandler):
    """Speaks first, as ssh and smtp do, and then repeats what it is told."""

    def handle(self):
        note("greeter", self.client_address[0])
        self.wfile.write(b"220 origin speaks first\r\n")
        for line in self.rfile:
            note("greeter", f"told {line[:64]!r}")
            self.wfile.write(b"250 " + line)


class GreeterServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def udp_socket(port):
    result = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    result.bind((address, port))
    return result


def serve_echo(server):
    while True:
        data, client = server.recvfrom(2048)
        note("udp", f"{client[0]} {data[:64]!r}")
        server.sendto(data, client)


def read_name(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += query[at] + 1
    return ".".join(labels).lower(), at + 1


def dns_answer(query):
    name, end = read_name(query)
    kind = struct.unpack("!H", query[end:end + 2])[0]
    note("dns", f"{name} {kind}")
    question = query[12:end + 4]
    known = name.endswith(".test")
    answers = b""
    if known and kind == 1:
        answers = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + socket.inet_aton(address)
    flags = 0x8580 if known else 0x8583
    return query[:2] + struct.pack("!HHHHH", flags, 1, 1 if answers else 0, 0, 0) + question + answers


def serve_dns(server):
    while True:
        query, client = server.recvfrom(2048)
        try:
            server.sendto(dns_answer(query), client)
        except (IndexError, struct.error) as problem:
            note("error", f"dns {problem}")


def main():
    servers = [TlsServer((address, 443), Handler), TlsServer((address, 8443), Handler), Server((address, 80), Handler),
               GreeterServer((address, 2222), Greeter)]
    workers = [(serve_echo, udp_socket(9999)), (serve_dns, udp_socket(53))]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    for function, server in workers:
        threading.Thread(target=function, args=(server,), daemon=True).start()
    open(os.path.join(directory, "origin.ready"), "w").close()
    threading.Event().wait()


main()
