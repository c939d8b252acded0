/* Content codings undone (RFC 9110, section 8.4): gzip, deflate (zlib, or raw as some send it) and br,
 * also several on top of each other. What comes out is bounded by what went in, of a body and of all
 * bodies together. An unknown coding stays on: the bytes are handed on as sent. Per worker. */
#include <ctype.h>
#include <sensor/inspect/body.h>
#include <sensor/inspect/body_coder.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime.h>
#include <strings.h>

enum {
	CODINGS_MOST = 3,
	RATIO_OWN = 20,  /* text seldom packs better; what does draws on what is spare … */
	RATIO_MOST = 64, /* … up to this */
	SLACK_BYTES = 8 << 20, /* that a body may draw beyond any ratio: short ones pack well */
	RATIO_SPARE = 4, /* bytes to spare that each byte of any body earns */
};

struct sl_body {
	struct sl_file *file;
	struct sl_mime *mime; /* of a multipart body: its parts are files too */
	struct sl_coder coder[CODINGS_MOST]; /* in the order in which they are undone */
	struct sl_file *stage[CODINGS_MOST]; /* what comes out of each but the last */
	unsigned coders;
	uint64_t in, out; /* bytes on the wire; unpacked, by all coders together */
	uint64_t drawn;   /* of `out`, at the expense of what is spare */
	struct sl_inspect *inspect;
	bool broken;      /* bytes are missing, or make no sense */
};

/* --- which codings --- */

static enum sl_coding coding_of(struct sl_span s)
{
	static const struct {
		const char *name;
		enum sl_coding coding;
	} names[] = { { "gzip", SL_CODING_GZIP },       { "x-gzip", SL_CODING_GZIP },
		      { "deflate", SL_CODING_DEFLATE }, { "x-deflate", SL_CODING_DEFLATE },
		      { "br", SL_CODING_BR },           { "identity", SL_CODING_PLAIN } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (s.len == strlen(names[i].name) &&
		    strncasecmp(names[i].name, (const char *)s.at, s.len) == 0)
			return names[i].coding;
	return SL_CODINGS;
}

/* The last element of a list; *list becomes what is before it. */
static struct sl_span element_last(struct sl_span *list)
{
	const uint8_t *comma = list->len ? memrchr(list->at, ',', list->len) : NULL;
	size_t from = comma ? (size_t)(comma - list->at) + 1 : 0;
	struct sl_span s = sl_span_of(list->at + from, list->len - from);
	list->len = comma ? from - 1 : 0;
	const uint8_t *semicolon = s.len ? memchr(s.at, ';', s.len) : NULL;
	if (semicolon) /* codings have no parameters, and clients pass over what looks like some */
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
		enum sl_coding coding = s.len ? coding_of(s) : SL_CODING_PLAIN;
		if (coding == SL_CODING_PLAIN)
			continue;
		if (coding == SL_CODINGS)
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

static void hand_on(struct sl_talk *t, struct sl_body *b, struct sl_span bytes)
{
	sl_file_data(t, b->file, bytes);
	sl_mime_data(t, b->mime, bytes);
}

static void undo(struct sl_talk *t, struct sl_body *b, unsigned which, struct sl_span in);

/* What a coder gave. */
static void pass_on(struct sl_talk *t, struct sl_body *b, unsigned which, struct sl_span out)
{
	if (b->coder[which].coding != SL_CODING_PLAIN)
		sl_file_data(t, b->stage[which], out);
	undo(t, b, which + 1, out);
}

/* What a body may unpack to at nobody's expense. Codings on top of each other pack no better
 * than one. */
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
	uint8_t out[SL_CODER_OUT];
	struct sl_coder *c = &b->coder[which];
	int n = SL_CODER_OUT; /* a full buffer: there may be more, even without more input */
	while ((in.len || n == SL_CODER_OUT) && !b->broken) {
		n = sl_coder_step(c, &in, out);
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
	struct sl_coder *c = &b->coder[which];
	if (!c->begun) {
		if (!sl_coder_starts(c, &in))
			return;
		if (!sl_coder_begin(c, t->inspect)) {
			broken(t, b, false); /* no memory: counted there */
			return;
		}
		undo(t, b, which, sl_span_of(c->start, c->start_n));
	}
	if (c->coding == SL_CODING_PLAIN)
		pass_on(t, b, which, in);
	else if (!b->broken)
		unpack(t, b, which, in);
}

/* A body so short that it cannot be what its header says: clients show it as it is. */
static void starts_give(struct sl_talk *t, struct sl_body *b)
{
	for (unsigned i = 0; i < b->coders; i++) {
		struct sl_coder *c = &b->coder[i];
		if (c->begun || !c->start_n || b->broken)
			continue;
		c->begun = true;
		c->coding = SL_CODING_PLAIN;
		pass_on(t, b, i, sl_span_of(c->start, c->start_n));
	}
}

/* Rings of a body that came, and unpacked to no more than is its own, were no bomb's. */
static void give_back(const struct sl_body *b)
{
	uint64_t own = own_of(b), left = own > b->out ? own - b->out : 0, ahead = 0;
	for (unsigned i = 0; i < b->coders; i++)
		ahead += b->coder[i].ring;
	earn(b->inspect, ahead < left ? ahead : left);
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
	if (type.len > sizeof multipart &&
	    strncasecmp((const char *)type.at, multipart, sizeof multipart) == 0)
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
		struct sl_coder *c = &b->coder[i];
		if (how == SL_FILE_WHOLE && !c->ended && c->coding != SL_CODING_PLAIN)
			how = SL_FILE_CUT;
		sl_file_end(t, b->stage[i], how);
		sl_coder_free(c);
	}
	give_back(b);
	sl_mime_end(t, b->mime, how == SL_FILE_WHOLE && !b->broken);
	sl_file_end(t, b->file, how);
	sl_hold_give(t->inspect, b);
}
