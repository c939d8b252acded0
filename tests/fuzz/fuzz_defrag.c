/* Fragments in any order, with overlaps, of a few datagrams at a time. The input chooses them;
 * their bytes tell by which fragment they came. What is put together must be the first copy of each
 * byte while nothing was given up, and delivered bytes in any case; and a datagram that is whole
 * must come out. The first byte chooses the budget and, with its highest bit, fragments of nothing
 * but the input. */
#include "fuzz.h"
#include <sensor/decode/decode.h>
#include <sensor/decode/defrag.h>

enum { KEYS = 4, PLAIN = 253 /* a protocol without a decoder (RFC 3692) */, COPIES = 8 };

struct model {
	uint8_t copies[SL_DATAGRAM_MAX]; /* a bit for each copy that ever came */
	uint8_t first[SL_DATAGRAM_MAX];  /* 1 + the first copy since the last datagram; 0: none */
	size_t total;                    /* 0: the last part is not here */
	size_t touched;                  /* bytes of the arrays in use */
};

struct op {
	unsigned key, copy, more;
	size_t offset, len;
	uint64_t wait;
};

static struct model models[KEYS];
static uint8_t room[SL_DATAGRAM_MAX];

static uint8_t byte_of(size_t at, unsigned copy)
{
	return (uint8_t)(at * 31 + (at >> 8) * 7 + copy);
}

static struct op op_of(const uint8_t *b)
{
	/* mostly small and near each other, so that datagrams become whole */
	size_t scale = b[3] & 0x80 ? 97 : 1;
	return (struct op){ .key = b[0] & 3,
			    .copy = b[0] >> 2 & 7,
			    .more = !(b[0] & 0x20),
			    .offset = (size_t)b[1] * 8 * scale,
			    .len = b[0] & 0x40 ? b[2] : b[2] * 8u,
			    .wait = b[3] & 0x40 ? (b[3] & 0x3fu) * 1000000000ull : 0 };
}

static struct sl_packet packet_of(unsigned key, uint64_t time)
{
	struct sl_packet p = {
		.time = time, .proto = PLAIN, .verdict = SL_VERDICT_FRAGMENT,
		.part = SL_PART_IP, .reason = "fragment"
	};
	p.src.family = p.dst.family = key & 1 ? 6 : 4;
	p.src.bytes[0] = 10;
	p.dst.bytes[3] = (uint8_t)(key & 2);
	return p;
}

static bool whole(const struct model *m)
{
	for (size_t i = 0; i < m->total; i++)
		if (!m->first[i])
			return false;
	return m->total > 0;
}

static void note(struct model *m, const struct op *o)
{
	size_t end = o->offset + o->len;
	for (size_t i = o->offset; i < end; i++) {
		m->copies[i] |= (uint8_t)(1u << o->copy);
		if (!m->first[i])
			m->first[i] = (uint8_t)(1 + o->copy);
	}
	if (!o->more && !m->total)
		m->total = end;
	if (end > m->touched)
		m->touched = end;
}

static void require_bytes(const struct model *m, struct sl_span got, bool exact)
{
	for (size_t i = 0; i < got.len; i++) {
		unsigned copy = (uint8_t)(got.at[i] - byte_of(i, 0));
		REQUIRE(copy < COPIES && m->copies[i] & 1u << copy);
		if (exact)
			REQUIRE(m->first[i] == copy + 1);
	}
}

static bool gave_up(const struct sl_counters *c)
{
	return sl_counter_get(c, SL_COUNT_FRAGMENT_FULL) ||
	       sl_counter_get(c, SL_COUNT_FRAGMENT_TIMEOUTS);
}

