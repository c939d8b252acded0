/* A new ruleset in the middle of flows: what is half seen is kept by (pack, id), streams begin anew,
 * addresses are looked up again, and nothing of the old one stays. */
#include "fixture.h"

#define COND(field, what)  "{\"field\": \"" field "\", " what "}"
#define HAS(text)          COND("payload", "\"contains\": \"" text "\"")
#define RE(text)           COND("payload", "\"regex\": \"" text "\"")
#define IND(id, more, list) "{\"id\": \"" id "\", " more "\"match\": [" list "]}"

static void swap_to(struct fixture *x, struct sl_loaded_ruleset *next, bool follow)
{
	struct sl_err err = { "" };
	sl_detect_flush(x->detect);
	if (follow)
		assert_int_equal(sl_loaded_follow(next, x->loaded, &err), SL_OK);
	assert_int_equal(sl_detect_swap(x->detect, next, &err), SL_OK);
	sl_loaded_release(x->loaded);
	x->loaded = next;
}

static void swap(struct fixture *x, const char *indicators, bool follow)
{
	struct sl_loaded_ruleset *next;
	struct sl_err err = { "" };
	char path[64];
	fixture_compile(indicators, path);
	if (sl_loaded_open(&next, path, &err) != SL_OK)
		fail_msg("%s", err.text);
	unlink(path);
	swap_to(x, next, follow);
}

/* A base with its file, and what is pushed on top of it. */
struct pushed {
	struct fixture *x;
	struct sl_loaded_ruleset *base;
	char path[64];
};

static void base_open(struct pushed *p, const char *indicators)
{
	struct sl_err err = { "" };
	p->x = fixture_new("[" IND("unused", "", HAS("unused")) "]");
	fixture_compile(indicators, p->path);
	if (sl_loaded_open(&p->base, p->path, &err) != SL_OK)
		fail_msg("%s", err.text);
	swap_to(p->x, sl_loaded_retain(p->base), true);
}

static void push(struct pushed *p, const char *indicators)
{
	struct sl_loaded_ruleset *next;
	struct sl_err err = { "" };
	char path[64];
	fixture_compile_to(indicators, p->path, path);
	if (sl_loaded_open_delta(&next, p->base, path, &err) != SL_OK)
		fail_msg("%s", err.text);
	unlink(path);
	swap_to(p->x, next, true);
}

static void base_close(struct pushed *p)
{
	unlink(p->path);
	sl_loaded_release(p->base);
	fixture_free(p->x);
}

static struct sl_flow *stream_flow(struct fixture *x, unsigned n)
{
	struct sl_flow *f = fixture_pair(x, 6, n);
	f->side[0].flags |= SL_SIDE_STARTED;
	return f;
}

static void what_is_half_seen_is_kept(void **state)
{
	(void)state;
	static const char old[] = "[" IND("a", "", HAS("one") "," HAS("two")) "," IND("gone", "", HAS("three")) "]";
	static const char new[] = "[" IND("zero", "", HAS("zero")) "," IND("more", "", HAS("x")) ","
				  IND("a", "", HAS("one") "," HAS("two")) "]";
	for (unsigned follow = 0; follow < 2; follow++) {
		struct fixture *x = fixture_new(old);
		struct sl_flow *f = stream_flow(x, 1);
		fixture_text(x, f, "one");
		swap(x, new, follow);
		fixture_text(x, f, "two three");
		fixture_expect(x, follow ? "a " : "");
		assert_int_equal(fixture_count(x, SL_COUNT_PARTIALS_DROPPED), !follow);
		fixture_text(x, f, "zero");
		fixture_expect(x, "zero ");
		fixture_free(x);
	}
}

