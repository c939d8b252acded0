/* Content codings undone (RFC 9110, section 8.4): gzip, deflate (zlib, or raw as some send it) and br,
 * also several on top of each other. Libraries allocate from the bounded memory of inspect; what comes
 * out is bounded by what went in, of a body and of all bodies together. An unknown coding stays on: the
 * bytes are handed on as sent. Per worker. */
#include <brotli/decode.h>
#include <ctype.h>
#include <sensor/inspect/body.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime.h>
#include <strings.h>
#include <zlib.h>

enum {
	CODINGS_MOST = 3,
	OUT_BYTES = 4 * 1024, /* at a time: a bomb is let go of after as much */
	RATIO_OWN = 20,  /* text seldom packs better; what does draws on what is spare … */
	RATIO_MOST = 64, /* … up to this */
	SLACK_BYTES = 8 << 20, /* that a body may draw beyond any ratio: short ones pack well */
	RATIO_SPARE = 4, /* bytes to spare that each byte of any body earns */
	RING_LEAST = 64 * 1024, /* of Brotli's: what is less counts when it comes out */
	START_MOST = 4,
	MEMBER = 0x1f, /* the first byte of a gzip member */
	GZIP_FLAGS = 0x1f, /* the others are reserved: most browsers pass over them, zlib would not */
};

enum coding { GZIP, DEFLATE, BR, PLAIN, CODINGS };

struct coder {
	enum coding coding;
	bool begun, ended;
	bool bad; /* an error came behind what it gave: a wrong checksum stands at the end */
	uint8_t start[START_MOST]; /* the first bytes, until they tell which it is */
	uint8_t start_n;
	z_stream z;
	BrotliDecoderState *br;
	struct sl_body *body; /* br's */
	size_t ring;          /* the largest that br took */
};

struct sl_body {
	struct sl_file *file;
	struct sl_mime *mime; /* of a multipart body: its parts are files too */
	struct coder coder[CODINGS_MOST]; /* in the order in which they are undone */
	struct sl_file *stage[CODINGS_MOST]; /* what comes out of each but the last */
	unsigned coders;
	uint64_t in, out; /* bytes on the wire; unpacked, by all coders together */
	uint64_t drawn;   /* of `out`, at the expense of what is spare */
	uint64_t ahead;   /* drawn for rings */
	struct sl_inspect *inspect;
	bool broken;      /* bytes are missing, or make no sense */
};

/* --- the libraries' memory --- */

/* Brotli fills its ring, which is as large as what is announced, before it hands anything out. */
/* A larger ring takes the place of the one before, whose bytes are in it. */
static void *take(void *coder, size_t bytes)
{
	struct coder *c = coder;
	struct sl_body *b = c->body;
	if (bytes >= RING_LEAST && bytes > c->ring) {
		if (bytes - c->ring > b->inspect->spare)
			return NULL;
		b->inspect->spare -= bytes - c->ring;
		b->ahead += bytes - c->ring;
		c->ring = bytes;
	}
	return sl_hold_take(b->inspect, bytes);
}

static void give(void *coder, void *at)
{
	struct coder *c = coder;
	sl_hold_give(c->body->inspect, at);
}

static voidpf zlib_take(voidpf inspect, uInt n, uInt size)
{
	return size && n > UINT32_MAX / size ? NULL : sl_hold_take(inspect, (size_t)n * size);
}

static void zlib_give(voidpf inspect, voidpf at)
{
	sl_hold_give(inspect, at);
}

/* --- which codings --- */

