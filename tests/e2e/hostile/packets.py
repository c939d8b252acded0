"""What the cases are made of: a table of them, packets, TCP connections, HTTP messages."""
import struct

MSS = 1400
SYN, RST, ACK, FIN = 2, 4, 16, 1
cases = {}


def case(make):
    cases[make.__name__] = make
    return make


def packet(proto, side, client, ports, body):
    """A frame from the client's address 10.x.y.z, or to it."""
    a, b = struct.pack("!I", 0x0A000000 | client & 0xFFFFFF), bytes([192, 0, 2, 1])
    p, q = ports
    if side:
        a, b, p, q = b, a, q, p
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + 2 * 2 + len(body), 0, 0x4000, 64, proto, 0) + a + b
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + head[12:]
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + head + struct.pack("!HH", p, q) + body


def udp(payload, client=1, port=9999, side=0, source=40000):
    return packet(17, side, client, (source, port), struct.pack("!HH", 8 + len(payload), 0) + payload)


class Tcp:
    """A connection: what each side says, in segments of any size."""

    def __init__(self, client=1, port=80, source=40000):
        self.client, self.ports, self.seq = client, (source, port), [1000, 5000]

    def segment(self, side, flags, payload=b"", seq=None):
        rest = struct.pack("!IIBBHHH", (self.seq[side] if seq is None else seq) & 0xFFFFFFFF, self.seq[1 - side],
                           0x50, flags, 65535, 0, 0)
        return packet(6, side, self.client, self.ports, rest + payload)

    def open(self):
        yield self.segment(0, SYN, seq=self.seq[0] - 1)
        yield self.segment(1, SYN | ACK, seq=self.seq[1] - 1)

    def say(self, side, data, size=MSS):
        for i in range(0, len(data), size):
            part = data[i:i + size]
            yield self.segment(side, ACK, part)
            self.seq[side] += len(part)

    def close(self):
        yield self.segment(0, FIN | ACK)
        yield self.segment(1, FIN | ACK)


def talk(*said, size=MSS, port=80, client=1, source=40000):
    """A whole connection: (side, bytes) …"""
    c = Tcp(client, port, source)
    yield from c.open()
    for side, data in said:
        yield from c.say(side, data, size)
    yield from c.close()


def fill(unit, size):
    return unit * (size // len(unit) + 1)


def response(body, *headers):
    return b"\r\n".join((b"HTTP/1.1 200 OK",) + headers + (b"Content-Length: %d" % len(body), b"", body))


GET = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
