#!/usr/bin/python3
"""A proxy as companies have one: connect_proxy.py DIRECTORY ADDRESS PORT ORIGIN [USER:PASSWORD]

Speaks CONNECT alone. Names below .test are ORIGIN. Every request is a line "CONNECT TARGET" or "REFUSED TARGET" in
DIRECTORY/proxy.log; DIRECTORY/proxy.ready appears when it listens.
"""
import base64
import os
import socket
import socketserver
import sys
import threading

directory, address, port, origin = sys.argv[1:5]
wanted = "Basic " + base64.b64encode(sys.argv[5].encode()).decode() if len(sys.argv) > 5 else None
log = open(os.path.join(directory, "proxy.log"), "a", buffering=1)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Handler(socketserver.StreamRequestHandler):
    rbufsize = 0

    def handle(self):
        method, target, _ = self.rfile.readline().decode().split()
        fields = {}
        while line := self.rfile.readline().decode().strip():
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
        if wanted and fields.get("proxy-authorization") != wanted:
            log.write(f"REFUSED {target}\n")
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        log.write(f"{method} {target}\n")
        host, number = target.rsplit(":", 1)
        with socket.create_connection((origin if host.endswith(".test") else host, int(number)), 5) as upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 corporate\r\n\r\n")
            back = threading.Thread(target=pump, args=(upstream, self.connection))
            back.start()
            pump(self.connection, upstream)
            back.join()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        log.write(f"ERROR {sys.exc_info()[1]}\n")


server = Server((address, int(port)), Handler)
open(os.path.join(directory, "proxy.ready"), "w").close()
server.serve_forever()
