/* The plan: what each condition is looked for by, made of conditions written by hand. And chains:
 * their expressions find what a slow matcher finds. */
#include "fixture.h"

#include <hs.h>
#include <rules/chain.h>
#include <rules/expression.h>
#include <rules/rarity.h>

struct hand {
	struct sl_condition c[8];
	struct sl_indicator ind;
	struct sl_pack pack;
	struct sl_packs packs;
	struct sl_plan plan;
	struct sl_problems problems;
};

static struct sl_condition literal(enum sl_field field, enum sl_op op, const char *text)
{
	return (struct sl_condition){ .field = field,
				      .op = op,
				      .text = text,
				      .bytes = (uint8_t *)(uintptr_t)text,
				      .len = strlen(text),
				      .position = sl_position_none() };
}

static struct sl_condition with(struct sl_condition c, unsigned flags)
{
	c.flags |= (uint8_t)flags;
	if (c.op == SL_OP_REGEX)
		c.search = (uint8_t)sl_expression_check(c.text, flags & SL_COND_NOCASE, NULL);
	return c;
}

static struct sl_condition placed(struct sl_condition c, int32_t offset, int32_t depth,
				  int32_t distance, int32_t within)
{
	c.positioned = true;
	c.position.offset = offset;
	c.position.depth = depth;
	c.position.distance = distance;
	c.position.within = within;
	return c;
}
enum { NO = SL_NOT_GIVEN };

static const struct sl_plan *plan_of(struct hand *h, const struct sl_condition *c, size_t n)
{
	struct sl_err err = { "" };
	*h = (struct hand){
		.ind = { .id = "x", .kind = SL_IND_MATCH, .condition = h->c, .conditions = n }
	};
	memcpy(h->c, c, n * sizeof *c);
	h->pack = (struct sl_pack){ .indicator = &h->ind, .n = 1, .name = "t/p" };
	h->packs = (struct sl_packs){ &h->pack, 1 };
	assert_int_equal(sl_plan_make(&h->plan, &h->packs, &h->problems, &err), SL_OK);
	return &h->plan;
}

static void hand_fini(struct hand *h)
{
	sl_plan_fini(&h->plan);
	sl_problems_fini(&h->problems);
}

static void lone_conditions_need_no_confirmation(void **state)
{
	(void)state;
	struct hand h;
	const struct sl_condition c[] = {
		literal(SL_FIELD_HTTP_URI, SL_OP_EQUALS, "/a"),
		literal(SL_FIELD_HTTP_URI, SL_OP_ENDS, "/b"),
		with(literal(SL_FIELD_HTTP_URI, SL_OP_REGEX, "a.c"), 0),
		literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "abc"),
		literal(SL_FIELD_PAYLOAD, SL_OP_EQUALS, "abc"),
	};
	const struct sl_plan *p = plan_of(&h, c, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(p->condition[i].bit, i);
		assert_int_equal(p->condition[i].flags, 0);
		assert_int_equal(p->condition[i].table, i == 0);
		assert_int_equal(p->condition[i].chain, i != 0);
	}
	assert_int_equal(p->always_n + p->endwise_n + p->flowwise_n, 0);
	assert_int_equal(p->indicator[0].scope, SL_SCOPE_FLOW); /* a payload and fields */
	hand_fini(&h);
}

static void groups_are_looked_for_by_what_is_rare(void **state)
{
	(void)state;
	struct hand h;
	const struct sl_condition c[] = {
		literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "http://www."),
		with(literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "Qz7_x"), SL_COND_SAME),
		with(literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "longer and rare!"),
		     SL_COND_SAME | SL_COND_NOT),
		with(literal(SL_FIELD_HTTP_URI, SL_OP_REGEX, "[a-z]{30}"), SL_COND_SAME),
		literal(SL_FIELD_HTTP_METHOD, SL_OP_EQUALS, "PUT"),
	};
	const struct sl_plan *p = plan_of(&h, c, 5);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(p->condition[i].bit, 0);
		assert_int_equal(p->condition[i].chain, i == 1);
		assert_true(p->condition[i].flags & SL_COND_CONFIRM);
	}
	assert_int_equal(p->condition[4].bit, 1);
	assert_int_equal(p->condition[4].flags, 0);
	assert_int_equal(p->indicator[0].flags, 0); /* a `not` in a group is decided with it */
	hand_fini(&h);
}