static enum coding coding_of(struct sl_span s)
{
	static const struct {
		const char *name;
		enum coding coding;
	} names[] = { { "gzip", GZIP },	  { "x-gzip", GZIP },	 { "deflate", DEFLATE },
		      { "x-deflate", DEFLATE }, { "br", BR }, { "identity", PLAIN } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (s.len == strlen(names[i].name) && strncasecmp(names[i].name, (const char *)s.at, s.len) == 0)
			return names[i].coding;
	return CODINGS;
}

/* The last element of a list; *list becomes what is before it. */
static struct sl_span element_last(struct sl_span *list)
{
	const uint8_t *comma = list->len ? memrchr(list->at, ',', list->len) : NULL;
	size_t from = comma ? (size_t)(comma - list->at) + 1 : 0;
	struct sl_span s = sl_span_of(list->at + from, list->len - from);
	list->len = comma ? from - 1 : 0;
	const uint8_t *semicolon = s.len ? memchr(s.at, ';', s.len) : NULL;
	if (semicolon) /* a coding of content has no parameters, and clients pass over what looks like some */
		s.len = (size_t)(semicolon - s.at);
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = sl_span_of(s.at + 1, s.len - 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* More codings than are undone: none is, nobody sends that. */
static void codings_read(struct sl_body *b, struct sl_span list)
{
	while (list.len) {
		struct sl_span s = element_last(&list);
		enum coding coding = s.len ? coding_of(s) : PLAIN;
		if (coding == PLAIN)
			continue;
		if (coding == CODINGS)
			return;
		if (b->coders == CODINGS_MOST) {
			b->coders = 0;
			return;
		}
		b->coder[b->coders++].coding = coding;
	}
}

/* --- undoing them --- */

static void broken(struct sl_talk *t, struct sl_body *b, bool count)
{
	if (b->broken)
		return;
	b->broken = true;
	sl_file_lost(b->file);
	for (unsigned i = 0; i < CODINGS_MOST; i++)
		sl_file_lost(b->stage[i]);
	sl_mime_lost(b->mime);
	if (count)
		sl_count(sl_talk_counters(t), SL_COUNT_BODIES_NOT_DECODED);
}

/* RFC 1952, section 2.3: the magic number and the only method. A body without them is no gzip, whatever
 * its header says, and clients show it as it is. */
static bool is_gzip(const struct coder *c)
{
	const uint8_t *b = c->start;
	return c->start_n == 4 && b[0] == MEMBER && b[1] == 0x8b && b[2] == 8;
}

/* RFC 1950, section 2.2: method 8, a window of at most 7, and a checksum. As raw deflate such a first
 * byte would be a stored block with padding that no encoder writes. */
static bool is_zlib(const struct coder *c)
{
	const uint8_t *b = c->start;
	return c->start_n == 2 && (b[0] & 15) == 8 && b[0] >> 4 <= 7 && (b[0] << 8 | b[1]) % 31 == 0;
}

static bool coder_begin(struct sl_talk *t, struct sl_body *b, struct coder *c)
{
	c->begun = true;
	if (c->coding == BR) {
		c->body = b;
		c->br = BrotliDecoderCreateInstance(take, give, c);
		return c->br != NULL;
	}
	if (c->coding == GZIP && !is_gzip(c)) {
		c->coding = PLAIN;
		return true;
	}
	if (c->coding == GZIP)
		c->start[3] &= GZIP_FLAGS;
	c->z.zalloc = zlib_take;
	c->z.zfree = zlib_give;
	c->z.opaque = t->inspect;
	int window = c->coding == GZIP ? 16 + MAX_WBITS : is_zlib(c) ? MAX_WBITS : -MAX_WBITS;
	return inflateInit2(&c->z, window) == Z_OK;
}

/* Takes the first bytes, until they tell. True: they do. */
static bool coder_starts(struct coder *c, struct sl_span *in)
{
	static const uint8_t needs[] = { [GZIP] = 4, [DEFLATE] = 2, [BR] = 0 };
	while (c->start_n < needs[c->coding] && in->len) {
		c->start[c->start_n++] = in->at[0];
		*in = sl_span_of(in->at + 1, in->len - 1);
	}
	return c->start_n == needs[c->coding];
}

static void coder_free(struct coder *c)
{
	if (c->br)
		BrotliDecoderDestroyInstance(c->br);
	if (c->z.state)
		inflateEnd(&c->z);
}

/* One step: *in loses what was used up. Returns how many bytes came out, or -1. */
static int inflate_step(struct coder *c, struct sl_span *in, uint8_t *out)
{
	if (c->ended) { /* another member of a gzip file; else what follows is of no meaning */
		if (c->coding != GZIP || in->at[0] != MEMBER || inflateReset(&c->z) != Z_OK) {
			in->len = 0;
			return 0;
		}
		c->ended = false;
	}
	uInt n = in->len < UINT32_MAX ? (uInt)in->len : UINT32_MAX;
	c->z.next_in = (z_const Bytef *)(uintptr_t)in->at;
	c->z.avail_in = n;
	c->z.next_out = out;
	c->z.avail_out = OUT_BYTES;
	int rc = inflate(&c->z, Z_NO_FLUSH);
	size_t used = n - c->z.avail_in;
	*in = sl_span_of(in->at + used, in->len - used);
	c->ended = rc == Z_STREAM_END;
	int came = (int)(OUT_BYTES - c->z.avail_out);
	c->bad = rc != Z_OK && rc != Z_STREAM_END && (rc != Z_BUF_ERROR || in->len);
	return c->bad && !came ? -1 : came;
}

static int brotli_step(struct coder *c, struct sl_span *in, uint8_t *out)
{
	size_t left = OUT_BYTES;
	if (c->ended) {
		in->len = 0;
		return 0;
	}
	BrotliDecoderResult rc = BrotliDecoderDecompressStream(c->br, &in->len, &in->at, &left, &out, NULL);
	c->ended = rc == BROTLI_DECODER_RESULT_SUCCESS;
	return rc == BROTLI_DECODER_RESULT_ERROR ? -1 : (int)(OUT_BYTES - left);
}

static void hand_on(struct sl_talk *t, struct sl_body *b, struct sl_span bytes)
{
	sl_file_data(t, b->file, bytes);
	sl_mime_data(t, b->mime, bytes);
}

static void undo(struct sl_talk *t, struct sl_body *b, unsigned which, struct sl_span in);

/* What a coder gave. */
static void pass_on(struct sl_talk *t, struct sl_body *b, unsigned which, struct sl_span out)
{
	if (b->coder[which].coding != PLAIN)
		sl_file_data(t, b->stage[which], out);
	undo(t, b, which + 1, out);
}

/* What a body may unpack to at nobody's expense. Codings on top of each other pack no better than one. */
static uint64_t own_of(const struct sl_body *b)
{
	return b->in * RATIO_OWN / (b->coders ? b->coders : 1);
}

/* May n bytes more be unpacked? Bombs share what is spare, however many they are; a body that packs no
 * better than most do needs none of it. */
static bool affords(struct sl_talk *t, struct sl_body *b, size_t n)
{
	b->out += n;
	if (b->out > SLACK_BYTES + b->in * RATIO_MOST)
		return false;
	uint64_t have = own_of(b) + b->drawn;
	uint64_t over = b->out > have ? b->out - have : 0;
	if (over * b->coders > t->inspect->spare)
		return false;
	t->inspect->spare -= over * b->coders; /* each byte of theirs costs as much again */
	b->drawn += over;
	return true;
}

static void earn(struct sl_inspect *i, uint64_t n)
{
	uint64_t spare = i->spare + n;
	i->spare = spare < SL_SPARE_BYTES ? spare : SL_SPARE_BYTES;
}

/* All that the coder makes of these bytes. */
static void unpack(struct sl_talk *t, struct sl_body *b, unsigned which, struct sl_span in)
{
	uint8_t out[OUT_BYTES];
	struct coder *c = &b->coder[which];
	int n = OUT_BYTES; /* a full buffer: there may be more, even without more input */
	while ((in.len || n == OUT_BYTES) && !b->broken) {
		n = c->coding == BR ? brotli_step(c, &in, out) : in.len || !c->ended ? inflate_step(c, &in, out) : 0;
		if (n > 0)
			pass_on(t, b, which, sl_span_of(out, (size_t)n));
		if (n < 0 || c->bad || !affords(t, b, (size_t)n))
			broken(t, b, true);
	}
}

/* Hands bytes to the coder that is next, or to the file. Comes back to itself once a coder, so it is
 * CODINGS_MOST deep at most. */
static void undo(struct sl_talk *t, struct sl_body *b, unsigned which, struct sl_span in)
{
	if (which == b->coders) {
		hand_on(t, b, in);
		return;
	}
	struct coder *c = &b->coder[which];
	if (!c->begun) {
		if (!coder_starts(c, &in))
			return;
		if (!coder_begin(t, b, c)) {
			broken(t, b, false); /* no memory: counted there */
			return;
		}
		undo(t, b, which, sl_span_of(c->start, c->start_n));
	}
	if (c->coding == PLAIN)
		pass_on(t, b, which, in);
	else if (!b->broken)
		unpack(t, b, which, in);
}

/* A body so short that it cannot be what its header says: clients show it as it is. */
static void starts_give(struct sl_talk *t, struct sl_body *b)
{
	for (unsigned i = 0; i < b->coders; i++) {
		struct coder *c = &b->coder[i];
		if (c->begun || !c->start_n || b->broken)
			continue;
		c->begun = true;
		c->coding = PLAIN;
		pass_on(t, b, i, sl_span_of(c->start, c->start_n));
	}
}

/* Rings of a body that came, and unpacked to no more than is its own, were no bomb's. */
static void give_back(const struct sl_body *b)
{
	uint64_t own = own_of(b), left = own > b->out ? own - b->out : 0;
	earn(b->inspect, b->ahead < left ? b->ahead : left);
}

/* --- bodies --- */

static const char multipart[] = { 'm', 'u', 'l', 't', 'i', 'p', 'a', 'r', 't', '/' };

struct sl_body *sl_body_new(struct sl_talk *t, struct sl_span encoding, struct sl_span type,
			    struct sl_span name, enum sl_field field)
{
	struct sl_file *file = sl_file_new(t, name, field);
	if (!file)
		return NULL;
	struct sl_body *b = sl_hold_take(t->inspect, sizeof *b);
	if (!b) {
		sl_file_end(t, file, SL_FILE_LOST);
		return NULL;
	}
	b->file = file;
	b->inspect = t->inspect;
	if (type.len > sizeof multipart && strncasecmp((const char *)type.at, multipart, sizeof multipart) == 0)
		b->mime = sl_mime_new_multipart(t, type);
	codings_read(b, encoding);
	for (unsigned i = 0; i + 1 < b->coders; i++)
		b->stage[i] = sl_file_new(t, name, SL_FIELD_COUNT);
	return b;
}

void sl_body_data(struct sl_talk *t, struct sl_body *b, struct sl_span bytes)
{
	if (!b || !bytes.len)
		return;
	b->in += bytes.len;
	earn(t->inspect, bytes.len * RATIO_SPARE);
	if (!b->coders)
		hand_on(t, b, bytes);
	else if (!b->broken)
		undo(t, b, 0, bytes);
}

void sl_body_lost(struct sl_talk *t, struct sl_body *b)
{
	if (b)
		broken(t, b, false);
}

void sl_body_so_far(struct sl_talk *t, const struct sl_body *b)
{
	if (b)
		sl_file_so_far(t, b->file);
}

void sl_body_end(struct sl_talk *t, struct sl_body *b, enum sl_file_end how)
{
	if (!b)
		return;
	if (how != SL_FILE_LOST)
		starts_give(t, b);
	for (unsigned i = 0; i < b->coders; i++) {
		struct coder *c = &b->coder[i];
		if (how == SL_FILE_WHOLE && !c->ended && c->coding != PLAIN)
			how = SL_FILE_CUT;
		sl_file_end(t, b->stage[i], how);
		coder_free(c);
	}
	give_back(b);
	sl_mime_end(t, b->mime, how == SL_FILE_WHOLE && !b->broken);
	sl_file_end(t, b->file, how);
	sl_hold_give(t->inspect, b);
}
