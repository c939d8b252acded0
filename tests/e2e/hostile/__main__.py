#!/usr/bin/env python3
"""Writes a capture to stdout that is meant to cost the sensor more than it is worth. hostile CASE [SIZE]

Each is about SIZE bytes of traffic (1 MB). In the end comes a request for http://after.example/, in a flow of its
own. Checksums of TCP and UDP are zero: read it with --no-checksums. Without arguments: lists the cases."""
import struct
import sys

# Each makes its cases known as it is read, in this order.
import bodies  # noqa: F401
import web  # noqa: F401
import http2  # noqa: F401
import tls  # noqa: F401
import quic  # noqa: F401
import dns  # noqa: F401
import mail  # noqa: F401
import others  # noqa: F401
import streams  # noqa: F401
from packets import cases, talk

START = 1789999000


def main():
    if len(sys.argv) < 2:
        print(*cases, sep="\n")
        return
    if sys.argv[1] not in cases:
        sys.exit(__doc__)
    out = sys.stdout.buffer
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    n = 0

    def put(made):
        nonlocal n
        out.write(struct.pack("<4I", START + n // 100000, n % 100000 * 10, len(made), len(made)) + made)
        n += 1

    for made in cases[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 1000000):
        put(made)
    for made in talk((0, b"GET / HTTP/1.1\r\nHost: after.example\r\n\r\n"), client=0xFFFFFF):
        put(made)


main()
