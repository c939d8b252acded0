/* How flows end: eviction, expiry, and as what. */
#include "table.h"

static void the_least_valuable_goes_first(void **state)
{
	(void)state;
	struct fixture *x = begin(4);
	bool fresh;
	struct sl_packet tcp = packet(6, 1, 80, SECOND), back = reply(tcp);
	get(x, &tcp, &fresh);
	get(x, &back, &fresh); /* 1: TCP, both directions */
	struct sl_packet dns = packet(17, 2, 53, 2 * SECOND), answer = reply(dns);
	get(x, &dns, &fresh);
	get(x, &answer, &fresh); /* 2: answered */
	static const uint8_t protos[] = { 6, 17, 17, 17 };
	static const uint16_t gone[] = { 0, 0, 4, 5 };
	for (uint16_t i = 0; i < 4; i++) { /* 3: TCP one way; 4, 5, 6: UDP one way */
		struct sl_packet p = packet(protos[i], (uint16_t)(3 + i), 53, (3u + i) * SECOND);
		get(x, &p, &fresh);
		assert_true(fresh);
		if (gone[i])
			assert_int_equal(x->last_port, gone[i]);
	}
	assert_int_equal(x->ended[SL_END_EVICTED], 2);
	/* 6 is answered: then the one-way TCP flow is the least of all, then UDP by age, then TCP
	 */
	struct sl_packet p = packet(17, 6, 53, 6 * SECOND), r = reply(p);
	get(x, &r, &fresh);
	assert_false(fresh);
	static const uint16_t next[] = { 3, 2, 6, 1, 7 };
	for (uint16_t i = 0; i < 5; i++) {
		p = packet(6, (uint16_t)(7 + i), 80, (7u + i) * SECOND);
		r = reply(p);
		get(x, &p, &fresh);
		get(x, &r, &fresh);
		assert_int_equal(x->last_port, next[i]);
	}
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FLOWS_EVICTED), 7);
	end(x);
}

/* Who has been active since it was queued gets a second chance. */
static void activity_is_worth_something(void **state)
{
	(void)state;
	struct fixture *x = begin(2);
	bool fresh;
	struct sl_packet a = packet(17, 1, 53, SECOND), b = packet(17, 2, 53, 2 * SECOND);
	get(x, &a, &fresh);
	get(x, &b, &fresh);
	a.time = 10 * SECOND;
	get(x, &a, &fresh);
	struct sl_packet c = packet(17, 3, 53, 11 * SECOND);
	get(x, &c, &fresh);
	assert_int_equal(x->last_port, 2);
	end(x);
}

static void expiry_is_bounded(void **state)
{
	(void)state;
	struct fixture *x = begin(1000);
	bool fresh;
	for (uint16_t i = 0; i < 1000; i++) {
		struct sl_packet p = packet(17, (uint16_t)(i + 1), 53, SECOND);
		get(x, &p, &fresh);
	}
	sl_flow_expire(x->t, 61 * SECOND);
	assert_int_equal(x->ends, 0);
	unsigned calls = 0;
	for (unsigned before = 0; x->ends < 1000; calls++, before = x->ends) {
		sl_flow_expire(x->t, 63 * SECOND);
		assert_true(x->ends > before && x->ends - before <= 128);
	}
	assert_int_equal(calls, 8);
	assert_int_equal(x->ended[SL_END_TIMEOUT], 1000);
	sl_flow_expire(x->t, 1000 * SECOND);
	end(x);
}

/* That its streams are brought to their end does not make a flow a closed one. */
static void state_at_the_end(void **state)
{
	(void)state;
	static const char *const want[] = { "new", "established", "closed", "reset" };
	for (unsigned i = 0; i < 4; i++) {
		struct fixture *x = begin(10);
		bool fresh;
		struct sl_packet p = packet(6, 1, 80, SECOND), r = reply(p);
		struct sl_flow *f = get(x, &p, &fresh);
		if (i > 0)
			get(x, &r, &fresh);
		if (i == 2) /* closed by a packet without FIN: nobody told the table */
			f->side[0].flags = f->side[1].flags = SL_SIDE_ENDED;
		f->reset = i == 3;
		sl_flow_end_all(x->t);
		assert_string_equal(x->last_state, want[i]);
		end(x);
	}
}

static void closed_flows_end_as_closed(void **state)
{
	(void)state;
	struct fixture *x = begin(10);
	bool fresh;
	struct sl_packet p = packet(6, 1, 80, SECOND);
	struct sl_flow *f = get(x, &p, &fresh);
	f->reset = 1;
	sl_flow_restate(x->t, f);
	assert_string_equal(sl_flow_state_text(f), "reset");
	sl_flow_expire(x->t, 30 * SECOND);
	assert_int_equal(x->ends, 0);
	sl_flow_expire(x->t, 33 * SECOND);
	assert_int_equal(x->ended[SL_END_CLOSED], 1);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_valuable_goes_first),
		cmocka_unit_test(activity_is_worth_something),
		cmocka_unit_test(expiry_is_bounded),
		cmocka_unit_test(state_at_the_end),
		cmocka_unit_test(closed_flows_end_as_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
