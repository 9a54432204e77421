#!/usr/bin/python3
"""attack.py NAME HOST [ARGUMENT...]: what no ordinary client sends. Prints what came back."""
import select
import socket
import ssl
import struct
import sys
import time


def connect(host, port):
    return socket.create_connection((host, port), timeout=60)


def tunnel(host, port):
    """Through the explicit proxy."""
    proxy = connect("127.0.0.1", 3128)
    proxy.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):  # what follows is the other end's
        byte = proxy.recv(1)
        assert byte, answer
        answer += byte
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return proxy


def secure(connection, host):
    return ssl.create_default_context().wrap_socket(connection, server_hostname=host)


def rest(connection):
    text = b""
    try:
        while piece := connection.recv(65536):
            text += piece
    except OSError as end:
        text += f"<{type(end).__name__}>".encode()
    return text


def hello(host, version, ciphers):
    name = host.encode()
    names = struct.pack("!BH", 0, len(name)) + name
    extension = struct.pack("!HHH", 0, len(names) + 2, len(names)) + names
    body = struct.pack("!H", version) + b"r" * 32 + b"\0" + struct.pack("!H", 2 * len(ciphers))
    body += b"".join(struct.pack("!H", each) for each in ciphers) + b"\1\0" + struct.pack("!H", len(extension)) + extension
    message = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16" + struct.pack("!HH", min(version, 0x0301), len(message)) + message


def old_tls(host):
    """Each offer and what it gets: the alert's number, or what else came."""
    offers = {"SSLv3": (0x0300, [0x002F]), "TLS 1.0": (0x0301, [0xC013]), "TLS 1.1": (0x0302, [0xC013]),
              "RC4": (0x0303, [0x0005]), "NULL": (0x0303, [0x0002]), "EXPORT": (0x0303, [0x0003]), "3DES": (0x0303, [0x000A])}
    for name, (version, ciphers) in offers.items():
        connection = connect(host, 443)
        connection.sendall(hello(host, version, ciphers))
        answer = rest(connection)
        print(f"{name}: {'alert ' + str(answer[6]) if answer[:1] == bytes([21]) else answer}")


def foreign(host):
    """Protocols that hold no requests, where requests are judged."""
    for name, sent in {"SSH": b"SSH-2.0-OpenSSH_9\r\n", "binary": b"\0\1\2\3" * 64, "SMTP": b"EHLO x\r\nSTARTTLS\r\n"}.items():
        connection = tunnel(host, 443)
        connection.sendall(sent)
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused already
        print(f"{name}: {rest(connection)}")
    inner = secure(tunnel(host, 443), host)
    inner.sendall(hello(host, 0x0303, [0xC02F]))
    print(f"TLS in TLS: {rest(inner)}")


def starttls(host, port):
    connection = tunnel(host, int(port))
    if select.select([connection], [], [], 0.5)[0]:
        print(connection.recv(100))
    try:
        connection.sendall(b"EHLO x\r\nSTARTTLS\r\n")
        connection.shutdown(socket.SHUT_WR)
    except OSError as end:
        print(type(end).__name__)
    print(rest(connection))


def pipeline(host, broken):
    """1000 requests at once, the first one refused by the policy; with `broken`, the 500th cannot be read."""
    connection = secure(connect(host, 443), host)
    requests = [b"DELETE /pipelined/0 HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode()]
    requests += [b"GET /pipelined/%d HTTP/1.1\r\nHost: %b\r\n\r\n" % (n, host.encode()) for n in range(1, 1000)]
    if broken == "yes":
        requests[499] = b"GET /broken HTTP/1.1\r\nHost: %b\r\nContent-Length: 1, 1\r\n\r\n" % host.encode()
    requests[-1] = requests[-1].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    text, unsent = b"", b"".join(requests)
    connection.setblocking(False)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if unsent:
                unsent = unsent[connection.send(unsent[:16384]):]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            unsent = b""
        try:
            piece = connection.recv(65536)
            if not piece:
                break
            text += piece
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            select.select([connection], [connection] if unsent else [], [], 1)
        except OSError:
            break
    print(f"first {text[9:12].decode()}, {text.count(b'HTTP/1.1 200')} allowed, {text.count(b'HTTP/1.1 400')} malformed")


def pause(host):
    """Half a head, and the rest of it when nobody waits any more."""
    connection = secure(connect(host, 443), host)
    connection.sendall(f"POST /paused HTTP/1.1\r\nHost: {host}\r\nContent-Le".encode())
    answer = rest(connection)
    try:
        connection.sendall(f"ngth: 0\r\n\r\nGET /late HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer += rest(connection)
    except OSError:
        pass
    print(f"paused: {answer[:200]}")


def body_pause(host):
    """A body that stops in its middle and goes on as a request."""
    connection = secure(connect(host, 443), host)
    connection.sendall(f"GET /half HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\nhalf".encode())
    time.sleep(2)
    connection.sendall(f"GET /late HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    connection.close()
    print("sent")


def websocket(host):
    """Says hello, and then waits for the end."""
    connection = tunnel(host, 80)
    connection.sendall(f"GET /chat HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
                       "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 101")
    connection.sendall(b"\x81\x85\0\0\0\0hello")
    assert connection.recv(100) == b"\x81\x05hello"
    print("ready", flush=True)
    end = connection.recv(1000)
    print(f"closed {struct.unpack('!H', end[2:4])[0]}: {end[4:].decode()}")


globals()[sys.argv[1]](*sys.argv[2:])
