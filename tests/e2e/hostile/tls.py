"""TLS and DTLS: records, hellos, certificates."""
import random
import struct

from packets import case, fill, talk, udp


def record(body, kind=22, version=0x0303):
    return struct.pack("!BHH", kind, version, len(body)) + body


def records(body, size=16000):
    return b"".join(record(body[i:i + size]) for i in range(0, len(body), size))


def message(kind, body):
    return bytes([kind]) + struct.pack("!I", len(body))[1:] + body


def extension(kind, body):
    return struct.pack("!HH", kind, len(body)) + body


def name_extension(*names):
    names = b"".join(b"\0" + struct.pack("!H", len(n)) + n for n in names)
    return extension(0, struct.pack("!H", len(names)) + names)


def hello(extensions=name_extension(b"tls.example"), ciphers=b"\x13\x01"):
    body = b"\3\3" + bytes(32) + b"\0" + struct.pack("!H", len(ciphers)) + ciphers + b"\1\0"
    return message(1, body + struct.pack("!H", len(extensions)) + extensions)


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    length = bytes([n]) if n < 128 else b"\x82" + struct.pack("!H", n) if n < 65536 else b"\x83" + struct.pack("!I", n)[1:]
    return bytes([tag]) + length + body


def certificate(names=b"", subject=b""):
    tbs = [der(0xA0, der(2, b"\2")), der(2, b"\1"), der(0x30), der(0x30, subject), der(0x30), der(0x30, subject),
           der(0x30)]
    if names:
        tbs.append(der(0xA3, der(0x30, der(0x30, der(6, b"\x55\x1d\x11"), der(4, der(0x30, names))))))
    return der(0x30, der(0x30, *tbs), der(0x30), der(3))


def chain(*certificates):
    body = b"".join(struct.pack("!I", len(c))[1:] + c for c in certificates)
    return message(11, struct.pack("!I", len(body))[1:] + body)


SERVER_HELLO = record(message(2, b"\3\3" + bytes(32) + b"\0\x13\x01\0\0\0"))


@case
def tls_empty_records(size):
    """65,535 and more, then a hello that should still come."""
    first = record(b"\1")  # so that it is known to be TLS
    return talk((0, first[:5] + first[5:] + record(b"") * (size // 5) + records(hello()[1:])), port=443)


@case
def tls_empty_data_records(size):
    return talk((1, SERVER_HELLO + record(b"", 21) * (size // 5)), port=443)


@case
def tls_one_byte_records(size):
    return talk((0, records(fill(hello(extension(21, bytes(60000))), size // 6), 1)), port=443)


@case
def tls_long_hellos(size):
    return talk((0, fill(records(hello(extension(21, bytes(60000)))), size)), port=443)


@case
def tls_ciphers(size):
    rng = random.Random(1)
    return talk((0, fill(records(hello(ciphers=rng.randbytes(60000))), size)), port=443)


@case
def tls_extensions(size):
    one = records(hello(b"".join(extension(k & 0xFFFF, b"") for k in range(40000, 24000, -1))))
    return talk((0, fill(one, size)), port=443)


@case
def tls_groups(size):
    groups = bytes(range(256)) * 230
    one = records(hello(extension(10, struct.pack("!H", len(groups)) + groups)))
    return talk((0, fill(one, size)), port=443)


@case
def tls_names(size):
    return talk((0, fill(records(hello(name_extension(*[b"a.example"] * 5000))), size)), port=443)


@case
def tls_hellos(size):
    return talk((0, fill(records(hello()), size)), port=443)


@case
def tls_hello_bytes(size):
    return talk((0, records(hello(extension(21, bytes(size // 60))))), size=1, port=443)


@case
def tls_cert_chain(size):
    """Certificates as small as they get, by the thousand."""
    one = records(chain(*[certificate()] * 1500))
    return talk((1, SERVER_HELLO + fill(one, size)), port=443)


@case
def tls_cert_names(size):
    one = records(chain(certificate(b"\x82\0" * 15 + b"\x82\1a" * 20000)))
    return talk((1, SERVER_HELLO + fill(one, size)), port=443)


@case
def tls_cert_100000_names(size):
    return talk((1, SERVER_HELLO + records(chain(certificate(b"\x82\1a" * 100000)))), port=443)


@case
def tls_cert_subjects(size):
    pair = der(0x31, der(0x30, der(6, b"\x55\4\3"), der(12, b"a")))
    one = records(chain(*[certificate(b"", pair * 2000)] * 2))
    return talk((1, SERVER_HELLO + fill(one, size)), port=443)


@case
def tls_cert_depth(size):
    """Nested as deep as it goes: a reader that comes back to itself would fall."""
    nest = b""
    for _ in range(9000):
        nest = der(0x30, nest)
    return talk((1, SERVER_HELLO + fill(records(chain(nest)), size)), port=443)


@case
def dtls_fragments(size):
    """A hello in pieces of a byte, out of order, and a new one each time."""
    body = hello()[4:]
    n = size // 80
    for k in range(n):
        seq, at = k // len(body), len(body) - 1 - k % len(body)
        part = bytes([1]) + struct.pack("!I", len(body))[1:] + struct.pack("!H", seq & 0xFFFF) + \
            struct.pack("!I", at)[1:] + b"\0\0\1" + body[at:at + 1]
        yield udp(b"\x16\xfe\xfd" + struct.pack("!HHIH", 0, 0, k, len(part)) + part, port=4433)
