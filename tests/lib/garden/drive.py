#!/usr/bin/python3
"""drive.py COUNT SEED: sends requests, most of them odd, to four origins behind the proxy, in random pieces, and compares
what each says that it read. Whatever two of them read differently the proxy should have refused. Prints the differences;
the last line is a sum.

The requests: those of the attack checklist's group A, and COUNT mutations of them and of plain ones."""
import base64
import json
import random
import select
import socket
import sys
import time

HOST = "allowed.test"
ORIGINS = {"nginx": 8081, "node": 8082, "python": 8083, "strict": 8084}
COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])

HEAD = b"POST /a/b?c=d HTTP/1.1\r\nHost: HOST\r\n"
GET = b"GET /a/b?c=d HTTP/1.1\r\nHost: HOST\r\n"
FIELDS = [
    b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 3",
    b"Content-Length: 3\r\nContent-Length: 4", b"Content-Length: 3\r\ncontent-length: 3", b"Content-Length: 3, 3",
    b"Content-Length: +3", b"Content-Length: -1", b"Content-Length: 0x3", b"Content-Length: 3_0", b"Content-Length: 3.0",
    b"Content-Length: 03", b"Content-Length: 3 0", b"Content-Length:", b"Content-Length:  ",
    b"Content-Length: 9223372036854775808", b"Content-Length: 18446744073709551619", b"Content-Length: 3\0",
    b"Content-Length: 3\xa0", b"Content-Length: 3\x85", b"Content-Length: 3\x0b", b"Content-Length: 3\t",
    b"Content-Length:3", b"CONTENT-LENGTH: 3", b"Content-Length : 3", b"Content_Length: 3", b"Content-Length\t: 3",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked;q=1", b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: ,chunked", b"Transfer-Encoding: chunked,", b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding: Chunked", b"Transfer-Encoding : chunked", b"Transfer_Encoding: chunked",
    b"Transfer-Encoding:chunked", b"Transfer-Encoding: chunked\x0b", b"Transfer-Encoding:\r\n chunked",
    b"Content-Length:\r\n 3", b"X: y\r\n Content-Length: 3", b" Content-Length: 3", b"X\r\nContent-Length: 3",
    b": x\r\nContent-Length: 3", b"X Y: z\r\nContent-Length: 3", b"X\x80: z\r\nContent-Length: 3",
    b"X: a\x01\r\nContent-Length: 3", b"X: a\rContent-Length: 3", b"X: a\nContent-Length: 3",
    b"X: a\x85b\r\nContent-Length: 3", b"X: \xff\xfe\r\nContent-Length: 3", b"X:\r\nContent-Length: 3",
    b"Connection: Content-Length\r\nContent-Length: 3", b"Connection: close, X-A\r\nX-A: 1\r\nContent-Length: 3",
    b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 3", b"TE: trailers, gzip\r\nContent-Length: 3",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 3", b"Expect: 100-continue\r\nContent-Length: 3",
    b"Expect: y 100-continue\r\nContent-Length: 3", b"Host: other\r\nContent-Length: 3", b"X-Y: a\r\nX-Y: b\r\nContent-Length: 3",
    b"X-Quote: \"a\\\"b\"\r\nContent-Length: 3", b"Cookie: a=1\r\nCookie: b=2\r\nContent-Length: 3",
]
BODIES = [b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n", b""]
CHUNKS = [
    b"3\r\nabc\r\n0\r\n\r\n", b"0\r\n\r\n", b"\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"+3\r\nabc\r\n0\r\n\r\n", b" 3\r\nabc\r\n0\r\n\r\n",
    b"3 \r\nabc\r\n0\r\n\r\n", b"3_0\r\nabc\r\n0\r\n\r\n", b"3g\r\nabc\r\n0\r\n\r\n", b"00000000000000003\r\nabc\r\n0\r\n\r\n",
    b"10000000000000003\r\nabc\r\n0\r\n\r\n", b"3\nabc\r\n0\r\n\r\n", b"3\rabc\r\n0\r\n\r\n", b"3\r\r\nabc\r\n0\r\n\r\n",
    b"3;a=b\r\nabc\r\n0\r\n\r\n", b"3 ; a\r\nabc\r\n0\r\n\r\n", b"3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n", b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    b"3\r\nabcXX0\r\n\r\n", b"3\r\nabc\n0\r\n\r\n", b"3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n", b"3\r\nabc\r\n",
    b"3\r\nabc\r\n0\r\nX: y\r\n\r\n", b"3\r\nabc\r\n0\r\n folded\r\n\r\n", b"3\r\nabc\r\n00\r\n\r\n", b"A\r\n0123456789\r\n0\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\nPOST /second HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\n\r\nxy",
]
LINES = [
    b"GET / HTTP/1.1", b"GET /\tHTTP/1.1", b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET / http/1.1",
    b"GET / HTTP/1.0", b"GET / HTTP/1.2", b"GET / HTTP/01.1", b"GET /", b"get / HTTP/1.1", b"G(T / HTTP/1.1", b"OPTIONS * HTTP/1.1",
    b"GET /a/../b HTTP/1.1", b"GET /a/%2e%2e/b HTTP/1.1", b"GET //a//b HTTP/1.1", b"GET /../a HTTP/1.1", b"GET /a%2fb HTTP/1.1",
    b"GET /a;x/b HTTP/1.1", b"GET /a\\b HTTP/1.1", b"GET /%00 HTTP/1.1", b"GET /%zz HTTP/1.1", b"GET /a#b HTTP/1.1",
    b"GET /?a=1&a=2&b[]=%20+ HTTP/1.1", b"GET /%c0%ae HTTP/1.1", b"GET /\xc3\xa9 HTTP/1.1", b"GET /%C3%A9 HTTP/1.1",
    b"GET http://HOST/a HTTP/1.1", b"GET http://other/a HTTP/1.1", b"GET ftp://HOST/a HTTP/1.1", b"PUT /a HTTP/1.1",
    b"DELETE /a?b HTTP/1.1", b"PATCH / HTTP/1.1", b"HEAD / HTTP/1.1", b"QUERY / HTTP/1.1", b"GET /? HTTP/1.1", b"GET /a?b?c HTTP/1.1",
    b"CONNECT HOST:80 HTTP/1.1", b"GET /\x0b HTTP/1.1", b"GET\xa0/ HTTP/1.1", b"GET / HTTP/1.1\r\nGET / HTTP/1.1",
]


def fixed_cases():
    for field in FIELDS:
        for body in BODIES:
            yield HEAD + field + b"\r\n\r\n" + body
    for chunks in CHUNKS:
        yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    for line in LINES:
        yield line + b"\r\nHost: HOST\r\n\r\n"
    yield GET + b"\r\n" + HEAD + b"Content-Length: 2\r\n\r\nxy" + GET + b"\r\n"
    yield b"\r\n" + GET + b"\r\n"
    yield b"\r\n\r\n" + GET + b"\r\n"
    yield GET + b"\r\n\r\n" + GET + b"\r\n"
    yield GET.replace(b"\r\n", b"\n") + b"\n"
    yield GET + b"Content-Length: 3\r\n\r\nabc" + GET + b"\r\n"


ALPHABET = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"\x0b", b"\x0c", b"\x85", b"\xa0", b"0", b"1", b"a", b"-", b"+", b"_",
            b"%", b"\"", b"/", b"?", b"\x7f", b"\xff", b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"X: y\r\n", b"0\r\n\r\n"]


