/* Certificates (RFC 5280, section 4.1) of a TLS chain (RFC 5246, section 7.4.2). Each is handed on as a
 * transaction of its own: a rule that asks for a subject and an issuer means one certificate. One with
 * more names than a transaction holds comes in several, each with the certificate's other values. The
 * hashes need no sound certificate; what else there is comes as far as the DER is whole. Per worker. */
#include <arpa/inet.h>
#include <selat/digest.h>
#include <sensor/inspect/der.h>
#include <sensor/inspect/hello.h>
#include <sensor/inspect/inspect_internal.h>

enum {
	CHAIN_MOST = 1024,          /* certificates of a message */
	NAMES_MOST = 4096,          /* of a certificate */
	NAMES_TRANSACTION = SL_VALUES_MAX - 8,
	TEXT_MOST = 4096,           /* of a subject or issuer */
	SERIAL_MOST = 64,           /* bytes; RFC 5280 allows 20 */
	OID_MOST = 32,              /* bytes of an attribute's type */
	DER_EXTENSIONS = 0xa3,      /* [3] of a TBSCertificate */
	DER_VERSION = 0xa0,
	NAME_EMAIL = 0x81,          /* GeneralName, RFC 5280, section 4.2.1.6 */
	NAME_DNS = 0x82,
	NAME_URI = 0x86,
	NAME_IP = 0x87,
};

/* What stands in a certificate; cursors that failed are not there. */
struct cert {
	struct sl_span serial;
	struct sl_cur issuer, subject, names;
};

/* --- text --- */

struct text {
	uint8_t *at;
	size_t n, most;
	bool cut;
};

static void put(struct text *x, const void *bytes, size_t n)
{
	if (n > x->most - x->n) {
		x->cut = true;
		n = x->most - x->n;
	}
	if (n)
		memcpy(x->at + x->n, bytes, n);
	x->n += n;
}

static void put_hex(struct text *x, struct sl_span bytes, const char *digits, const char *between)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char pair[2] = { digits[bytes.at[i] >> 4], digits[bytes.at[i] & 15] };
		if (i)
			put(x, between, strlen(between));
		put(x, pair, sizeof pair);
	}
}

static void put_number(struct text *x, uint64_t value)
{
	char digit[20];
	size_t n = sizeof digit;
	do {
		digit[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(x, digit + n, sizeof digit - n);
}

/* As UTF-8 (RFC 3629). */
static void put_character(struct text *x, uint32_t c)
{
	uint8_t b[4] = { (uint8_t)(0xf0 | (c >> 18 & 7)), (uint8_t)(0x80 | (c >> 12 & 63)),
			 (uint8_t)(0x80 | (c >> 6 & 63)), (uint8_t)(0x80 | (c & 63)) };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	if (n == 1)
		b[3] = (uint8_t)c;
	else if (n == 2)
		b[2] = (uint8_t)(0xc0 | c >> 6);
	else if (n == 3)
		b[1] = (uint8_t)(0xe0 | c >> 12);
	put(x, b + 4 - n, n);
}

/* --- names --- */

/* Attribute types with a name; the abbreviations are those that Suricata writes. */
static const struct {
	const char *name;
	uint8_t len;
	uint8_t oid[10];
} types[] = {
	{ "CN", 3, { 0x55, 4, 3 } },
	{ "surname", 3, { 0x55, 4, 4 } },
	{ "serialNumber", 3, { 0x55, 4, 5 } },
	{ "C", 3, { 0x55, 4, 6 } },
	{ "L", 3, { 0x55, 4, 7 } },
	{ "ST", 3, { 0x55, 4, 8 } },
	{ "streetAddress", 3, { 0x55, 4, 9 } },
	{ "O", 3, { 0x55, 4, 10 } },
	{ "OU", 3, { 0x55, 4, 11 } },
	{ "title", 3, { 0x55, 4, 12 } },
	{ "description", 3, { 0x55, 4, 13 } },
	{ "businessCategory", 3, { 0x55, 4, 15 } },
	{ "postalCode", 3, { 0x55, 4, 17 } },
	{ "name", 3, { 0x55, 4, 41 } },
	{ "givenName", 3, { 0x55, 4, 42 } },
	{ "initials", 3, { 0x55, 4, 43 } },
	{ "dnQualifier", 3, { 0x55, 4, 46 } },
	{ "organizationIdentifier", 3, { 0x55, 4, 97 } },
	{ "Email", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 } },
	{ "unstructuredName", 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2 } },
	{ "UID", 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1 } },
	{ "DC", 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25 } },
};

