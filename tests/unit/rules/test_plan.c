/* The plan: what each condition is looked for by. */
#include "plan.h"

#include <rules/expression.h>

struct hand {
	struct sl_condition c[8];
	struct sl_indicator ind;
	struct sl_pack pack;
	struct sl_packs packs;
	struct sl_plan plan;
	struct sl_problems problems;
};

static struct sl_condition with(struct sl_condition c, unsigned flags)
{
	c.flags |= (uint8_t)flags;
	if (c.op == SL_OP_REGEX)
		c.search = (uint8_t)sl_expression_check(c.text, flags & SL_COND_NOCASE, NULL);
	return c;
}

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

/* Else one line of a rules file would take minutes. */
static void brackets_are_bounded(void **state)
{
	(void)state;
	char regex[512], *at = regex;
	struct sl_err err = { "" };
	for (unsigned i = 0; i < 64; i++)
		at = stpcpy(at, "(a");
	for (unsigned i = 0; i < 64; i++)
		at = stpcpy(at, ")");
	strcpy(at, "\\([(]");
	assert_int_equal(sl_expression_check(regex, false, &err), SL_SEARCH_EXACT);
	memmove(regex + 1, regex, strlen(regex) + 1);
	regex[0] = '(';
	strcat(regex, ")");
	assert_int_equal(sl_expression_check(regex, false, &err), SL_EFORMAT);
	assert_string_equal(err.text, "brackets are in each other more than 64 deep");
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
		cmocka_unit_test(expressions_that_need_pcre),
		cmocka_unit_test(brackets_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
