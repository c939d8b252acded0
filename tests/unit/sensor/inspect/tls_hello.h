/* ClientHellos built by hand (RFC 8446, section 4.1.2), in records. */
#ifndef SELAT_TEST_TLS_HELLO_H
#define SELAT_TEST_TLS_HELLO_H

#include "tls_bytes.h"

enum { POOL = 1 << 20 };

#define RECORD                                                                                     \
	"tls.version=TLS 1.3\nja3.hash=8ed886470a925283d61853f7a003322a\n"                         \
	"ja4.hash=t13d020300_62ed6f6ca7ad_a56c5b993250\ntls.sni=Host.example\n--\n"

static inline void close_u16(struct wire *w, size_t at)
{
	wire_set16(w, at, (unsigned)(w->n - at - 2));
}

/* The handshake message. sni: NULL leaves the extension out. `size`: bytes of an extension in
 * front. */
static inline void hello(struct wire *w, unsigned type, const char *sni, size_t size)
{
	w->n = 0;
	wire_u8(w, type);
	wire_u8(w, 0);
	wire_u16(w, 0);
	wire_u16(w, 0x0303);
	for (unsigned i = 0; i < 32; i++)
		wire_u8(w, i);
	wire_hex(w, "04 aabbccdd"            /* session */
		    "0004 1301 1302 01 00"); /* cipher suites, compression */
	size_t all = w->n;
	wire_u16(w, 0);
	wire_u16(w, 51); /* key share: post-quantum ones are long */
	wire_u16(w, (unsigned)size);
	for (size_t i = 0; i < size; i++)
		wire_u8(w, (unsigned)i);
	if (sni) {
		wire_u16(w, 0);
		size_t extension = w->n;
		wire_u16(w, 0);
		size_t list = w->n;
		wire_u16(w, 0);
		wire_u8(w, 0);
		wire_u16(w, (unsigned)strlen(sni));
		wire_text(w, sni);
		close_u16(w, list);
		close_u16(w, extension);
	}
	wire_hex(w, "002b 0003 02 0304");
	close_u16(w, all);
	wire_set16(w, 2, (unsigned)(w->n - 4));
}

/* Records of at most `most` bytes each. */
static inline void records(struct wire *out, const struct wire *message, size_t most)
{
	out->n = 0;
	tls_records(out, message, most);
}

/* Another message behind, from hex. */
static inline void add_record(struct wire *out, const char *message)
{
	static struct wire w;
	w.n = 0;
	wire_hex(&w, message);
	tls_records(out, &w, 16384);
}

#endif