/* It held before: it does not again in the same flow. One that changed begins anew. */
static void what_held_is_kept(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("a", "", HAS("one")) "," IND("b", "", HAS("two")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_text(x, f, "one two");
	fixture_expect(x, "a b ");
	swap(x, "[" IND("b", "", HAS("new")) "," IND("a", "", HAS("one")) "]", true);
	fixture_text(x, f, "one two new");
	fixture_expect(x, "b ");
	fixture_free(x);
}

/* The same words about what another transform makes are another condition. */
static void another_transform_is_another(void **state)
{
	(void)state;
	static const char *const how[] = { "strip_whitespace", "url_decode" };
	for (unsigned i = 0; i < 2; i++) {
		char old[512], new[512];
		static const char form[] = "[" IND("a", "\"scope\": \"flow\", ", COND("http.uri",
			"\"transform\": [\"%s\"], \"contains\": \"ab\"") "," HAS("two")) "]";
		snprintf(old, sizeof old, form, how[0]);
		snprintf(new, sizeof new, form, how[i]);
		struct fixture *x = fixture_new(old);
		struct sl_flow *f = stream_flow(x, 1);
		fixture_values(x, f, SL_FIELD_HTTP_URI, "a b", SL_FIELD_HTTP_URI, NULL);
		swap(x, new, true);
		fixture_text(x, f, "two");
		fixture_expect(x, i ? "" : "a ");
		fixture_free(x);
	}
}

static void denials_are_kept(void **state)
{
	(void)state;
	static const char pack[] = "[" IND("x", "", HAS("one") "," COND("payload", "\"contains\": \"two\", \"not\": true")) "]";
	struct fixture *x = fixture_new(pack);
	struct sl_flow *f = stream_flow(x, 1), *g = stream_flow(x, 2);
	fixture_text(x, f, "two one");
	fixture_text(x, g, "one");
	swap(x, "[" IND("first", "", HAS("q")) "," IND("x", "", HAS("one") "," COND("payload",
		"\"contains\": \"two\", \"not\": true")) "]", true);
	sl_flow_end_all(x->flows);
	fixture_expect(x, "x "); /* of the second flow alone */
	fixture_free(x);
}

static void marks_are_kept(void **state)
{
	(void)state;
	static const char set[] = IND("set", "\"mark\": [\"m\"], \"silent\": true, ", HAS("one"));
	static const char ask[] = IND("ask", "\"where\": {\"marked\": [\"m\"]}, ", HAS("two"));
	char pack[1024];
	snprintf(pack, sizeof pack, "[%s]", set);
	struct fixture *x = fixture_new(pack);
	struct sl_flow *f = stream_flow(x, 1);
	fixture_text(x, f, "one");
	snprintf(pack, sizeof pack, "[%s,%s]", ask, set);
	swap(x, pack, true);
	fixture_text(x, f, "two");
	fixture_expect(x, "ask ");
	fixture_free(x);
}

static void streams_begin_anew(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("a", "", RE("ab+c+d")) "," IND("s", "", RE("^q")) "]");
	struct sl_flow *f = stream_flow(x, 1);
	void *kept = NULL;
	struct sl_piece p = { .field = SL_FIELD_FILE_DATA, .tx = 1, .bytes = sl_span_str("ab"), .kept = &kept };
	fixture_text(x, f, "abb");
	sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
	swap(x, "[" IND("n", "", RE("bb+cd")) "," IND("s", "", RE("^q")) "," IND("f", "", COND("file.data",
		"\"regex\": \"x+y\"")) "]", true);
	fixture_text(x, f, "qcd bbbcd"); /* no beginning of the stream, and nothing of before */
	fixture_expect(x, "n ");
	p.bytes = sl_span_str("xy");
	p.offset = 2;
	p.last = p.whole_end = true;
	sl_detect_piece(x->detect, fixture_sight(x, f), f, 1, &p);
	fixture_expect(x, "f ");
	for (unsigned i = 0; i < 40; i++) { /* with streams open, and with none */
		fixture_text(x, stream_flow(x, i), "abb");
		swap(x, i % 2 ? "[" IND("o", "", HAS("one")) "]" : "[" IND("n", "", RE("bb+cd")) "]", i % 3);
	}
	fixture_free(x);
}