/* Numbers with points: seven bits a byte, the first two numbers in one (X.690, section 8.19). */
static void put_oid(struct text *x, struct sl_span oid)
{
	uint64_t value = 0;
	bool first = true;
	for (size_t i = 0; i < oid.len && i < OID_MOST; i++) {
		value = (value & UINT64_MAX >> 7) << 7 | (oid.at[i] & 0x7f);
		if (oid.at[i] & 0x80)
			continue;
		if (first) {
			uint64_t root = value < 80 ? value / 40 : 2;
			put_number(x, root);
			value -= root * 40;
		}
		put(x, ".", 1);
		put_number(x, value);
		value = 0;
		first = false;
	}
}

static void put_type(struct text *x, struct sl_span oid)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (sl_span_eq(oid, sl_span_of(types[i].oid, types[i].len))) {
			put(x, types[i].name, strlen(types[i].name));
			return;
		}
	put_oid(x, oid);
}

/* Strings of bytes as they are, wide ones as UTF-8; what is no string in hex. */
static void put_value(struct text *x, unsigned tag, struct sl_cur c)
{
	switch (tag) {
	case 0x0c: /* UTF8String, Numeric, Printable, T61, IA5, Visible, GeneralString */
	case 0x12:
	case 0x13:
	case 0x14:
	case 0x16:
	case 0x1a:
	case 0x1b:
		put(x, c.p, sl_cur_left(&c));
		break;
	case 0x1e: /* BMPString */
		while (sl_cur_left(&c) >= 2)
			put_character(x, sl_cur_be16(&c));
		break;
	case 0x1c: /* UniversalString */
		while (sl_cur_left(&c) >= 4)
			put_character(x, sl_cur_be32(&c) & 0x1fffff);
		break;
	default:
		put_hex(x, sl_span_of(c.p, sl_cur_left(&c)), "0123456789ABCDEF", "");
		break;
	}
}

/* Name: a SEQUENCE of SETs of SEQUENCEs of type and value: "C=US, O=Example + OU=Web". */
static void put_name(struct text *x, struct sl_cur name)
{
	while (sl_cur_left(&name)) {
		struct sl_cur set = sl_der_expect(&name, SL_DER_SET);
		const char *before = x->n ? ", " : "";
		while (sl_cur_left(&set)) {
			struct sl_cur pair = sl_der_expect(&set, SL_DER_SEQUENCE), value;
			struct sl_cur type = sl_der_expect(&pair, SL_DER_OID);
			unsigned tag = sl_der_next(&pair, &value);
			if (!tag)
				return;
			put(x, before, strlen(before));
			put_type(x, sl_span_of(type.p, sl_cur_left(&type)));
			put(x, "=", 1);
			put_value(x, tag, value);
			before = " + ";
		}
	}
}

/* --- a certificate --- */

/* GeneralNames of the extension that has them, or a failed cursor. Extensions: SEQUENCE of SEQUENCE of
 * OID, BOOLEAN (may be left out), OCTET STRING. */
static struct sl_cur find_names(struct sl_cur extensions)
{
	static const uint8_t subject_alt_name[] = { 0x55, 0x1d, 17 };
	struct sl_cur list = sl_der_expect(&extensions, SL_DER_SEQUENCE);
	while (sl_cur_left(&list)) {
		struct sl_cur one = sl_der_expect(&list, SL_DER_SEQUENCE), value = { NULL, NULL, true };
		struct sl_cur oid = sl_der_expect(&one, SL_DER_OID);
		if (!sl_span_eq(sl_span_of(oid.p, sl_cur_left(&oid)),
				sl_span_of(subject_alt_name, sizeof subject_alt_name)))
			continue;
		while (sl_cur_left(&one) && sl_der_next(&one, &value) != SL_DER_OCTETS)
			;
		return sl_der_expect(&value, SL_DER_SEQUENCE);
	}
	return (struct sl_cur){ NULL, NULL, true };
}

static struct cert cert_read(struct sl_span der)
{
	struct cert x = { .names = { NULL, NULL, true } };
	struct sl_cur c = sl_cur_of(der.at, der.len), skipped;
	struct sl_cur outer = sl_der_expect(&c, SL_DER_SEQUENCE);
	struct sl_cur tbs = sl_der_expect(&outer, SL_DER_SEQUENCE);
	struct sl_cur serial;
	unsigned tag = sl_der_next(&tbs, &serial);
	if (tag == DER_VERSION)
		tag = sl_der_next(&tbs, &serial);
	if (tag == SL_DER_INTEGER)
		x.serial = sl_span_of(serial.p, sl_cur_left(&serial));
	sl_der_next(&tbs, &skipped); /* the signature's algorithm */
	x.issuer = sl_der_expect(&tbs, SL_DER_SEQUENCE);
	sl_der_next(&tbs, &skipped); /* validity */
	x.subject = sl_der_expect(&tbs, SL_DER_SEQUENCE);
	sl_der_next(&tbs, &skipped); /* the key */
	while (sl_cur_left(&tbs))
		if (sl_der_next(&tbs, &skipped) == DER_EXTENSIONS)
			x.names = find_names(skipped);
	return x;
}

