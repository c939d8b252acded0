"""FTP, SSH and SOCKS."""
import struct

from packets import Tcp, case, fill, talk


@case
def ftp_ports(size):
    said = b"".join(b"PORT 10,0,0,%d,%d,%d\r\n" % (n >> 16 & 255, n >> 8 & 255, n & 255) for n in range(size // 24))
    return talk((1, b"220 FTP\r\n"), (0, b"USER a\r\n" + said), port=21)


@case
def ftp_passive(size):
    c = Tcp(port=21)
    yield from c.open()
    yield from c.say(1, b"220 FTP\r\n")
    yield from c.say(0, b"USER a\r\nPASS b\r\n")
    for n in range(size // 220):
        yield from c.say(0, b"PASV\r\nRETR a%d\r\n" % n)
        yield from c.say(1, b"227 ok (192,0,2,1,%d,%d)\r\n" % (n >> 8 & 255, n & 255))


@case
def ftp_data(size):
    """Each announced, and it comes."""
    c = Tcp(port=21)
    yield from c.open()
    yield from c.say(1, b"220 FTP\r\n")
    yield from c.say(0, b"USER a\r\nPASS b\r\n")
    for n in range(size // 700):
        yield from c.say(0, b"PASV\r\nRETR a%d\r\n" % n)
        yield from c.say(1, b"227 ok (192,0,2,1,%d,%d)\r\n" % (16 + (n >> 8 & 63), n & 255))
        yield from talk((1, b"data"), port=4096 + n % 16384, source=30000 + n % 30000)


@case
def ssh_kexinit(size):
    lists = b"".join(struct.pack("!I", 3000) + fill(b"a,", 3000)[:3000] for _ in range(10))
    body = b"\4\x14" + bytes(16) + lists + bytes(5) + bytes(4)
    return talk((0, b"SSH-2.0-a\r\n" + fill(struct.pack("!I", len(body)) + body, size)), port=22)


@case
def ssh_banner(size):
    return talk((1, fill(b"a line before\r\n", size) + b"SSH-2.0-a\r\n"), port=22)


@case
def socks_nested(size):
    c = Tcp(port=1080)
    yield from c.open()
    for _ in range(size // 240):
        yield from c.say(0, b"\5\1\0")
        yield from c.say(1, b"\5\0")
        yield from c.say(0, b"\5\1\0\1\1\2\3\4\0\x50")
        yield from c.say(1, b"\5\0\0\1\1\2\3\4\0\x50")


@case
def socks_run(size):
    """In one direction, without waiting."""
    return talk((0, fill(b"\5\1\0" + b"\5\1\0\1\1\2\3\4\0\x50", size)), port=1080)


@case
def socks4_run(size):
    return talk((0, fill(b"\4\1\0\x50\1\2\3\4\0", size)), port=1080)
