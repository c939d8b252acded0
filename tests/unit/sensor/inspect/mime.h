/* A mail or a multipart body, fed in any pieces, and the record of what was found. */
#ifndef SELAT_TEST_MIME_H
#define SELAT_TEST_MIME_H

#include "fixture.h"

#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime_part.h>

/* Of the hashes, only the one. */
static inline struct fixture *mime_fixture(void)
{
	struct fixture *x = fixture_new(6, 1 << 20);
	x->inspect->config.wanted[SL_FIELD_FILE_MD5] = false;
	x->inspect->config.wanted[SL_FIELD_FILE_SHA1] = false;
	return x;
}

static inline struct sl_talk talk_of(struct fixture *x)
{
	return (struct sl_talk){ .inspect = x->inspect, .flow = &x->flow, .parser = &sl_http_parser };
}

/* type: NULL for a mail. Each piece lies in memory of its own. */
static inline void piece_feed(struct fixture *x, struct sl_mime *m, const char *bytes, size_t n)
{
	struct sl_talk t = talk_of(x);
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	x->inspect->values_n = x->inspect->room_used = 0;
	sl_mime_data(&t, m, sl_span_of(exact, n));
	free(exact);
}

static inline struct sl_mime *begin(struct fixture *x, const char *type)
{
	struct sl_talk t = talk_of(x);
	x->n = 0;
	x->record[0] = '\0';
	return type ? sl_mime_new_multipart(&t, sl_span_str(type)) : sl_mime_new_mail(&t);
}

static inline void finish(struct fixture *x, struct sl_mime *m, bool whole)
{
	struct sl_talk t = talk_of(x);
	x->inspect->values_n = x->inspect->room_used = 0;
	sl_mime_end(&t, m, whole);
	assert_int_equal(sl_inspect_held(x->inspect), 0);
}

static inline void expect_cut(struct fixture *x, const char *type, struct sl_span all, size_t cut, const char *record)
{
	struct sl_mime *m = begin(x, type);
	assert_non_null(m);
	piece_feed(x, m, (const char *)all.at, cut);
	piece_feed(x, m, (const char *)all.at + cut, all.len - cut);
	finish(x, m, true);
	if (strcmp(x->record, record) != 0)
		print_error("cut at %zu of %zu\n", cut, all.len);
	assert_string_equal(x->record, record);
}

/* The same record in one piece, cut at each place, and a byte at a time. */
static inline void expect(const char *type, const char *bytes, const char *record)
{
	struct fixture *x = mime_fixture();
	struct sl_span all = sl_span_str(bytes);
	for (size_t cut = 0; cut < all.len; cut++)
		expect_cut(x, type, all, cut, record);
	struct sl_mime *m = begin(x, type);
	for (size_t i = 0; i < all.len; i++)
		piece_feed(x, m, bytes + i, 1);
	finish(x, m, true);
	assert_string_equal(x->record, record);
	fixture_free(x);
}

/* SHA-256 of "hello" and of "hello\r\n-world-". */
#define HELLO "file.sha256=2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n--\n"
#define HELLO_WORLD "file.sha256=bc38467674c2db175f537fe7d61fcaaaf6a6995dadfba975419c70f7cab77367\n--\n"

#define SHA(hex) "file.sha256=" hex "\n--\n"

#endif
