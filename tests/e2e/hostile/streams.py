"""Streams and flows of any content, and what matches again and again."""
import gzip
import random
import struct

from http2 import H2_GET, PREFACE, frame
from packets import ACK, GET, RST, Tcp, case, fill, response, talk, udp
from tls import extension, hello, records


@case
def alternating(size):
    """Protocol after protocol in one stream."""
    kinds = (GET, records(hello()), b"EHLO a\r\n", b"\5\1\0", PREFACE, b"SSH-2.0-a\r\n", b"USER a\r\n", b"220 a ESMTP\r\n")
    c = Tcp(port=7777)
    yield from c.open()
    sent = n = 0
    while sent < size:
        part = kinds[n * 5 % 8]
        yield from c.say(n % 2, part)
        sent += len(part) + 58
        n += 1


@case
def tls_again(size):
    """TLS's beginning in each segment of no protocol."""
    c = Tcp(port=7777)
    yield from c.open()
    for _ in range(size // 120):
        yield from c.say(0, b"\x16\3\1\2\0\1")
        yield from c.say(0, b"nonsense")


def bytes_in(order, said, port):
    """One-byte segments of each side, in that order."""
    c = Tcp(port=port)
    yield from c.open()
    for side, data in said:
        at = list(range(len(data)))
        if order == "reverse":
            at.reverse()
        elif order == "random":
            random.Random(1).shuffle(at)
        elif order == "holes":
            at = at[1::2] + at[::2]
        for i in at:
            yield c.segment(side, ACK, data[i:i + 1], seq=c.seq[side] + i)
        c.seq[side] += len(data)
    yield from c.close()


def mixed(size):
    n = size // 60
    return [((0, GET), (1, response(b"x" * n))), 80], [((0, records(hello(extension(21, bytes(n))))),), 443], \
        [((1, b"220 a ESMTP\r\n"), (0, b"EHLO a\r\nMAIL FROM:<a@a>\r\nDATA\r\n" + fill(b"\r\nhttp://a.example/ ", n))), 25]


@case
def bytes_forward(size):
    for said, port in mixed(size // 3):
        yield from bytes_in("forward", said, port)


@case
def bytes_reverse(size):
    for said, port in mixed(size // 3):
        yield from bytes_in("reverse", said, port)


@case
def bytes_random(size):
    for said, port in mixed(size // 3):
        yield from bytes_in("random", said, port)


@case
def bytes_holes(size):
    for said, port in mixed(size // 3):
        yield from bytes_in("holes", said, port)


@case
def overlaps(size):
    """Each segment again with other bytes, over the one before."""
    c = Tcp()
    yield from c.open()
    for k in range(size // 1500):
        yield c.segment(0, ACK, bytes([k & 255]) * 1400, seq=1010 + (k * 7919) % 60000)


def held(size, n, port, *said):
    """n flows that each say so much, stay open, and go in the end."""
    flows = [Tcp(k, port) for k in range(n)]
    for c in flows:
        yield from c.open()
        for side, data in said:
            yield from c.say(side, data)
    for c in flows:
        yield c.segment(0, RST | ACK)
        yield c.segment(1, RST | ACK)


@case
def states(size):
    """Flows that each keep as much of a parser's state as they can: more than flow.inspect."""
    body = random.Random(1).randbytes(600)
    for _ in range(3):
        body = gzip.compress(body, mtime=0)
    said = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + body
    return held(size, size // (len(said) + 450), 80, (1, said))


@case
def states_mail(size):
    """The same with the headers of a mail."""
    return held(size, size // 3000, 25, (1, b"220 a ESMTP\r\n"),
                (0, b"EHLO a\r\nMAIL FROM:<a@a>\r\nDATA\r\nA: " + b"b" * 2400))


@case
def states_streams(size):
    """The same with bodies of HTTP/2."""
    said = PREFACE + frame(4, 0, 0) + b"".join(frame(1, 4, 1 + 2 * k, H2_GET) for k in range(64))
    return held(size, size // 1500, 80, (0, said))


@case
def matches(size):
    """What a pattern looks for, again and again."""
    return talk((0, GET), (1, response(fill(b"evil-evil ", size))))


@case
def matches_requests(size):
    return talk((0, fill(b"GET /evil.php HTTP/1.0\r\nX-Evil: 1\r\nCookie: evil=1\r\n\r\n", size)))


@case
def matches_almost(size):
    return talk((1, response(fill(b"beginabcdefx12", size))))


@case
def gquic_chlos(size):
    """Google's hellos with as many tags as fit."""
    tags = b"".join(struct.pack("<4sI", b"%04d" % k, 0) for k in range(140))
    one = b"CHLO" + struct.pack("<HH", 140, 0) + tags
    for n in range(size // 1250):
        yield udp(b"\x0d" + struct.pack("!Q", n) + b"Q043" + b"\1" + bytes(12) + b"\xa0\1\0\0" + one, port=443, client=n)


@case
def openvpn(size):
    for n in range(size // 100):
        yield udp(b"\x38" + struct.pack("!Q", n) + b"\0" + bytes(4), port=1194, client=n % 100)
        yield udp(b"\x20" + struct.pack("!Q", n) + b"\0" + struct.pack("!I", n & 7) + b"\x16\3\1\2\0\1", port=1194,
                  client=n % 100)