static void addresses_are_looked_up_again(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"old\", \"address\": \"192.0.2.1\"}]");
	struct sl_flow *f = stream_flow(x, 1);
	fixture_expect(x, "old ");
	swap(x, "[{\"id\": \"new\", \"address\": \"192.0.2.0/24\"}, {\"id\": \"old\", \"address\": \"192.0.2.1\"}]", true);
	fixture_expect(x, "");
	for (unsigned i = 0; i < 2; i++) {
		struct sl_sighting *at = fixture_sight(x, f);
		at->flow.packets[0] = 7 + i;
		sl_detect_packet(x->detect, at, f, 0);
		fixture_expect(x, i ? "" : "new ");
	}
	fixture_free(x);
}

/* However many rulesets a flow sleeps through. */
static void addresses_after_many_swaps(void **state)
{
	(void)state;
	enum { SWAPS = 40 };
	static const char rules[] = "[{\"id\": \"new\", \"address\": \"192.0.2.1\"}]";
	struct fixture *x = fixture_new("[{\"id\": \"old\", \"address\": \"192.0.2.2\"}]");
	struct sl_flow *f[SWAPS];
	for (unsigned i = 0; i < SWAPS; i++)
		f[i] = stream_flow(x, i);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < SWAPS; i++) {
			if (round || i == 0) /* once for all of them, then each after one more */
				swap(x, rules, false);
			struct sl_sighting *at = fixture_sight(x, f[i]);
			at->flow.packets[0] = 7;
			sl_detect_packet(x->detect, at, f[i], 0);
			fixture_expect(x, "new ");
		}
	}
	fixture_free(x);
}

/* A delta adds, replaces and withdraws; what stays goes on where it was, and so do its streams. */
static void a_delta_on_its_base(void **state)
{
	(void)state;
	struct pushed p;
	base_open(&p, "[" IND("stay", "", RE("ab+c+d")) "," IND("go", "", HAS("going")) "," IND("change", "", HAS("old")) ","
		      IND("half", "", HAS("one") "," HAS("two")) ",{\"id\": \"name\", \"domain\": \"base.example\"}]");
	struct sl_flow *f = stream_flow(p.x, 1);
	fixture_text(p.x, f, "one abb");
	fixture_expect(p.x, "");
	push(&p, "[" IND("stay", "", RE("ab+c+d")) "," IND("change", "", HAS("new")) "," IND("half", "", HAS("one") "," HAS("two"))
		 ",{\"id\": \"name\", \"domain\": \"base.example\"},{\"id\": \"more\", \"domain\": \"delta.example\"},"
		 IND("added", "", RE("x+y") "," HAS("z")) "]");
	fixture_text(p.x, f, "bcd"); /* the base's stream saw its beginning */
	fixture_expect(p.x, "stay ");
	fixture_text(p.x, f, "going old");
	fixture_expect(p.x, "");
	fixture_text(p.x, f, "two");
	fixture_expect(p.x, "half ");
	fixture_text(p.x, f, "new");
	fixture_expect(p.x, "change ");
	fixture_value_expect(p.x, SL_FIELD_DNS_QUERY, "base.example", "name ");
	f = stream_flow(p.x, 1);
	fixture_values(p.x, f, SL_FIELD_DNS_QUERY, "a.delta.example", SL_FIELD_DNS_QUERY, "base.example");
	fixture_expect(p.x, "more name ");
	fixture_text(p.x, f, "xxy one");
	push(&p, "[" IND("first", "", HAS("first")) "," IND("added", "", RE("x+y") "," HAS("z")) "," IND("stay", "", RE("ab+c+d"))
		 "," IND("half", "", HAS("one") "," HAS("two")) "]");
	fixture_text(p.x, f, "z two first new");
	sl_detect_flush(p.x->detect);
	qsort(p.x->match, p.x->matches, sizeof *p.x->match, fixture_by_id);
	fixture_expect(p.x, "added first half ");
	swap_to(p.x, sl_loaded_retain(p.base), true); /* and off again */
	fixture_text(p.x, f, "going");
	fixture_expect(p.x, "go ");
	base_close(&p);
}

