/* TLS hellos (RFC 8446, sections 4.1 and 4.2; RFC 5246, section 7.4.1; DTLS: RFC 6347, section 4.2.1),
 * for all that carry them. Values stand in the transaction in an order that keeps the fingerprints and
 * names if there are more protocols than a transaction holds. An Encrypted ClientHello is marked: its
 * name is the outer one's, which many servers share. Per worker, no state. */
#include <sensor/inspect/ja.h>

enum {
	EXTENSION_SERVER_NAME = 0, /* RFC 6066, section 3 */
	EXTENSION_GROUPS = 10,     /* RFC 8422, section 5.1 */
	EXTENSION_FORMATS = 11,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_ALPN = 16,       /* RFC 7301 */
	EXTENSION_VERSIONS = 43,   /* RFC 8446, section 4.2.1 */
	EXTENSION_ECH = 0xfe0d,    /* RFC 9849, section 5 */
	ECH_OUTER = 0,
	ECH_INNER = 1,             /* seen only behind the server that decrypted it: section 7.1 */
	NAME_HOST = 0,
	NAMES_MOST = 64,           /* of a hello, and as many protocols */
};

/* As Suricata writes them. */
static const char *version_text(uint16_t version)
{
	static const struct {
		uint16_t version;
		const char *text;
	} names[] = {
		{ 0x0304, "TLS 1.3" },  { 0x0303, "TLS 1.2" },  { 0x0302, "TLS 1.1" },
		{ 0x0301, "TLSv1" },    { 0x0300, "SSLv3" },    { 0x0002, "SSLv2" },
		{ 0xfefc, "DTLS 1.3" }, { 0xfefd, "DTLS 1.2" }, { 0xfeff, "DTLS 1.0" },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].version == version)
			return names[i].text;
	/* drafts of TLS 1.3, and Facebook's of it */
	return version >> 8 == 0x7f || version >> 8 == 0xfb ? "TLS 1.3" : NULL;
}

static void add_version(struct sl_talk *t, const struct sl_hello *h)
{
	const char *text = version_text(sl_hello_version(h));
	if (text)
		sl_value_add(t, SL_FIELD_TLS_VERSION, sl_span_str(text));
}

/* A list behind its length of 1 or 2 bytes. What is cut gives nothing. */
static struct sl_span list_in(struct sl_cur c, size_t size)
{
	size_t len = size == 2 ? sl_cur_be16(&c) : sl_cur_u8(&c);
	const uint8_t *at = sl_cur_take(&c, len);
	return sl_span_of(at, at ? len : 0);
}

/* Server name list: length (2), then entries of type (1), length (2), name. */
static void add_names(struct sl_talk *t, struct sl_cur c)
{
	struct sl_cur list = sl_cur_sub(&c, sl_cur_be16(&c));
	for (unsigned n = 0; sl_cur_left(&list) && n < NAMES_MOST; n++) {
		uint8_t type = sl_cur_u8(&list);
		uint16_t len = sl_cur_be16(&list);
		const uint8_t *name = sl_cur_take(&list, len);
		if (name && type == NAME_HOST && len)
			sl_value_add(t, SL_FIELD_TLS_SNI, sl_span_of(name, len));
	}
}

/* Protocol name list: length (2), then length (1), name. The first that is no GREASE is JA4's. */
static void read_alpn(struct sl_hello *h, struct sl_cur c)
{
	struct sl_cur list = sl_cur_sub(&c, sl_cur_be16(&c));
	while (sl_cur_left(&list)) {
		uint8_t len = sl_cur_u8(&list);
		const uint8_t *name = sl_cur_take(&list, len);
		if (name && !(len == 2 && sl_is_grease((unsigned)name[0] << 8 | name[1]))) {
			h->alpn = sl_span_of(name, len);
			return;
		}
	}
}

static void add_alpn(struct sl_talk *t, struct sl_cur c)
{
	struct sl_cur list = sl_cur_sub(&c, sl_cur_be16(&c));
	for (unsigned n = 0; sl_cur_left(&list) && n < NAMES_MOST; n++) {
		uint8_t len = sl_cur_u8(&list);
		const uint8_t *name = sl_cur_take(&list, len);
		if (name && len)
			sl_value_add(t, SL_FIELD_TLS_ALPN, sl_span_of(name, len));
	}
}

/* outer: type (1), KDF and AEAD (4), configuration (1), encapsulated key (2 + n), payload (2 + n);
 * inner: type. GREASE (section 6.2) has the same form, so that nobody can tell. */
static void add_ech(struct sl_talk *t, struct sl_cur c)
{
	uint8_t type = sl_cur_u8(&c);
	if (type == ECH_OUTER) {
		sl_cur_take(&c, 5);
		sl_cur_take(&c, sl_cur_be16(&c));
		sl_cur_take(&c, sl_cur_be16(&c));
	}
	if (c.failed || sl_cur_left(&c) || type > ECH_INNER)
		return;
	sl_value_add(t, SL_FIELD_TLS_ECH, sl_span_str(type == ECH_OUTER ? "outer" : "inner"));
}

static void read_extension(struct sl_hello *h, uint16_t type, struct sl_cur data)
{
	switch (type) {
	case EXTENSION_SERVER_NAME:
		h->has_sni = true;
		break;
	case EXTENSION_GROUPS:
		h->groups = list_in(data, 2);
		break;
	case EXTENSION_FORMATS:
		h->formats = list_in(data, 1);
		break;
	case EXTENSION_SIGNATURES:
		h->signatures = list_in(data, 2);
		break;
	case EXTENSION_ALPN:
		read_alpn(h, data);
		break;
	case EXTENSION_VERSIONS:
		h->versions = list_in(data, 1);
		h->has_versions = true;
		break;
	default:
		break;
	}
}

