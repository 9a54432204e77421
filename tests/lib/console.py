#!/usr/bin/python3
"""console.py SOCKET COMMAND...: the manager's side of --console-socket.

Listens on SOCKET, runs COMMAND, receives the terminal's master from it, sets its size to 33 x 44, copies what the
container prints to stdout until it closes, and exits with COMMAND's code.
"""
import array
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import termios

server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
command = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
if not select.select([server], [], [], 20)[0]:
    sys.exit("nobody connected to the console socket")
connection, _ = server.accept()
name, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
master = array.array("i", ancillary[0][2])[0]
print("console:", name.decode())
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 44, 0, 0))
code = command.wait()
sys.stdout.flush()
while select.select([master], [], [], 15)[0]:
    try:
        data = os.read(master, 4096)
    except OSError:  # EIO: the last process on the other side has gone
        break
    if not data:
        break
    os.write(1, data)
    if b"console-end" in data:
        break
sys.exit(code)