/* Indicators that no condition finds: by where alone, and by what is absent. */
static void a_delta_withdraws_what_nothing_finds(void **state)
{
	(void)state;
	static const char where[] = IND("where", "\"where\": {\"port\": 80}, ", "");
	static const char absent[] = IND("absent", "", COND("dns.query", "\"contains\": \"x\", \"not\": true"));
	char pack[1024];
	struct pushed p;
	snprintf(pack, sizeof pack, "[%s,%s,%s]", where, absent, IND("stay", "", HAS("one")));
	base_open(&p, pack);
	fixture_value_expect(p.x, SL_FIELD_DNS_QUERY, "y", "absent where ");
	push(&p, "[" IND("stay", "", HAS("one")) "]");
	fixture_value_expect(p.x, SL_FIELD_DNS_QUERY, "y", "");
	base_close(&p);
}

static void a_delta_of_another_base(void **state)
{
	(void)state;
	struct pushed p;
	struct sl_loaded_ruleset *next;
	struct sl_err err = { "" };
	char other[64], path[64];
	base_open(&p, "[" IND("a", "", HAS("aaa")) "]");
	fixture_compile("[" IND("b", "", HAS("bbb")) "]", other);
	fixture_compile_to("[" IND("c", "", HAS("ccc")) "]", other, path);
	assert_int_equal(sl_loaded_open_delta(&next, p.base, path, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "not made for this ruleset"));
	assert_int_equal(sl_loaded_open(&next, path, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "is a delta"));
	unlink(other);
	unlink(path);
	base_close(&p);
}

/* Writes another number over the first that the delta withdraws, and its digest anew. */
static void withdraw_another(const char *path, uint32_t number)
{
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size_t size = (size_t)ftell(f);
	uint8_t *bytes = malloc(size);
	assert_non_null(bytes);
	rewind(f);
	assert_int_equal(fread(bytes, 1, size, f), size);
	struct sl_ruleset_header *header = (void *)bytes;
	struct sl_ruleset_section *s = (void *)(bytes + sizeof *header);
	while (s->type != SL_SECTION_BASE)
		s++;
	memcpy(bytes + s->offset + sizeof header->digest, &number, sizeof number);
	uint8_t digest[sizeof header->digest];
	assert_int_equal(sl_ruleset_digest(bytes, size, -1, digest, NULL), SL_OK);
	memcpy(header->digest, digest, sizeof digest);
	rewind(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
	free(bytes);
}

static void a_delta_that_withdraws_nobody(void **state)
{
	(void)state;
	struct pushed p;
	struct sl_loaded_ruleset *next;
	struct sl_err err = { "" };
	char path[64];
	base_open(&p, "[" IND("a", "", HAS("aaa")) "," IND("b", "", HAS("bbb")) "]");
	fixture_compile_to("[" IND("b", "", HAS("bbb")) "]", p.path, path);
	withdraw_another(path, 1);
	assert_int_equal(sl_loaded_open_delta(&next, p.base, path, &err), SL_OK);
	assert_int_equal(sl_loaded_indicators(next), 1);
	sl_loaded_release(next);
	withdraw_another(path, 2);
	assert_int_equal(sl_loaded_open_delta(&next, p.base, path, &err), SL_EFORMAT);
	assert_non_null(strstr(err.text, "withdraws what its base does not have"));
	unlink(path);
	base_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_half_seen_is_kept), cmocka_unit_test(what_held_is_kept),
		cmocka_unit_test(another_transform_is_another),
		cmocka_unit_test(denials_are_kept),          cmocka_unit_test(marks_are_kept),
		cmocka_unit_test(streams_begin_anew),        cmocka_unit_test(addresses_are_looked_up_again),
		cmocka_unit_test(addresses_after_many_swaps),
		cmocka_unit_test(a_delta_on_its_base),       cmocka_unit_test(a_delta_of_another_base),
		cmocka_unit_test(a_delta_withdraws_what_nothing_finds), cmocka_unit_test(a_delta_that_withdraws_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
