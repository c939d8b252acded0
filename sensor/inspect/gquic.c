/* Google QUIC's first packets, which are not encrypted, and its ClientHello, CHLO: a table of tagged
 * values. After "QUIC Wire Layout Specification" and "QUIC Crypto" (Google, 2012 to 2016). No state;
 * any thread. */
#include <sensor/inspect/gquic.h>

enum {
	FLAG_VERSION = 0x01,
	FLAG_CONNECTION = 0x08, /* eight bytes of connection id */
	FLAGS_NONE = 0xc2, /* never set by a client that tells its version: reset, multipath, reserved */
	HASH = 12,         /* stands where a sealed packet has its tag */
	VERSION_SHORT_LAST = 43,
	VERSION_LONG_LAST = 46,
	CHLO_HEADER = 8,
	CHLO_TAGS_MOST = 128,
};

/* 'Q', '0' and two digits: their number; 0: it is none of these. */
static unsigned version_number(uint32_t v)
{
	unsigned tens = (v >> 8 & 0xff) - '0', ones = (v & 0xff) - '0';
	return v >> 16 == 0x5130 && tens <= 9 && ones <= 9 ? tens * 10 + ones : 0;
}

/* Frames have changed from version to version: what may stand before the CHLO is not read. It has eight
 * bytes that nothing else has: its name, a small number of tags, zero. */
static struct sl_span chlo_find(const struct sl_cur *c)
{
	struct sl_span left = sl_span_of(c->p, sl_cur_left(c));
	while (left.len >= CHLO_HEADER) {
		const uint8_t *at = memmem(left.at, left.len, "CHLO", 4);
		if (!at)
			break;
		left.len -= (size_t)(at - left.at);
		left.at = at;
		if (left.len >= CHLO_HEADER && at[4] <= CHLO_TAGS_MOST && !at[5] && !at[6] && !at[7])
			return left;
		left = sl_span_of(at + 4, left.len - 4);
	}
	return (struct sl_span){ NULL, 0 };
}

/*  flags | connection id (64) | version (32) | packet number (8, 16, 32, 48) | hash | payload */
static bool short_read(struct sl_cur *c, uint32_t *version)
{
	static const uint8_t number_len[] = { 1, 2, 4, 6 };
	uint8_t flags = sl_cur_u8(c);
	if ((flags & (FLAG_VERSION | FLAG_CONNECTION | FLAGS_NONE)) != (FLAG_VERSION | FLAG_CONNECTION))
		return false;
	sl_cur_take(c, 8);
	*version = sl_cur_be32(c);
	sl_cur_take(c, number_len[flags >> 4 & 3] + HASH);
	unsigned number = version_number(*version);
	return !c->failed && number && number <= VERSION_SHORT_LAST;
}

/*  1 1 type(2) 0 0 number(2) | version (32) | lengths of both ids (4, 4) | ids | packet number |
 *  hash | payload */
static bool long_read(struct sl_cur *c, uint32_t *version)
{
	uint8_t first = sl_cur_u8(c);
	*version = sl_cur_be32(c);
	uint8_t lengths = sl_cur_u8(c);
	sl_cur_take(c, lengths >> 4 ? (lengths >> 4) + 3u : 0);
	sl_cur_take(c, lengths & 15 ? (lengths & 15) + 3u : 0);
	unsigned number = version_number(*version);
	sl_cur_take(c, (number == VERSION_SHORT_LAST + 1 ? 4 : (first & 3) + 1u) + HASH);
	return !c->failed && (first & 0xc0) == 0xc0 && number > VERSION_SHORT_LAST &&
	       number <= VERSION_LONG_LAST;
}

bool sl_gquic_read(struct sl_span in, uint32_t *version, struct sl_span *hello)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	if (!in.len || !(in.at[0] & 0x80 ? long_read(&c, version) : short_read(&c, version)))
		return false;
	*hello = chlo_find(&c);
	return true;
}

static uint16_t le16(struct sl_cur *c)
{
	uint16_t n = sl_cur_be16(c);
	return (uint16_t)(n << 8 | n >> 8);
}

static uint32_t le32(struct sl_cur *c)
{
	uint32_t low = le16(c);
	return low | (uint32_t)le16(c) << 16;
}

/*  "CHLO" | number of tags (16) | 0 (16) | for each: tag (32), where its value ends (32) | values */
enum sl_gquic_hello sl_gquic_chlo(struct sl_span in, struct sl_span *name)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	const uint8_t *kind = sl_cur_take(&c, 4);
	uint16_t tags = le16(&c);
	sl_cur_take(&c, 2);
	*name = (struct sl_span){ NULL, 0 };
	if (kind && (memcmp(kind, "CHLO", 4) != 0 || tags > CHLO_TAGS_MOST))
		return SL_GQUIC_OTHER;
	struct sl_cur tag = sl_cur_sub(&c, tags * (size_t)8);
	uint32_t from = 0;
	for (unsigned k = 0; k < tags && !tag.failed; k++) {
		const uint8_t *id = sl_cur_take(&tag, 4);
		uint32_t to = le32(&tag);
		if (to < from)
			return SL_GQUIC_OTHER;
		if (memcmp(id, "SNI", 4) == 0) {
			sl_cur_take(&c, from);
			name->at = sl_cur_take(&c, to - from);
			name->len = name->at ? to - from : 0;
			return name->at ? SL_GQUIC_READ : SL_GQUIC_MORE;
		}
		from = to;
	}
	return c.failed || tag.failed ? SL_GQUIC_MORE : SL_GQUIC_READ;
}
