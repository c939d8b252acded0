/* Chains of literals as one expression, against a slow matcher. */
#include "plan.h"

#include <hs.h>
#include <rules/chain.h>

static bool holds_from(const struct sl_condition *c, size_t n, const char *bytes, size_t len,
		       size_t end, bool first)
{
	if (n == 0)
		return true;
	const struct sl_position *p = &c->position;
	for (size_t at = 0; at + c->len <= len; at++) {
		size_t to = at + c->len;
		int64_t d = p->distance == NO ? 0 : p->distance;
		bool chained = !first && sl_chain_follows(c);
		if (memcmp(bytes + at, c->bytes, c->len) != 0 ||
		    (chained && (int64_t)at < (int64_t)end + d) ||
		    (chained && p->within != NO && (int64_t)to > (int64_t)end + d + p->within) ||
		    (p->offset != NO && (int64_t)at < p->offset) ||
		    (p->depth != NO &&
		     (int64_t)to > (p->offset == NO ? 0 : p->offset) + p->depth) ||
		    len - to < p->after_min || len - to > p->after_max)
			continue;
		if (holds_from(c + 1, n - 1, bytes, len, to, false))
			return true;
	}
	return false;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)id, (void)from, (void)to, (void)flags;
	*(bool *)ctx = true;
	return 0;
}

static bool found_by(const char *expression, unsigned mode, const char *bytes, size_t len)
{
	hs_database_t *db = NULL;
	hs_scratch_t *scratch = NULL;
	hs_stream_t *stream;
	hs_compile_error_t *why = NULL;
	bool found = false;
	if (hs_compile(expression, 0, mode, NULL, &db, &why) != HS_SUCCESS)
		fail_msg("%s: %s", expression, why->message);
	assert_int_equal(hs_alloc_scratch(db, &scratch), HS_SUCCESS);
	if (mode == HS_MODE_BLOCK) {
		hs_scan(db, bytes, (unsigned)len, 0, scratch, on_match, &found);
	} else {
		hs_open_stream(db, 0, &stream);
		for (size_t i = 0; i < len; i++)
			hs_scan_stream(stream, bytes + i, 1, 0, scratch, on_match, &found);
		hs_close_stream(stream, scratch, on_match, &found);
	}
	hs_free_scratch(scratch);
	hs_free_database(db);
	return found;
}

static void random_place(struct sl_condition *c, bool first)
{
	c->positioned = !first || rand() % 2;
	if (!c->positioned)
		return;
	int32_t least = rand() % 2 ? rand() % 4 : NO, window = rand() % 2 ? rand() % 8 + 1 : NO;
	if (first) {
		c->position.offset = least;
		c->position.depth = window;
	} else {
		c->position.distance = least == NO && window == NO ? 0 : least;
		c->position.within = window;
	}
}

static void chains_find_what_they_say(void **state)
{
	(void)state;
	static const char *const texts[] = { "a", "b", "ab", "ba", "aa" };
	unsigned fitting = 0, found = 0;
	srand(7);
	for (int round = 0; round < 1500; round++) {
		struct sl_condition c[3];
		char bytes[24], expression[2048];
		size_t n = (size_t)rand() % 3 + 1, len = (size_t)rand() % sizeof bytes + 1;
		for (size_t i = 0; i < n; i++) {
			c[i] = literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, texts[rand() % 5]);
			random_place(&c[i], i == 0);
		}
		if (rand() % 3 == 0) {
			c[n - 1].positioned = true;
			c[n - 1].position.after_min = (uint32_t)rand() % 3;
			c[n - 1].position.after_max =
				rand() % 2 ? UINT32_MAX : (uint32_t)rand() % 6;
			if (n > 1 && !sl_chain_follows(&c[n - 1]))
				c[n - 1].position.distance = 0;
		}
		for (size_t i = 0; i < len; i++)
			bytes[i] = "abc"[rand() % 3];
		if (!sl_chain_fits(c, n))
			continue;
		assert_true(sl_chain_room(c, n) <= sizeof expression);
		sl_chain_write(expression, c, n);
		bool want = holds_from(c, n, bytes, len, 0, true);
		if (found_by(expression, HS_MODE_BLOCK, bytes, len) != want ||
		    found_by(expression, HS_MODE_STREAM, bytes, len) != want)
			fail_msg("%s on %.*s: not %d", expression, (int)len, bytes, want);
		fitting++;
		found += want;
	}
	assert_true(fitting > 500 && found > 100 && found < fitting - 100);
}

/* What would take Hyperscan seconds to compile is confirmed instead. */
static void wide_chains_are_confirmed(void **state)
{
	(void)state;
	struct sl_condition c[] = {
		placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "abc"), 0, 900, NO, NO),
		placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "def"), NO, NO, 0, 500),
	};
	assert_true(sl_chain_fits(c, 2));
	c[1].position.within = 900;
	assert_false(sl_chain_fits(c, 2));
	c[0].position.depth = 1004;
	assert_false(sl_chain_fits(c, 1));
	c[0].position.depth = 1003;
	assert_true(sl_chain_fits(c, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_find_what_they_say),
		cmocka_unit_test(wide_chains_are_confirmed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