def mutate(random_, case):
    case = bytearray(case)
    for _ in range(random_.choice((1, 1, 1, 2, 3))):
        at = random_.randrange(len(case) + 1)
        kind = random_.randrange(4)
        if kind == 0:
            case[at:at] = random_.choice(ALPHABET)
        elif kind == 1:
            case[at:at + random_.randrange(1, 4)] = b""
        elif kind == 2:
            case[at:at + 1] = random_.choice(ALPHABET)
        else:
            lines = bytes(case).split(b"\r\n")
            chosen = random_.randrange(len(lines))
            lines.insert(random_.randrange(len(lines)), lines[chosen])
            case = bytearray(b"\r\n".join(lines))
    return bytes(case)


def mutations(random_):
    plain = [GET + b"X-A: 1\r\nX-B: two words\r\n\r\n", HEAD + b"Content-Length: 3\r\n\r\nabc", HEAD + b"X-A: 1\r\nContent-Length: 3\r\n\r\nabc" +
             GET + b"\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" + GET + b"\r\n"]
    seeds = plain * 60 + list(fixed_cases())
    for _ in range(COUNT):
        yield mutate(random_, random_.choice(seeds))


def send(random_, port, case, patience):
    with socket.create_connection((HOST, port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cuts = sorted(random_.randrange(len(case) + 1) for _ in range(random_.choice((0, 0, 1, 3)))) if case else []
        try:
            for start, end in zip([0] + cuts, cuts + [len(case)]):
                connection.sendall(case[start:end])
                if cuts:
                    time.sleep(0.001)
            # Who has said everything and left is not identified any more, and that is another refusal than is meant here.
            select.select([connection], [], [], patience)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before it was sent: the answer may still be there
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return answer


def ask(random_, port, case):
    """Once more if nobody could tell who asked: on a machine that has much to do the connection was gone before."""
    for patience in (0.05, 0.1, 0.2, 0.4, 0.8):
        answer = send(random_, port, case, patience)
        head, _, body = answer.partition(b"\r\n\r\n")
        unsaid = b"x-nemoclaw-decision" in head.lower() and not body  # to HEAD, whose refusals have no text
        if b'"layer":"identity"' not in answer and not unsaid:
            break
    return answer


def read_answers(text):
    """What the origin read, one entry a request; "refused" for an answer of the proxy, "origin refused" for one of the origin's."""
    seen = []
    while text:
        head, _, rest = text.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        fields = {name.lower(): value for name, value in fields.items()}
        if b"x-parsed" in fields:
            seen.append(canonical(json.loads(base64.b64decode(fields[b"x-parsed"]))))
        elif head.startswith(b"HTTP/1.1 1"):
            text = rest
            continue
        else:
            seen.append("refused" if b"x-nemoclaw-decision" in fields else "origin refused")
        if head.startswith(b"HTTP/1.1 4") or head.startswith(b"HTTP/1.1 5"):
            break
        text = rest
    return seen


# Said anew at each hop, or by nginx for itself.
OWN = ("CONTENT_LENGTH", "TRANSFER_ENCODING", "CONNECTION", "KEEP_ALIVE")


def canonical(parsed):
    fields = {}
    for name, value in parsed["headers"]:
        name = name.upper().replace("-", "_")
        if name not in OWN:
            # Which byte it was is the same question in every encoding; how often a field came is a question, too.
            fields.setdefault(name, []).extend(part.strip() for part in value.split(";" if name == "COOKIE" else ","))
    host = fields.get("HOST", [""])[0].split(":")[0]
    fields["HOST"] = [host]
    return json.dumps([parsed["method"], parsed["target"], sorted(fields.items()), parsed["body"]])


def compare(case, seen):
    """Why the origins disagree, or None."""
    sent = [each for each in seen["strict"]]
    for name in ("nginx", "node", "python"):
        for position, (one, other) in enumerate(zip(seen[name], sent)):
            if one == "origin refused":  # it reads no further; that is no other reading
                break
            if one != other:
                return f"{name}: request {position}: {one} but sent was {other}"
        else:
            if len(seen[name]) != len(sent):
                return f"{name} saw {len(seen[name])} requests, and {len(sent)} were sent"
    return None


def main():
    random_ = random.Random(SEED)
    total = forwarded = refused = different = origin_refused = 0
    for template in list(fixed_cases()) + list(mutations(random_)):
        seen, answers = {}, {}
        for name, port in ORIGINS.items():
            case = template.replace(b"HOST", f"{HOST}:{port}".encode())
            answers[name] = ask(random_, port, case)
            seen[name] = read_answers(answers[name])
        total += 1
        forwarded += any(each.startswith("[") for each in seen["strict"])
        refused += "refused" in seen["strict"]
        origin_refused += any("origin refused" in each for each in seen.values())
        problem = compare(template, seen)
        if "origin refused" in seen["strict"]:
            problem = "what was sent is not strict"
        if problem:
            different += 1
            print(f"difference: {template!r}\n  {problem}\n  {answers}")
    print(f"{total} requests: {forwarded} forwarded, {refused} refused, {origin_refused} refused by an origin, {different} read differently")
    sys.exit(1 if different or forwarded < 50 or refused < 100 else 0)


main()
