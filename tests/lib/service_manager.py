#!/usr/bin/env python3
"""The side of a service manager in sd_notify(3): service_manager.py SOCKET OUT. Writes each message as a line to OUT; a
BARRIER=1 is answered by closing its descriptor, and ends it."""
import array
import os
import socket
import sys

path, out = sys.argv[1], sys.argv[2]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("\0" + path[1:] if path.startswith("@") else path)
with open(out, "w") as file:
    while True:
        text, ancillary, _, _ = server.recvmsg(4096, socket.CMSG_LEN(array.array("i").itemsize))
        file.write(text.decode().strip() + "\n")
        file.flush()
        fds = array.array("i")
        for level, kind, data in ancillary:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
        for fd in fds:
            os.close(fd)
        if b"BARRIER=1" in text:
            break
