#!/usr/bin/python3
"""A gRPC server over TLS, and its client, without generated code: messages are bytes.

grpc_echo.py serve DIRECTORY ADDRESS PORT: /test.Echo/Say (unary), /test.Echo/Count (server streaming), /test.Echo/Chat (both
ways) and /test.Echo/Forbidden; every call is a line in DIRECTORY/origin.log.
grpc_echo.py call TARGET METHOD [MESSAGE]...: prints the answers, or "CODE: details".
grpc_echo.py hold TARGET: a Chat that sends one message and then only listens; prints how it ended.
"""
import os
import sys
from concurrent import futures

import grpc


def serve(directory, address, port):
    log = open(os.path.join(directory, "origin.log"), "a", buffering=1)

    def say(request, context):
        log.write(f"grpc Say {request.decode()}\n")
        context.set_trailing_metadata((("x-count", "1"),))
        return b"hello " + request

    def count(request, context):
        log.write(f"grpc Count {request.decode()}\n")
        for number in range(int(request)):
            yield b"%d" % number

    def chat(requests, context):
        log.write("grpc Chat\n")
        for request in requests:
            log.write(f"grpc Chat {request.decode()}\n")
            yield b"you said " + request

    def forbidden(request, context):
        log.write("grpc Forbidden\n")
        return b"never"

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {
        "Say": grpc.unary_unary_rpc_method_handler(say),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
        "Forbidden": grpc.unary_unary_rpc_method_handler(forbidden),
    }),))
    with open(os.path.join(directory, "origin.key"), "rb") as key, open(os.path.join(directory, "origin.pem"), "rb") as chain:
        server.add_secure_port(f"{address}:{port}", grpc.ssl_server_credentials([(key.read(), chain.read())]))
    server.start()
    open(os.path.join(directory, "grpc.ready"), "w").close()
    server.wait_for_termination()


def call(target, method, *messages):
    with grpc.secure_channel(target, grpc.ssl_channel_credentials()) as channel:
        path = f"/test.Echo/{method}"
        try:
            if method == "Chat":
                answers = channel.stream_stream(path)(iter([message.encode() for message in messages]), timeout=20)
            elif method == "Count":
                answers = channel.unary_stream(path)(messages[0].encode(), timeout=20)
            else:
                answer, rpc = channel.unary_unary(path).with_call(messages[0].encode(), timeout=20)
                answers = [answer] + [f"{name}={value}".encode() for name, value in rpc.trailing_metadata()]
            for answer in answers:
                print(answer.decode())
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}")


def hold(target):
    import queue
    messages = queue.Queue()
    messages.put(b"first")
    with grpc.secure_channel(target, grpc.ssl_channel_credentials()) as channel:
        try:
            for answer in channel.stream_stream("/test.Echo/Chat")(iter(messages.get, None), timeout=60):
                print(answer.decode(), flush=True)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", flush=True)


{"serve": serve, "call": call, "hold": hold}[sys.argv[1]](*sys.argv[2:])
