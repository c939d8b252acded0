/* Bodies on their way to the patterns and the hashes. Per worker. */
#include <openssl/evp.h>
#include <selat/digest.h>
#include <sensor/inspect/file.h>
#include <sensor/inspect/inspect_internal.h>
#include <stdio.h>

enum {
	NAME_MAX_BYTES = 255,
	HASH_BYTES = 256 /* that a digest in the making takes: OpenSSL does not say */
};

static const struct {
	enum sl_field field;
	const char *name;
} hashes[SL_FILE_HASHES] = {
	{ SL_FIELD_FILE_MD5, "MD5" },
	{ SL_FIELD_FILE_SHA1, "SHA1" },
	{ SL_FIELD_FILE_SHA256, "SHA256" },
};

struct sl_file {
	EVP_MD_CTX *hash[SL_FILE_HASHES]; /* NULL: not wanted, or no byte came yet */
	uint64_t bytes;
	void *kept[2];        /* the receiver's, of file.data and of the body field */
	enum sl_field body;
	bool lost;
	bool gap[2]; /* the receiver has not been told of a loss yet */
	bool told[2]; /* the receiver has had a piece */
	uint8_t name_len;
	uint8_t name[]; /* name_len bytes */
};

static bool any_wanted(const struct sl_talk *t, enum sl_field body)
{
	bool any = sl_talk_wants(t, SL_FIELD_FILE_NAME) || sl_talk_wants(t, SL_FIELD_FILE_DATA) ||
		   sl_talk_wants(t, SL_FIELD_FILE_SIZE) || sl_talk_wants(t, SL_FIELD_FILE_WHOLE) ||
		   (body != SL_FIELD_COUNT && sl_talk_wants(t, body));
	for (unsigned i = 0; i < SL_FILE_HASHES; i++)
		any = any || sl_talk_wants(t, hashes[i].field);
	return any;
}

int sl_file_hashes_want(struct sl_inspect *inspect, const bool wanted[SL_FIELD_COUNT],
			struct sl_err *err)
{
	for (unsigned i = 0; i < SL_FILE_HASHES; i++) {
		if (!wanted[hashes[i].field] || inspect->hash[i])
			continue;
		inspect->hash[i] = EVP_MD_fetch(NULL, hashes[i].name, NULL);
		if (!inspect->hash[i])
			return sl_fail(err, SL_ENOMEM, "inspect: OpenSSL does not give %s",
				       hashes[i].name);
	}
	return SL_OK;
}

void sl_file_hashes_free(struct sl_inspect *inspect)
{
	for (unsigned i = 0; i < SL_FILE_HASHES; i++)
		EVP_MD_free(inspect->hash[i]);
}

static void hash_free(const struct sl_talk *t, struct sl_file *f, unsigned i)
{
	EVP_MD_CTX_free(f->hash[i]);
	f->hash[i] = NULL;
	sl_hold_refund(t->inspect, HASH_BYTES);
}

/* With the first byte: many parts have none. */
static void hashes_begin(const struct sl_talk *t, struct sl_file *f)
{
	for (unsigned i = 0; i < SL_FILE_HASHES; i++) {
		if (!t->inspect->hash[i] || !sl_talk_wants(t, hashes[i].field) ||
		    !sl_hold_charge(t->inspect, HASH_BYTES))
			continue;
		f->hash[i] = EVP_MD_CTX_new();
		if (!f->hash[i] || EVP_DigestInit_ex(f->hash[i], t->inspect->hash[i], NULL) != 1)
			hash_free(t, f, i);
	}
}

struct sl_file *sl_file_new(struct sl_talk *t, struct sl_span name, enum sl_field body)
{
	if (!any_wanted(t, body))
		return NULL;
	name.len = name.len < NAME_MAX_BYTES ? name.len : NAME_MAX_BYTES;
	struct sl_file *f = sl_hold_take(t->inspect, sizeof *f + name.len);
	if (!f)
		return NULL;
	f->body = body;
	f->name_len = (uint8_t)name.len;
	if (f->name_len)
		memcpy(f->name, name.at, f->name_len);
	return f;
}