static void an_exact_value_beats_a_literal(void **state)
{
	(void)state;
	struct hand h;
	const struct sl_condition c[] = {
		literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "a very long literal of many bytes"),
		with(literal(SL_FIELD_HTTP_URI, SL_OP_EQUALS, "/x"), SL_COND_SAME),
	};
	const struct sl_plan *p = plan_of(&h, c, 2);
	assert_int_equal(p->condition[0].chain, 0);
	assert_true(p->condition[1].table);
	hand_fini(&h);
}

static void what_has_no_trigger_is_always_judged(void **state)
{
	(void)state;
	struct hand h;
	struct sl_condition length = literal(SL_FIELD_HTTP_URI, SL_OP_LENGTH, "");
	struct sl_condition absent = literal(SL_FIELD_HTTP_COOKIE, SL_OP_ABSENT, "");
	const struct sl_condition c[] = {
		with(literal(SL_FIELD_HTTP_HOST, SL_OP_CONTAINS, "x"), SL_COND_NOT),
		absent,
		length,
		with(literal(SL_FIELD_HTTP_SERVER, SL_OP_REGEX, "(?=a)(?=.b)"), 0),
	};
	const struct sl_plan *p = plan_of(&h, c, 4);
	assert_int_equal(p->always_n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(p->always[i].field, p->condition[p->always[i].condition].field);
		assert_true(i == 0 || p->always[i].field >= p->always[i - 1].field);
		assert_false(p->condition[i].flags & SL_COND_CONFIRM);
		assert_int_equal(p->condition[i].chain, 0);
	}
	assert_true(p->condition[3].flags & SL_COND_PCRE);
	assert_int_equal(p->indicator[0].flags, SL_IND_ENDWISE);
	assert_int_equal(p->endwise_n, 0);
	hand_fini(&h);
	p = plan_of(&h, c, 2);
	assert_int_equal(p->endwise_n, 1);
	hand_fini(&h);
	p = plan_of(&h, c, 0);
	assert_int_equal(p->flowwise_n, 1);
	hand_fini(&h);
}

static void streams_have_chains(void **state)
{
	(void)state;
	struct hand h;
	const struct sl_condition c[] = {
		placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "GET"), 0, 3, NO, NO),
		with(placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "b"), NO, NO, 2, 5),
		     SL_COND_SAME),
		with(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "other"),
		     SL_COND_SAME | SL_COND_NOCASE),
		literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "alone"),
	};
	const struct sl_plan *p = plan_of(&h, c, 4);
	const unsigned bits[] = { 0, 0, 1, 2 }, chains[] = { 2, 0, 1, 1 };
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(p->condition[i].bit, bits[i]);
		assert_int_equal(p->condition[i].chain, chains[i]);
		assert_false(p->condition[i].flags & SL_COND_CONFIRM);
	}
	hand_fini(&h);
}

/* With a `not` behind it a condition fires once the bytes where that may stand have come. */
static void streams_with_negatives_are_confirmed(void **state)
{
	(void)state;
	struct hand h;
	const struct sl_condition c[] = {
		literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "first"),
		with(placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "last"), NO, NO, 0, NO),
		     SL_COND_SAME),
		with(placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "no"), NO, NO, 1, 20),
		     SL_COND_SAME | SL_COND_NOT),
		with(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "apart"), SL_COND_SAME),
		with(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "gone"), SL_COND_NOT),
	};
	const struct sl_plan *p = plan_of(&h, c, 5);
	const unsigned chains[] = { 0, 1, 0, 1, 1 };
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(p->condition[i].bit, 0);
		assert_int_equal(p->condition[i].chain, chains[i]);
		assert_true(p->condition[i].flags & SL_COND_CONFIRM);
	}
	assert_int_equal(p->condition[1].wait, 21);
	assert_int_equal(p->condition[3].wait, 0);
	assert_int_equal(p->condition[4].chain, 1); /* a lone `not` is violated by its pattern */
	assert_int_equal(p->always_n, 1);
	assert_int_equal(p->always[0].condition, 4);
	hand_fini(&h);
}