static void add_name(struct sl_talk *t, enum sl_field field, struct sl_cur name)
{
	if (!sl_talk_wants(t, field) || !sl_cur_left(&name))
		return;
	struct text x = { .at = sl_talk_room(t, TEXT_MOST), .most = TEXT_MOST };
	if (!x.at)
		return;
	put_name(&x, name);
	if (x.cut)
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
	if (x.n)
		sl_value_add(t, field, sl_span_of(x.at, x.n));
}

static void add_hex(struct sl_talk *t, enum sl_field field, struct sl_span bytes, const char *digits,
		    const char *between)
{
	struct text x = { .at = sl_talk_room(t, bytes.len * 3), .most = bytes.len * 3 };
	if (!x.at)
		return;
	put_hex(&x, bytes, digits, between);
	sl_value_add(t, field, sl_span_of(x.at, x.n));
}

static void add_digests(struct sl_talk *t, struct sl_span der)
{
	uint8_t sha1[SL_SHA1_SIZE], sha256[SL_SHA256_SIZE];
	if (sl_talk_wants(t, SL_FIELD_TLS_CERT_FINGERPRINT)) {
		sl_sha1(der, sha1);
		add_hex(t, SL_FIELD_TLS_CERT_FINGERPRINT, sl_span_of(sha1, sizeof sha1),
			"0123456789abcdef", ":");
	}
	if (sl_talk_wants(t, SL_FIELD_TLS_CERT_SHA256)) {
		sl_sha256(der, sha256);
		add_hex(t, SL_FIELD_TLS_CERT_SHA256, sl_span_of(sha256, sizeof sha256),
			"0123456789abcdef", "");
	}
}

/* DNS names, mail addresses and URIs as they are, addresses as text. */
static void add_alternative(struct sl_talk *t, unsigned tag, struct sl_cur name)
{
	size_t len = sl_cur_left(&name);
	if ((tag == NAME_DNS || tag == NAME_EMAIL || tag == NAME_URI) && len) {
		sl_value_add(t, SL_FIELD_TLS_SUBJECTALTNAME, sl_span_of(name.p, len));
		return;
	}
	char text[INET6_ADDRSTRLEN];
	if (tag != NAME_IP || (len != 4 && len != 16) ||
	    !inet_ntop(len == 4 ? AF_INET : AF_INET6, name.p, text, sizeof text))
		return;
	size_t n = strlen(text);
	uint8_t *at = sl_talk_room(t, n);
	if (at) {
		memcpy(at, text, n);
		sl_value_add(t, SL_FIELD_TLS_SUBJECTALTNAME, sl_span_of(at, n));
	}
}

/* What each transaction of the certificate has. */
static void add_common(struct sl_talk *t, struct sl_span der, const struct cert *x)
{
	add_digests(t, der);
	add_name(t, SL_FIELD_TLS_CERT_SUBJECT, x->subject);
	add_name(t, SL_FIELD_TLS_CERT_ISSUER, x->issuer);
	if (x->serial.len && x->serial.len <= SERIAL_MOST)
		add_hex(t, SL_FIELD_TLS_CERT_SERIAL, x->serial, "0123456789ABCDEF", ":");
}

void sl_certificate(struct sl_talk *t, struct sl_span der)
{
	size_t room = t->inspect->room_used;
	struct cert x = cert_read(der);
	unsigned n = 0;
	add_common(t, der, &x);
	while (sl_cur_left(&x.names) && n < NAMES_MOST) {
		struct sl_cur name;
		unsigned tag = sl_der_next(&x.names, &name);
		if (++n % NAMES_TRANSACTION == 0) {
			sl_talk_done(t);
			t->inspect->room_used = room;
			add_common(t, der, &x);
		}
		add_alternative(t, tag, name);
	}
	if (sl_cur_left(&x.names))
		sl_count(sl_talk_counters(t), SL_COUNT_VALUES_LEFT_OUT);
	sl_talk_done(t);
	t->inspect->room_used = room;
}

/* certificate_list: length (3), then length (3) and DER of each. */
void sl_certificates(struct sl_talk *t, struct sl_span body)
{
	struct sl_cur c = sl_cur_of(body.at, body.len);
	sl_cur_be24(&c);
	for (unsigned n = 0; n < CHAIN_MOST && sl_cur_left(&c) >= 3; n++) {
		uint32_t len = sl_cur_be24(&c);
		const uint8_t *der = sl_cur_take(&c, len);
		if (der && len)
			sl_certificate(t, sl_span_of(der, len));
	}
}
