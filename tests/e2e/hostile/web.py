"""HTTP/1: lines, headers, chunks, parts and turns without end."""
import gzip
import random

from packets import GET, Tcp, case, fill, response, talk


@case
def http_long_line(size):
    return talk((0, b"GET /a HTTP/1.1\r\nX-Long: " + b"a" * size + b"\r\nHost: a.example\r\n\r\n"))


@case
def http_long_lines(size):
    return talk((0, b"GET /a HTTP/1.1\r\n" + b"X-Long: " + b"a" * 65000 + b"\r\n\r\n"),
                (0, fill(b"GET /a HTTP/1.1\r\nX-Long: " + b"a" * 65000 + b"\r\n\r\n", size)))


@case
def http_long_line_bytes(size):
    return talk((0, b"GET /" + b"a" * (size // 55)), size=1)


@case
def http_headers(size):
    return talk((0, b"GET /a HTTP/1.1\r\n" + fill(b"A: b\r\n", size) + b"\r\n"))


@case
def http_headers_many(size):
    return talk((0, fill(b"GET /a HTTP/1.1\r\n" + b"A:b\n" * 10000 + b"\r\n", size)))


@case
def http_headers_joined(size):
    one = b"GET /a HTTP/1.1\r\n" + b"Transfer-Encoding: a\r\nCookie: b\r\nHost: c\r\n" * 1000 + b"\r\n"
    return talk((0, fill(one, size)))


@case
def http_folded(size):
    return talk((0, fill(b"GET /a HTTP/1.1\r\nA: b\r\n" + b" c\r\n" * 10000 + b"\r\n", size)))


@case
def http_disposition(size):
    one = response(b"x", b"Content-Disposition: " + b"; filename=\"a\"" * 4000)
    return talk((1, fill(one, size)))


@case
def http_pipelined(size):
    return talk((0, fill(b"GET / HTTP/1.0\n\n", size)))


@case
def http_pipelined_responses(size):
    return talk((1, fill(b"HTTP/1.1 200\nContent-Length:1\n\nx", size)))


@case
def http_one_byte_chunks(size):
    return talk((1, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * (size // 6) +
                 b"0\r\n\r\n"))


@case
def http_one_byte_gzip_chunks(size):
    body = gzip.compress(random.Random(1).randbytes(size // 6), mtime=0)
    chunks = b"".join(b"1\r\n%c\r\n" % c for c in body)
    return talk((1, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))


@case
def http_multipart(size):
    body = fill(b"--b\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n", size)
    return talk((0, b"POST /a HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" %
                 len(body) + body))


@case
def http_multipart_marks(size):
    """Boundaries that begin before each has a part."""
    body = fill(b"--b\n", size)
    return talk((0, b"POST /a HTTP/1.1\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Length: %d\r\n\r\n" %
                 len(body) + body))


@case
def http_multiparts(size):
    """Uploads of a thousand parts each, which is the bound of one."""
    body = b"--b\n\nx\n" * 999 + b"--b--\n"
    return talk((0, fill(b"POST /a HTTP/1.1\nContent-Type: multipart/mixed; boundary=b\nContent-Length: %d\n\n" %
                         len(body) + body, size)))


@case
def http_readings(size):
    """Responses that can be read in several ways each, small ones, and one that unpacks in all of them."""
    head = b"http/1.1 200 OK\r\nContent-Encoding: gzip\r\nA: b\rContent-Encoding: gzip\r\nno header\r\n"
    small, large = gzip.compress(b"x", mtime=0), gzip.compress(bytes(7 << 20), 9, mtime=0)
    one, last = (head + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in (small, large))
    n = size // (len(GET) + len(one))
    return talk(*((0, GET) if i % 2 == 0 else (1, one) for i in range(2 * n)), (0, GET), (1, last))


@case
def http_continues(size):
    return talk((0, GET), (1, fill(b"HTTP/1.1 100 Continue\r\n\r\n", size)))


@case
def http_connects(size):
    c = Tcp(port=8080)
    yield from c.open()
    for _ in range(size // 220):
        yield from c.say(0, b"CONNECT a:1 HTTP/1.1\r\n\r\n")
        yield from c.say(1, b"HTTP/1.1 200 Connection established\r\n\r\n")


@case
def http_connects_blind(size):
    return talk((1, fill(b"HTTP/1.1 200 Connection established\r\n\r\n", size)))


@case
def http_upgrades(size):
    return talk((1, fill(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", size)))
