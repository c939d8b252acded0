"""DNS: sections, pointers, texts."""
import struct

from packets import case, fill, talk, udp


def dns(questions, answers, body, flags=0x8180):
    return struct.pack("!6H", 7, flags, questions, answers, 0, 0) + body


LONG_NAME = b"".join(b"\x3f" + bytes([97 + i]) * 63 for i in range(3)) + b"\x3d" + b"d" * 61 + b"\0"


@case
def dns_answers(size):
    """As many answers as fit, each with a name of 255 bytes by a pointer, and another as its data."""
    answers = 4000
    one = dns(1, answers, LONG_NAME + b"\0\1\0\1" + b"\xc0\x0c\0\5\0\1\0\0\0\0\0\2\xc0\x0c" * answers)
    return talk((1, fill(struct.pack("!H", len(one)) + one, size)), port=53)


@case
def dns_questions(size):
    one = dns(10001, 0, LONG_NAME + b"\0\1\0\1" + b"\xc0\x0c\0\1\0\1" * 10000, 0x0100)
    return talk((0, fill(struct.pack("!H", len(one)) + one, size)), port=53)


@case
def dns_pointers(size):
    """Pointers to pointers, as many as are followed."""
    body = b"\1a\0" + b"\0\1\0\1"
    chain_at, links = 12 + len(body) + 12, b""
    for k in range(120):
        links += struct.pack("!H", 0xC000 | (12 if k == 0 else chain_at + 2 * (k - 1)))
    body += b"\xc0\x0c\0\x10\0\1\0\0\0\0" + struct.pack("!H", len(links)) + links
    ends = struct.pack("!H", 0xC000 | chain_at + 2 * 30)
    body += (ends + b"\0\5\0\1\0\0\0\0\0\2" + ends) * 4000
    one = dns(1, 4001, body)
    return talk((1, fill(struct.pack("!H", len(one)) + one, size)), port=53)


@case
def dns_loops(size):
    one = dns(1, 1, b"\xc0\x0c\0\1\0\1" + b"\xc0\x12\xc0\x14\xc0\x12" * 50)
    for _ in range(size // 350):
        yield udp(one, port=53)


@case
def dns_texts(size):
    """TXT with strings of no bytes, SVCB with parameters of none."""
    one = dns(1, 2, b"\1a\0\0\x10\0\1" + b"\xc0\x0c\0\x10\0\1\0\0\0\0" + struct.pack("!H", 30000) + bytes(30000) +
              b"\xc0\x0c\0\x41\0\1\0\0\0\0" + struct.pack("!H", 30003) + b"\0\1\0" + bytes(30000))
    return talk((1, fill(struct.pack("!H", len(one)) + one, size)), port=53)


@case
def dns_many(size):
    one = dns(1, 0, b"\1a\0\0\1\0\1", 0x0100)
    return talk((0, fill(struct.pack("!H", len(one)) + one, size)), port=53)


@case
def dns_empty(size):
    return talk((0, bytes(size)), port=53)