static void piece(struct sl_talk *t, struct sl_file *f, unsigned which, struct sl_span bytes, bool last,
		  bool whole)
{
	const struct sl_inspect_sink *sink = &t->inspect->config.sink;
	enum sl_field field = which ? f->body : SL_FIELD_FILE_DATA;
	if (!sink->piece || field == SL_FIELD_COUNT || (!sl_talk_wants(t, field) && !f->kept[which]))
		return; /* what the receiver began it may end, wanted or not */
	struct sl_piece p = { .field = field,
			      .tx = t->tx,
			      .bytes = bytes,
			      .offset = f->bytes,
			      .last = last,
			      .whole_end = last && whole,
			      .after_gap = f->gap[which] || (f->bytes && !f->told[which]),
			      .kept = &f->kept[which] };
	f->gap[which] = false;
	f->told[which] = true;
	sink->piece(sink->ctx, t->flow, t->side, &p);
}

void sl_file_data(struct sl_talk *t, struct sl_file *f, struct sl_span bytes)
{
	if (!f || !bytes.len)
		return;
	for (unsigned i = 0; i < 2; i++)
		piece(t, f, i, bytes, false, false);
	if (!f->bytes && !f->lost)
		hashes_begin(t, f);
	for (unsigned i = 0; i < SL_FILE_HASHES && !f->lost; i++)
		if (f->hash[i])
			EVP_DigestUpdate(f->hash[i], bytes.at, bytes.len);
	f->bytes += bytes.len;
}

void sl_file_lost(struct sl_file *f)
{
	if (f)
		f->lost = f->gap[0] = f->gap[1] = true;
}

/* What it is, in a message of its own. */
static void report(struct sl_talk *t, const struct sl_file *f, EVP_MD_CTX *const *hash, bool whole)
{
	const struct sl_inspect_sink *sink = &t->inspect->config.sink;
	struct sl_value value[3 + SL_FILE_HASHES];
	char hex[SL_FILE_HASHES][2 * EVP_MAX_MD_SIZE + 1], size[24];
	size_t n = 0;
	if (f->name_len)
		value[n++] = (struct sl_value){ SL_FIELD_FILE_NAME, sl_span_of(f->name, f->name_len) };
	if (sl_talk_wants(t, SL_FIELD_FILE_SIZE)) {
		snprintf(size, sizeof size, "%llu", (unsigned long long)f->bytes);
		value[n++] = (struct sl_value){ SL_FIELD_FILE_SIZE, sl_span_str(size) };
	}
	if (sl_talk_wants(t, SL_FIELD_FILE_WHOLE))
		value[n++] = (struct sl_value){ SL_FIELD_FILE_WHOLE, sl_span_str(whole ? "yes" : "no") };
	for (unsigned i = 0; i < SL_FILE_HASHES; i++) {
		uint8_t digest[EVP_MAX_MD_SIZE];
		unsigned len = 0;
		if (f->lost || !hash[i] || EVP_DigestFinal_ex(hash[i], digest, &len) != 1)
			continue;
		sl_hex(hex[i], sl_span_of(digest, len));
		value[n++] = (struct sl_value){ hashes[i].field, sl_span_str(hex[i]) };
	}
	if (!n)
		return;
	sl_count(t->inspect->config.counters, SL_COUNT_FILES_SEEN);
	sink->transaction(sink->ctx, t->flow, t->side, t->tx, value, n);
}

void sl_file_so_far(struct sl_talk *t, const struct sl_file *f)
{
	if (!f || !f->bytes || f->lost)
		return;
	EVP_MD_CTX *now[SL_FILE_HASHES] = { NULL };
	for (unsigned i = 0; i < SL_FILE_HASHES; i++) {
		now[i] = f->hash[i] ? EVP_MD_CTX_new() : NULL;
		if (now[i] && EVP_MD_CTX_copy_ex(now[i], f->hash[i]) == 1)
			continue;
		EVP_MD_CTX_free(now[i]);
		now[i] = NULL;
	}
	report(t, f, now, false);
	for (unsigned i = 0; i < SL_FILE_HASHES; i++)
		EVP_MD_CTX_free(now[i]);
}

void sl_file_end(struct sl_talk *t, struct sl_file *f, enum sl_file_end how)
{
	if (!f)
		return;
	bool whole = how == SL_FILE_WHOLE && !f->lost;
	f->lost = f->lost || how == SL_FILE_LOST;
	if (f->bytes) {
		for (unsigned i = 0; i < 2; i++)
			piece(t, f, i, sl_span_of(NULL, 0), true, how == SL_FILE_WHOLE);
		report(t, f, f->hash, whole);
	}
	for (unsigned i = 0; i < SL_FILE_HASHES; i++)
		if (f->hash[i])
			hash_free(t, f, i);
	sl_hold_give(t->inspect, f);
}
