"""HTTP/2: header compression, streams, windows."""
import struct

from bodies import BROTLI_ZEROS
from packets import case, fill, talk

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, body=b""):
    return struct.pack("!I", len(body))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + body


def h2(frames):
    return talk((0, PREFACE + frame(4, 0, 0) + frames))


# :method GET, :path /, :scheme http of the static table
H2_GET = b"\x82\x84\x86"


def hpack_string(s):
    n = len(s)
    if n < 127:
        return bytes([n]) + s
    out, n = b"\x7f", n - 127
    while n >= 128:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n]) + s


@case
def h2_hpack_bomb(size):
    """A header of 4000 bytes, then a byte each that means it again."""
    first = frame(1, 5, 1, H2_GET + b"\x40" + hpack_string(b"x") + hpack_string(b"a" * 4000))
    return h2(first + b"".join(frame(1, 5, 3 + 2 * n, H2_GET + b"\xbe" * 16000) for n in range(size // 16000)))


@case
def h2_hpack_bombs(size):
    """The same, in requests of 27 bytes."""
    first = frame(1, 5, 1, H2_GET + b"\x40" + hpack_string(b"x") + hpack_string(b"a" * 4000))
    return h2(first + b"".join(frame(1, 5, 3 + 2 * n, H2_GET + b"\xbe" * 15) for n in range(size // 27)))


@case
def h2_hpack_cookies(size):
    first = frame(1, 5, 1, H2_GET + b"\x60" + hpack_string(b"a" * 4000))
    return h2(first + b"".join(frame(1, 5, 3 + 2 * n, H2_GET + b"\xbe" * 15) for n in range(size // 27)))


@case
def h2_table_sizes(size):
    """Table updates within and beyond what is allowed."""
    return h2(b"".join(frame(1, 5, 1 + 2 * n, b"\x20\x3f\xe1\x1f" + H2_GET) for n in range(size // 16)))


@case
def h2_small_headers(size):
    """Literals without a name or a value."""
    return h2(b"".join(frame(1, 5, 1 + 2 * n, H2_GET + b"\0\0\0" * 5000) for n in range(size // 15000)))


@case
def h2_table_churn(size):
    """Each header drives another out of the table."""
    return h2(b"".join(frame(1, 5, 1 + 2 * n, H2_GET + b"\x40\1a\1b" * 4000) for n in range(size // 20000)))


@case
def h2_continuations(size):
    return h2(frame(1, 0, 1, H2_GET) + fill(frame(9, 0, 1), size))


@case
def h2_continuations_full(size):
    return h2(frame(1, 0, 1, H2_GET) + fill(frame(9, 0, 1, b"\0\1a\1b" * 3000), size))


@case
def h2_rapid_reset(size):
    return h2(b"".join(frame(1, 5, 1 + 2 * n, H2_GET) + frame(3, 0, 1 + 2 * n, bytes(4)) for n in range(size // 25)))


@case
def h2_streams(size):
    """Streams that stay open, each with a body under way."""
    return h2(b"".join(frame(1, 4, 1 + 2 * n, H2_GET) + frame(0, 0, 1 + 2 * n, b"x") for n in range(size // 22)))


@case
def h2_streams_turns(size):
    """Data of 64 streams in turns, a byte each."""
    n = 64
    return h2(b"".join(frame(1, 4, 1 + 2 * k, H2_GET) for k in range(n)) +
              fill(b"".join(frame(0, 0, 1 + 2 * k, b"x") for k in range(n)), size))


@case
def h2_windows(size):
    return h2(fill(frame(8, 0, 0, b"\x7f\xff\xff\xff") + frame(6, 0, 0, bytes(8)) + frame(2, 0, 1, bytes(5)), size))


@case
def h2_settings(size):
    return h2(fill(frame(4, 0, 0, struct.pack("!HI", 1, 0xFFFFFFFF) * 1000 + struct.pack("!HI", 4, 0)) +
                   frame(4, 1, 0), size))


@case
def h2_empty_data(size):
    return h2(frame(1, 4, 1, H2_GET) + fill(frame(0, 0, 1), size))


@case
def h2_bombs(size):
    """Brotli's zeros on each stream."""
    br = b"\x0f\x0b\x02br"  # content-encoding: br, not indexed
    said = b"".join(frame(1, 4, 1 + 2 * n, b"\x88" + br) + frame(0, 1, 1 + 2 * n, BROTLI_ZEROS)
                    for n in range(size // 40))
    return talk((1, frame(4, 0, 0, bytes([0, 3, 0, 0, 0, 99])) + said))