static void play_op(struct sl_defrag *d, const struct sl_counters *counters, const struct op *o,
		    uint64_t now)
{
	struct model *m = &models[o->key];
	uint8_t *bytes = malloc(o->len ? o->len : 1);
	REQUIRE(bytes);
	for (size_t i = 0; i < o->len; i++)
		bytes[i] = byte_of(o->offset + i, o->copy);
	struct sl_packet p = packet_of(o->key, now);
	p.fragment =
		(struct sl_fragment){ sl_span_of(bytes, o->len), 77, (uint32_t)o->offset, o->more, 0 };
	uint64_t bad = sl_counter_get(counters, SL_COUNT_FRAGMENT_BAD);
	bool joined = sl_defrag_packet(d, &p, true, room, NULL);
	free(bytes);
	if (sl_counter_get(counters, SL_COUNT_FRAGMENT_BAD) != bad) {
		REQUIRE(!joined);
		return;
	}
	note(m, o);
	bool exact = !gave_up(counters);
	if (exact)
		REQUIRE(joined == whole(m));
	if (!joined) {
		REQUIRE(p.verdict == SL_VERDICT_FRAGMENT);
		return;
	}
	REQUIRE(p.verdict == SL_VERDICT_OK && p.payload.at == room);
	REQUIRE(!exact || p.payload.len == m->total);
	require_bytes(m, p.payload, exact);
	memset(m->first, 0, m->touched);
	m->total = 0;
}

static void play_model(struct sl_defrag *d, const struct sl_counters *counters, const uint8_t *data,
		       size_t size)
{
	uint64_t now = 1000000000;
	for (unsigned i = 0; i < KEYS; i++) {
		memset(models[i].copies, 0, models[i].touched);
		memset(models[i].first, 0, models[i].touched);
		models[i].touched = models[i].total = 0;
	}
	for (size_t at = 0; at + 4 <= size && at < 4096; at += 4) {
		struct op o = op_of(data + at);
		if (o.offset + o.len >= SL_DATAGRAM_MAX)
			o.len = 0; /* refused, and the model has no room for it */
		now += o.wait;
		play_op(d, counters, &o, now);
	}
}

/* Any protocol, any bytes: tunnels whose datagrams are fragments again. */
static void play_raw(struct sl_defrag *d, const uint8_t *data, size_t size)
{
	uint64_t now = 1000000000;
	while (size >= 6) {
		size_t len = data[2] | (data[3] & 3u) << 8;
		len = len < size - 6 ? len : size - 6;
		uint8_t *bytes = malloc(len ? len : 1);
		REQUIRE(bytes);
		memcpy(bytes, data + 6, len);
		struct sl_packet p = packet_of(data[0] & 3, now);
		p.proto = data[1];
		if (data[5] & 4) { /* of CAPWAP's: an ordinary packet */
			p.part = SL_PART_CAPWAP;
			p.verdict = SL_VERDICT_OK;
			p.reason = NULL;
		}
		p.fragment = (struct sl_fragment){ sl_span_of(bytes, len), data[0] >> 4,
						   data[4] * 8u, data[5] & 1,
						   data[5] & 8 ? SL_LAYER_WLAN : SL_LAYER_ETH };
		bool joined = sl_defrag_packet(d, &p, data[5] & 2, room, NULL);
		free(bytes);
		if (joined && p.payload.len)
			REQUIRE(p.payload.at >= room &&
				p.payload.at + p.payload.len <= room + sizeof room);
		REQUIRE(p.layers <= SL_LAYERS_MAX && p.tunnels <= SL_TUNNELS_MAX);
		now += (uint64_t)(data[5] >> 4) * 1000000000u;
		data += 6 + len;
		size -= 6 + len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t budgets[] = { 8192, 65536, 1 << 20, 1 << 24 };
	struct sl_counters counters = { 0 };
	struct sl_defrag *d;
	if (size < 1)
		return 0;
	REQUIRE(sl_defrag_new(&d, budgets[data[0] & 3], &counters, NULL) == SL_OK);
	if (data[0] & 0x80)
		play_raw(d, data + 1, size - 1);
	else
		play_model(d, &counters, data + 1, size - 1);
	sl_defrag_free(d);
	return 0;
}