/* Also of one before the trigger; what reaches further than can be waited for is judged on what has come. */
static void negatives_of_a_chain_are_waited_for(void **state)
{
	(void)state;
	struct hand h;
	const struct sl_condition c[] = {
		literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "first"),
		with(placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "no"), NO, NO, 30, 70),
		     SL_COND_SAME | SL_COND_NOT),
		with(placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "last"), NO, NO, 0, 10), SL_COND_SAME),
		with(placed(literal(SL_FIELD_PAYLOAD, SL_OP_CONTAINS, "far"), NO, NO, 0, 300),
		     SL_COND_SAME | SL_COND_NOT),
	};
	const struct sl_plan *p = plan_of(&h, c, 4);
	assert_int_equal(p->condition[2].wait, 100);
	hand_fini(&h);
}

static void derived_fields_are_shared(void **state)
{
	(void)state;
	struct hand h;
	struct sl_condition a = literal(SL_FIELD_FILE_DATA, SL_OP_CONTAINS, "abc");
	a.transforms = 2;
	a.transform[0] = SL_URL_DECODE;
	a.transform[1] = SL_TO_LOWERCASE;
	struct sl_condition b = a, plain = literal(SL_FIELD_FILE_DATA, SL_OP_CONTAINS, "abc");
	b.transforms = 1;
	const struct sl_condition c[] = { a, plain, b, a };
	const struct sl_plan *p = plan_of(&h, c, 4);
	assert_int_equal(p->derived_n, 2);
	assert_int_equal(p->condition[0].field, SL_FIELD_COUNT);
	assert_int_equal(p->condition[1].field, SL_FIELD_FILE_DATA);
	assert_int_equal(p->condition[2].field, SL_FIELD_COUNT + 1);
	assert_int_equal(p->condition[3].field, SL_FIELD_COUNT);
	hand_fini(&h);
}

static void rarity_orders(void **state)
{
	(void)state;
	struct sl_condition common =
		literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "User-Agent: Mozilla/5.0");
	struct sl_condition rare = literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "Xq#7");
	struct sl_condition run = literal(SL_FIELD_HTTP_URI, SL_OP_CONTAINS, "AAAAAAAAAAAAA");
	assert_true(sl_rarity(&rare) > sl_rarity(&common));
	assert_true(sl_rarity(&rare) > sl_rarity(&run));
	rare.flags = SL_COND_NOT;
	assert_int_equal(sl_rarity(&rare), 0);
}

/* --- chains against a slow matcher --- */

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

/* --- expressions --- */

static void expressions_that_need_pcre(void **state)
{
	(void)state;
	struct sl_err err = { "" };
	assert_int_equal(sl_expression_check("ab+c", false, NULL), SL_SEARCH_EXACT);
	assert_int_equal(sl_expression_check("foo(?!bar)", false, NULL), SL_SEARCH_ROUGH);
	assert_int_equal(sl_expression_check("(a|b)x\\1", true, NULL), SL_SEARCH_ROUGH);
	assert_int_equal(sl_expression_check("(?=foo)", false, NULL), SL_SEARCH_NONE);
	assert_int_equal(sl_expression_check("^$", false, NULL), SL_SEARCH_NONE);
	assert_true(sl_expression_check("a*", false, &err) < 0);
	assert_string_equal(err.text, "matches the empty string, and so everything");
	assert_true(sl_expression_check("(*UTF8)a", false, &err) < 0);
	assert_true(sl_expression_check("a(?=(b", false, &err) < 0);
	assert_true(sl_expression_check("(?<=a(?!", false, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lone_conditions_need_no_confirmation),
		cmocka_unit_test(groups_are_looked_for_by_what_is_rare),
		cmocka_unit_test(an_exact_value_beats_a_literal),
		cmocka_unit_test(what_has_no_trigger_is_always_judged),
		cmocka_unit_test(streams_have_chains),
		cmocka_unit_test(streams_with_negatives_are_confirmed),
		cmocka_unit_test(negatives_of_a_chain_are_waited_for),
		cmocka_unit_test(derived_fields_are_shared),
		cmocka_unit_test(rarity_orders),
		cmocka_unit_test(chains_find_what_they_say),
		cmocka_unit_test(wide_chains_are_confirmed),
		cmocka_unit_test(expressions_that_need_pcre),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
