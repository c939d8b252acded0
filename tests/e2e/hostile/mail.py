"""SMTP and MIME."""
from packets import MSS, Tcp, case, fill, talk


def smtp(*said, size=MSS):
    return talk((1, b"220 a ESMTP\r\n"), (0, b"EHLO a.example\r\n"), *said, port=25, size=size)


def mail(data, size=MSS):
    return smtp((0, b"MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n"), (1, b"354 go\r\n"), (0, data),
                (0, b"\r\n.\r\n"), size=size)


@case
def mime_nested(size):
    """1,000 deep, a boundary each, and then the ends; as often as it takes."""
    depth = 1000
    one = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)) + \
        b"Content-Type: text/plain\r\n\r\nhttp://deep.example/\r\n" + b"".join(b"--b%d--\r\n" % n for n in range(depth))[::-1]
    return mail(fill(one, size))


@case
def mime_messages(size):
    return mail(fill(b"Content-Type: message/rfc822\r\n\r\n", size))


@case
def mime_boundaries(size):
    return mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill(b"--b\r\n", size))


@case
def mime_almost(size):
    """Lines that are almost boundaries, of 16 levels."""
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=" + b"b" * 69 + b"%c\r\n\r\n--" % (65 + n) + b"b" * 69 +
                      b"%c\r\n" % (65 + n) for n in range(16))
    return mail(levels + b"\r\n" + fill(b"--" + b"b" * 69 + b"?\n", size))


@case
def mime_parameters(size):
    """Many pieces of a name (RFC 2231), none in order."""
    one = b"Content-Type: text/plain" + b"".join(b"; name*%d*=%%41" % (n % 32) for n in range(600, 0, -1)) + b"\r\n\r\nx\r\n"
    return mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill(b"--b\r\n" + one, size))


@case
def mime_comments(size):
    one = b"Content-Type: " + b"(" * 8000 + b"\r\n\r\nx\r\n"
    return mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill(b"--b\r\n" + one, size))


@case
def mime_parameters_open(size):
    one = b"Content-Type: text/plain" + b"; (" * 2500 + b"\r\nContent-Disposition: attachment" + b";a=\"" * 2000 + b"\r\n\r\nx\r\n"
    return mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill(b"--b\r\n" + one, size))


@case
def mime_words(size):
    return mail(b"Subject: " + fill(b"=?utf-8?q?", 60000) + b"\r\nFrom: " + fill(b"=?", 1000) + b"\r\n\r\n" + b"x" * size)


@case
def mime_words_many(size):
    one = b"EHLO a\r\nMAIL FROM:<a@a>\r\nDATA\r\nSubject: " + fill(b"=?utf-8?q?=41?= =?x", 30000) + b"\r\nFrom: " + \
        fill(b"=?a", 30000) + b"\r\n\r\n.\r\n"
    return smtp((0, fill(one, size)))


@case
def mime_headers(size):
    return mail(fill(b"A: b\r\n", size))


@case
def mime_links(size):
    return mail(b"Content-Type: text/html\r\n\r\n" + fill(b"<a href=\"http://a.example/\">", size))


@case
def mime_links_open(size):
    return mail(b"\r\n" + fill(b"http://" + b"(" * 1000 + b")" * 1000 + b" ", size))


@case
def mime_links_almost(size):
    return mail(b"Content-Type: text/html\r\n\r\n" + fill(b" hhhhhref  href  hre", size))


@case
def mime_entities(size):
    return mail(b"Content-Type: text/html\r\n\r\n" + fill(b"<a href=\"http://" + b"&" * 2000 + b"\">", size))


@case
def mime_quoted(size):
    return mail(b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + fill(b"=3D", size))


@case
def mime_quoted_blanks(size):
    return mail(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill(b"= \t\t= \r", size))


@case
def mime_base64(size):
    return mail(b"Content-Transfer-Encoding: base64\r\n\r\n" + fill(b"QQ==", size))


@case
def mime_parts(size):
    """Mails of a thousand parts each."""
    part = b"--b\n\nx\n" * 999 + b"--b--\n"
    one = b"MAIL FROM:<a@a>\r\nDATA\r\nContent-Type: multipart/mixed; boundary=b\n\n" + part + b"\r\n.\r\n"
    return smtp((0, fill(one, size)))


@case
def smtp_dots(size):
    return mail(fill(b"..\r\n.a\r\n", size))


@case
def smtp_pipelined(size):
    return smtp((0, fill(b"RSET\r\nNOOP\r\n", size)))


@case
def smtp_mails(size):
    return smtp((0, fill(b"MAIL FROM:<a@a>\r\nDATA\r\n\r\n.\r\n", size)))


@case
def smtp_recipients(size):
    return smtp((0, b"MAIL FROM:<a@a>\r\n" + fill(b"RCPT TO:<b@b>\r\n", size)))


@case
def smtp_bdat(size):
    return smtp((0, b"MAIL FROM:<a@a>\r\n" + fill(b"BDAT 0\r\n", size)))


@case
def smtp_bdat_last(size):
    return smtp((0, b"MAIL FROM:<a@a>\r\n" + fill(b"BDAT 0 LAST\r\n", size)))


@case
def smtp_replies(size):
    return talk((1, fill(b"220-a\r\n", size)), port=25)


@case
def smtp_starttls(size):
    """STARTTLS, and what follows is SMTP again."""
    c = Tcp(port=25)
    yield from c.open()
    for _ in range(size // 200):
        yield from c.say(0, b"EHLO a\r\nSTARTTLS\r\n")
        yield from c.say(1, b"220 ESMTP\r\n")
