"""Bodies that unpack to far more than they are."""
import gzip
import zlib

from packets import GET, case, fill, response, talk

# 8 MiB of zeros as the densest encoder of Brotli packs them
BROTLI_ZEROS = bytes.fromhex("9bffff7ff82700e2b14020f7fe0f")


def deep_gzip(zeros, times):
    data = bytes(zeros)
    for _ in range(times):
        data = gzip.compress(data, 9, mtime=0)
    return data


@case
def bomb_gzip(size):
    return talk((0, GET), (1, response(gzip.compress(bytes(size * 1000), 9, mtime=0), b"Content-Encoding: gzip")))


@case
def bomb_deflate(size):
    return talk((0, GET), (1, response(zlib.compress(bytes(size * 1000), 9), b"Content-Encoding: deflate")))


@case
def bomb_brotli(size):
    return talk((0, GET), (1, response(BROTLI_ZEROS, b"Content-Encoding: br")))


@case
def bomb_nested(size):
    """gzip in gzip in gzip, again and again on a connection."""
    one = response(deep_gzip(64 << 20, 3), b"Content-Encoding: gzip, gzip, gzip")
    return talk((0, fill(GET, size // 4)), (1, fill(one, size)))


@case
def bombs_brotli(size):
    """8 MiB in 14 bytes, again and again on a connection."""
    return talk((1, fill(response(BROTLI_ZEROS, b"Content-Encoding: br"), size)))


@case
def bombs_brotli_flows(size):
    """The same, in a connection each."""
    for n in range(size // 600):
        yield from talk((1, response(BROTLI_ZEROS, b"Content-Encoding: br")), client=n)


@case
def bombs_gzip(size):
    """7 MB in 7 KB: each body below what is free."""
    one = response(gzip.compress(bytes(7 << 20), 9, mtime=0), b"Content-Encoding: gzip")
    return talk((1, fill(one, size)))


@case
def gzip_members(size):
    return talk((1, response(fill(gzip.compress(b"", mtime=0), size), b"Content-Encoding: gzip")))


@case
def gzip_bodies(size):
    return talk((1, fill(response(gzip.compress(b"x", mtime=0), b"Content-Encoding: gzip"), size)))
