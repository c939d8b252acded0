"""QUIC: Initials that open, and many that cost a try."""
import hashlib
import hmac
import random
import struct

from packets import case, udp
from tls import extension, hello, name_extension


def expand(secret, label, n):
    info = struct.pack("!H", n) + bytes([6 + len(label)]) + b"tls13 " + label + b"\0"
    return hmac.new(secret, info + b"\1", hashlib.sha256).digest()[:n]


def aes_tables():
    sbox, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ (p << 1) ^ (0x11B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        q ^= 0x09 if q & 0x80 else 0
        x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        sbox[p & 0xFF] = (x ^ 0x63) & 0xFF
        if p & 0xFF == 1:
            sbox[0] = 0x63
            return sbox


SBOX = aes_tables()


class Aes:
    """AES-128 for a block (FIPS 197)."""

    def __init__(self, key):
        w, rcon = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
        for i in range(4, 44):
            x = list(w[i - 1])
            if i % 4 == 0:
                x = [SBOX[b] for b in x[1:] + x[:1]]
                x[0] ^= rcon
                rcon = rcon << 1 ^ (0x11B if rcon & 0x80 else 0)
            w.append([a ^ b for a, b in zip(x, w[i - 4])])
        self.keys = [sum(w[i:i + 4], []) for i in range(0, 44, 4)]

    def block(self, data):
        s = [a ^ b for a, b in zip(data, self.keys[0])]
        for r in range(1, 11):
            s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
            if r < 10:
                mixed = []
                for c in range(0, 16, 4):
                    col = s[c:c + 4]
                    every = col[0] ^ col[1] ^ col[2] ^ col[3]
                    for i in range(4):
                        x = col[i] ^ col[(i + 1) % 4]
                        mixed.append(col[i] ^ every ^ (x << 1 ^ (0x11B if x & 0x80 else 0)))
                s = mixed
            s = [a ^ b for a, b in zip(s, self.keys[r])]
        return bytes(s)


def gcm(aes, nonce, plain, extra):
    """NIST SP 800-38D: what is sealed, with its tag."""
    blocks = (len(plain) + 15) // 16
    stream = b"".join(aes.block(nonce + struct.pack("!I", 2 + i)) for i in range(blocks))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))
    h, y = int.from_bytes(aes.block(bytes(16)), "big"), 0
    data = extra + bytes(-len(extra) % 16) + sealed + bytes(-len(sealed) % 16)
    data += struct.pack("!QQ", len(extra) * 8, len(sealed) * 8)
    for i in range(0, len(data), 16):
        x, v, z = y ^ int.from_bytes(data[i:i + 16], "big"), h, 0
        for bit in range(127, -1, -1):
            z ^= v if x >> bit & 1 else 0
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        y = z
    mask = aes.block(nonce + b"\0\0\0\1")
    return sealed + bytes(a ^ b for a, b in zip(y.to_bytes(16, "big"), mask))


class Quic:
    """A client's Initials (RFC 9001, section 5)."""

    def __init__(self, ident):
        self.ident, self.number = ident, 0
        salt = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
        secret = expand(hmac.new(salt, ident, hashlib.sha256).digest(), b"client in", 32)
        self.key, self.iv = Aes(expand(secret, b"quic key", 16)), expand(secret, b"quic iv", 12)
        self.mask = Aes(expand(secret, b"quic hp", 16))

    def initial(self, frames):
        frames += bytes(max(0, 1150 - len(frames)))
        number = struct.pack("!I", self.number)
        head = b"\xc3\0\0\0\1" + bytes([len(self.ident)]) + self.ident + b"\0\0" + \
            struct.pack("!H", 0x4000 | len(frames) + 20) + number
        nonce = bytes(a ^ b for a, b in zip(self.iv, bytes(8) + number))
        sealed = gcm(self.key, nonce, frames, head)
        mask = self.mask.block(sealed[:16])
        self.number += 1
        return bytes([head[0] ^ mask[0] & 15]) + head[1:-4] + bytes(a ^ b for a, b in zip(number, mask[1:])) + sealed


def crypto(offset, data):
    return b"\6" + struct.pack("!I", 0x80000000 | offset) + struct.pack("!H", 0x4000 | len(data)) + data


QUIC_HELLO = hello(name_extension(b"quic.example") + extension(57, bytes(900)))


@case
def quic_one_byte_frames(size):
    """A thousand CRYPTO frames of a byte, from the last to the first: the hello should come."""
    q = Quic(b"\1" * 8)
    pieces = [crypto(i, QUIC_HELLO[i:i + 1]) for i in range(len(QUIC_HELLO))][::-1]
    for i in range(0, len(pieces), 140):
        yield udp(q.initial(b"".join(pieces[i:i + 140])), port=443)


@case
def quic_far_frames(size):
    """Frames of a byte with holes up to the bound, and the hello never whole."""
    q = Quic(b"\2" * 8)
    for k in range(min(size // 1200, 140)):
        yield udp(q.initial(b"".join(crypto((k * 140 + i) * 3 % 60000, b"x") for i in range(140))), port=443)


@case
def quic_pings(size):
    q = Quic(b"\3" * 8)
    one = q.initial(b"\1\0" * 570)
    for _ in range(size // len(one)):
        yield udp(one, port=443)


@case
def quic_random_ids(size):
    """Initials that nothing opens, each with an id of its own, all in one flow."""
    rng = random.Random(1)
    for _ in range(size // 1200):
        yield udp(b"\xc3\0\0\0\1\x08" + rng.randbytes(8) + b"\0\0\x44\x9e" + rng.randbytes(1182), port=443)


@case
def quic_random_flows(size):
    """The same, each in a flow of its own."""
    rng = random.Random(1)
    for n in range(size // 1200):
        yield udp(b"\xc3\0\0\0\1\x08" + rng.randbytes(8) + b"\0\0\x44\x9e" + rng.randbytes(1182), port=443, client=n)


@case
def quic_short_flows(size):
    """The same, as short as they read as QUIC: no client begins like that."""
    rng = random.Random(1)
    for n in range(size // 82):
        yield udp(b"\xc3\0\0\0\1\x08" + rng.randbytes(8) + b"\0\0\x40\x15" + rng.randbytes(21), port=443, client=n)


@case
def quic_coalesced(size):
    """Sixteen of them in each datagram."""
    rng = random.Random(1)
    for n in range(size // 700):
        yield udp(b"".join(b"\xc3\0\0\0\1\x08" + rng.randbytes(8) + b"\0\0\x40\x15" + rng.randbytes(21)
                           for _ in range(16)), port=443, client=n)


@case
def quic_retries(size):
    rng = random.Random(1)
    for n in range(size // 90):
        yield udp(b"\xf0\0\0\0\1\0\x08" + rng.randbytes(8) + rng.randbytes(24), port=443, side=1)


@case
def quic_versions(size):
    for n in range(size // 1250):
        yield udp(b"\xc3" + struct.pack("!I", 0x0A0A0A0A | n % 16 << 4) + b"\x08" + struct.pack("!Q", n) + b"\0\0\x44\x9e" +
                  bytes(1182), port=443)