/* Extensions (2 + n), which may be left out; each: type (2), length (2), data. False: cut. */
static bool read_extensions(struct sl_hello *h, struct sl_cur *c, bool server)
{
	if (c->failed || !sl_cur_left(c))
		return !c->failed;
	size_t len = sl_cur_be16(c), left = sl_cur_left(c);
	bool whole = !c->failed && len == left; /* nothing may stand behind them */
	len = len < left ? len : left;
	h->extensions = sl_span_of(c->p, len);
	struct sl_cur list = sl_cur_of(c->p, len);
	while (sl_cur_left(&list)) {
		uint16_t type = sl_cur_be16(&list);
		struct sl_cur data = sl_cur_sub(&list, sl_cur_be16(&list));
		if (list.failed)
			break;
		if (server && type == EXTENSION_VERSIONS) { /* the one chosen, no list */
			h->versions = sl_span_of(data.p, sl_cur_left(&data));
			h->has_versions = true;
		} else {
			read_extension(h, type, data);
		}
	}
	return whole && !list.failed;
}

/* Names and protocols, of each such extension, also of a list that is cut. */
static void add_extensions(struct sl_talk *t, const struct sl_hello *h, uint16_t wanted,
			   void (*add)(struct sl_talk *t, struct sl_cur data))
{
	struct sl_cur list = sl_cur_of(h->extensions.at, h->extensions.len);
	while (sl_cur_left(&list)) {
		uint16_t type = sl_cur_be16(&list);
		struct sl_cur data = sl_cur_sub(&list, sl_cur_be16(&list));
		if (!list.failed && type == wanted)
			add(t, data);
	}
}

/* Text that must last until the message is handed on. */
static void add_text(struct sl_talk *t, enum sl_field field, const char *text)
{
	size_t n = strlen(text);
	uint8_t *at = sl_talk_room(t, n);
	if (!at)
		return;
	memcpy(at, text, n);
	sl_value_add(t, field, sl_span_of(at, n));
}

static void add_fingerprints(struct sl_talk *t, const struct sl_hello *h)
{
	char ja3[SL_JA3_SIZE], ja4[SL_JA4_SIZE];
	if (sl_talk_wants(t, SL_FIELD_JA3_HASH) && sl_ja3(h, ja3))
		add_text(t, SL_FIELD_JA3_HASH, ja3);
	if (!sl_talk_wants(t, SL_FIELD_JA4_HASH))
		return;
	size_t most = h->ciphers.len > h->extensions.len ? h->ciphers.len : h->extensions.len;
	uint8_t *room = sl_talk_room(t, most + 2 * sizeof(uint16_t));
	if (!room)
		return;
	room += (uintptr_t)room % sizeof(uint16_t);
	if (sl_ja4(h, (uint16_t *)(void *)room, ja4))
		add_text(t, SL_FIELD_JA4_HASH, ja4);
}

/* version (2), random (32), session id (1 + n), DTLS: cookie (1 + n), cipher suites (2 + n), compression
 * methods (1 + n), extensions. RFC 8446, section 4.1.2; RFC 6347, section 4.2.1 */
void sl_client_hello(struct sl_talk *t, struct sl_span body, enum sl_hello_over over)
{
	struct sl_hello h = { .over = over };
	struct sl_cur c = sl_cur_of(body.at, body.len);
	h.version = sl_cur_be16(&c);
	sl_cur_take(&c, 32);
	sl_cur_take(&c, sl_cur_u8(&c));
	if (over == SL_OVER_DTLS)
		sl_cur_take(&c, sl_cur_u8(&c));
	size_t len = sl_cur_be16(&c);
	const uint8_t *ciphers = sl_cur_take(&c, len);
	h.ciphers = sl_span_of(ciphers, ciphers ? len : 0);
	sl_cur_take(&c, sl_cur_u8(&c));
	if (read_extensions(&h, &c, false)) {
		add_version(t, &h);
		add_fingerprints(t, &h);
	}
	add_extensions(t, &h, EXTENSION_ECH, add_ech);
	add_extensions(t, &h, EXTENSION_SERVER_NAME, add_names);
	add_extensions(t, &h, EXTENSION_ALPN, add_alpn);
}

/* version (2), random (32), session id (1 + n), cipher suite (2), compression method (1), extensions.
 * RFC 8446, section 4.1.3; drafts of TLS 1.3 before 22 leave out session id and compression. */
void sl_server_hello(struct sl_talk *t, struct sl_span body, enum sl_hello_over over)
{
	struct sl_hello h = { .over = over };
	struct sl_cur c = sl_cur_of(body.at, body.len);
	char ja3s[SL_JA3_SIZE];
	h.version = sl_cur_be16(&c);
	bool draft = h.version >> 8 == 0x7f;
	sl_cur_take(&c, 32);
	if (!draft)
		sl_cur_take(&c, sl_cur_u8(&c));
	const uint8_t *cipher = sl_cur_take(&c, 2);
	h.ciphers = sl_span_of(cipher, cipher ? 2 : 0);
	if (!draft)
		sl_cur_u8(&c);
	if (read_extensions(&h, &c, true)) {
		add_version(t, &h);
		if (sl_talk_wants(t, SL_FIELD_JA3S_HASH) && sl_ja3s(&h, ja3s))
			add_text(t, SL_FIELD_JA3S_HASH, ja3s);
	}
	add_extensions(t, &h, EXTENSION_ALPN, add_alpn);
}
