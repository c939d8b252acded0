/* The flow table: who belongs to whom, time-outs, eviction, expiry, and a naive table beside it. */
#include "../wire.h"
#include <sensor/flow/flow.h>

#define SECOND UINT64_C(1000000000)

struct fixture {
	struct sl_counters counters;
	struct sl_flow_table *t;
	unsigned ended[SL_END_SHUTDOWN + 1], ends;
	uint16_t last_port; /* of the flow that ended last */
	uint64_t last_start;
	const char *last_state;
};

static uint16_t client_port(const struct sl_flow *f)
{
	struct sl_flow_view v;
	sl_flow_view(f, &v);
	return v.sport;
}

static void on_end(void *ctx, struct sl_flow *f, enum sl_flow_end why)
{
	struct fixture *x = ctx;
	x->ended[why]++;
	x->ends++;
	x->last_port = client_port(f);
	x->last_start = f->start;
	f->side[0].flags = f->side[1].flags = SL_SIDE_ENDED; /* as sl_tcp_flush does */
	x->last_state = sl_flow_state_text(f);
	uint64_t *slot = sl_flow_slot(x->t, f, SL_SLOT_DETECT);
	assert_int_equal(*slot,
			 f->start); /* the stage's own bytes are still there, and its alone */
	*slot = UINT64_MAX;         /* a flow that ended twice would be seen */
}

static struct fixture *begin(uint64_t max)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err;
	assert_non_null(x);
	struct sl_flow_config c = { .max = max,
				    .idle_s = SL_FLOW_IDLE_S,
				    .slot_bytes = { 8, 16, 0 },
				    .ended = on_end,
				    .ctx = x,
				    .counters = &x->counters };
	assert_int_equal(sl_flow_table_new(&x->t, &c, &err), SL_OK);
	return x;
}

static void end(struct fixture *x)
{
	sl_flow_end_all(x->t);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FLOWS), x->ends);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FLOWS_ENDED), x->ends);
	sl_flow_table_free(x->t);
	free(x);
}

static struct sl_packet packet(uint8_t proto, uint16_t sport, uint16_t dport, uint64_t time)
{
	struct sl_packet p = { .time = time,
			       .proto = proto,
			       .sport = sport,
			       .dport = dport,
			       .len = 100,
			       .src.family = 4,
			       .dst.family = 4,
			       .has_ports = true };
	memcpy(p.src.bytes, wire_a4, 4);
	memcpy(p.dst.bytes, wire_b4, 4);
	return p;
}

static struct sl_packet reply(struct sl_packet p)
{
	struct sl_address a = p.src;
	uint16_t port = p.sport;
	p.src = p.dst;
	p.dst = a;
	p.sport = p.dport;
	p.dport = port;
	return p;
}

static struct sl_flow *get(struct fixture *x, const struct sl_packet *p, bool *fresh)
{
	struct sl_flow_lookup lookup;
	sl_flow_prepare(x->t, p, &lookup);
	sl_flow_prefetch(x->t, &lookup);
	struct sl_flow *f = sl_flow_get(x->t, &lookup, p, fresh);
	assert_non_null(f);
	if (*fresh) {
		assert_int_equal(*(uint64_t *)sl_flow_slot(x->t, f, SL_SLOT_INSPECT), 0);
		assert_int_equal(*(uint64_t *)sl_flow_slot(x->t, f, SL_SLOT_DETECT), 0);
		*(uint64_t *)sl_flow_slot(x->t, f, SL_SLOT_DETECT) = f->start;
	}
	return f;
}

static void both_directions_are_one_flow(void **state)
{
	(void)state;
	static const uint8_t protos[] = { 6, 17, 99 };
	for (unsigned i = 0; i < 6; i++) {
		struct fixture *x = begin(16);
		bool fresh;
		struct sl_packet p = packet(protos[i % 3], 1000, 53, SECOND);
		if (i >= 3)
			p = reply(p); /* the larger address speaks first */
		struct sl_flow *f = get(x, &p, &fresh);
		assert_true(fresh);
		struct sl_packet r = reply(p);
		r.time = 2 * SECOND;
		r.len = 40;
		r.vlans = 1; /* tags may differ by direction */
		assert_ptr_equal(get(x, &r, &fresh), f);
		assert_false(fresh);
		struct sl_flow_view v;
		sl_flow_view(f, &v);
		assert_memory_equal(v.src.bytes, p.src.bytes, 16);
		assert_int_equal(v.sport, p.sport);
		assert_int_equal(v.dport, p.dport);
		assert_int_equal(v.seen, SL_SEEN_TO_SERVER | SL_SEEN_TO_CLIENT);
		assert_int_equal(v.packets[0], 1);
		assert_int_equal(v.bytes[0], 100);
		assert_int_equal(v.bytes[1], 40);
		assert_int_equal(v.start, SECOND);
		assert_int_equal(v.last, 2 * SECOND);
		assert_int_equal(v.vlans, 0);
		assert_string_equal(sl_flow_state_text(f), "established");
		end(x);
	}
}

static void what_is_another_flow(void **state)
{
	(void)state;
	struct fixture *x = begin(16);
	struct sl_packet p[6];
	for (unsigned i = 0; i < 6; i++)
		p[i] = packet(17, 1000, 53, SECOND);
	p[1].sport++;
	p[2].dport++;
	p[3].proto = 6;
	p[4].src.bytes[3]++;
	p[5].src.family = p[5].dst.family = 6;
	for (unsigned i = 0; i < 6; i++) {
		bool fresh;
		get(x, &p[i], &fresh);
		assert_true(fresh);
		get(x, &p[i], &fresh);
		assert_false(fresh);
	}
	end(x);
}

static void icmp_echo_and_reply(void **state)
{
	(void)state;
	struct fixture *x = begin(16);
	bool fresh;
	struct sl_packet echo = packet(1, 8, 0, SECOND), answer = reply(echo), error = echo;
	answer.sport = answer.dport = 0;
	error.sport = 3;
	error.dport = 1;
	struct sl_flow *f = get(x, &echo, &fresh);
	assert_ptr_equal(get(x, &answer, &fresh), f);
	assert_false(fresh);
	assert_ptr_not_equal(get(x, &error, &fresh), f);
	struct sl_flow_view v;
	sl_flow_view(f, &v);
	assert_int_equal(v.sport, 8);
	assert_int_equal(v.dport, 0);
	end(x);
}

static void a_pause_splits(void **state)
{
	(void)state;
	static const struct {
		uint8_t proto;
		bool answered;
		unsigned seconds;
	} cases[] = { { 17, false, 60 }, { 17, true, 300 }, { 6, false, 120 }, { 6, true, 3600 } };
	for (unsigned i = 0; i < 4; i++) {
		struct fixture *x = begin(16);
		bool fresh;
		struct sl_packet p = packet(cases[i].proto, 1000, 53, 10 * SECOND), r = reply(p);
		get(x, &p, &fresh);
		if (cases[i].answered)
			get(x, &r, &fresh);
		p.time += cases[i].seconds * SECOND;
		get(x, &p, &fresh);
		assert_false(fresh);
		assert_int_equal(x->ends, 0);
		p.time += cases[i].seconds * SECOND + 1;
		get(x, &p, &fresh);
		assert_true(fresh);
		assert_int_equal(x->ended[SL_END_TIMEOUT], 1);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FLOWS_TIMED_OUT), 1);
		end(x);
	}
}

static void time_that_goes_back(void **state)
{
	(void)state;
	struct fixture *x = begin(16);
	bool fresh;
	struct sl_packet p = packet(17, 1, 2, 1000 * SECOND);
	struct sl_flow *f = get(x, &p, &fresh);
	p.time = SECOND;
	assert_ptr_equal(get(x, &p, &fresh), f);
	assert_int_equal(f->last, 1000 * SECOND);
	sl_flow_expire(x->t, SECOND);
	assert_int_equal(x->ends, 0);
	end(x);
}

static void syn_begins_a_closed_flow_anew(void **state)
{
	(void)state;
	struct fixture *x = begin(16);
	bool fresh;
	struct sl_packet p = packet(6, 1000, 80, SECOND);
	p.tcp_flags = SL_TCP_SYN;
	struct sl_flow *f = get(x, &p, &fresh);
	get(x, &p, &fresh);
	assert_false(fresh); /* a SYN again on an open flow is the same one */
	f->side[0].flags = f->side[1].flags = SL_SIDE_STARTED | SL_SIDE_ENDED;
	sl_flow_restate(x->t, f);
	assert_string_equal(sl_flow_state_text(f), "closed");
	p.tcp_flags = SL_TCP_ACK;
	get(x, &p, &fresh);
	assert_false(fresh); /* the last acknowledgement */
	p.tcp_flags = SL_TCP_SYN | SL_TCP_ACK;
	get(x, &p, &fresh);
	assert_false(fresh);
	p.tcp_flags = SL_TCP_SYN;
	get(x, &p, &fresh);
	assert_true(fresh);
	assert_int_equal(x->ended[SL_END_REPLACED], 1);
	end(x);
}

/* The state is looked at as it is, not as it was when the flow was last put into a list. */
static void syn_after_a_close_nobody_told_of(void **state)
{
	(void)state;
	struct fixture *x = begin(16);
	bool fresh;
	struct sl_packet p = packet(6, 1000, 80, SECOND);
	struct sl_flow *f = get(x, &p, &fresh);
	f->side[0].flags = f->side[1].flags = SL_SIDE_STARTED | SL_SIDE_ENDED;
	p.tcp_flags = SL_TCP_SYN;
	get(x, &p, &fresh);
	assert_true(fresh);
	end(x);
}

/* With only one direction to be seen, the end of that direction has to do. */
static void syn_after_the_senders_end(void **state)
{
	(void)state;
	struct fixture *x = begin(16);
	bool fresh;
	struct sl_packet p = packet(6, 1000, 80, SECOND);
	struct sl_flow_lookup lookup;
	sl_flow_prepare(x->t, &p, &lookup);
	struct sl_flow *f = get(x, &p, &fresh);
	f->side[lookup.side].flags = SL_SIDE_STARTED | SL_SIDE_ENDED;
	p.tcp_flags = SL_TCP_SYN;
	get(x, &p, &fresh);
	assert_true(fresh);
	assert_int_equal(x->ended[SL_END_REPLACED], 1);
	end(x);
}

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

static void first_proof_of_the_client_stays(void **state)
{
	(void)state;
	struct fixture *x = begin(10);
	bool fresh;
	struct sl_packet p = packet(6, 80, 1000, SECOND); /* the server speaks first */
	struct sl_flow_lookup lookup;
	sl_flow_prepare(x->t, &p, &lookup);
	struct sl_flow *f = get(x, &p, &fresh);
	assert_false(sl_flow_to_client(f, lookup.side));
	sl_flow_prove_client(f, lookup.side ^ 1u);
	assert_true(sl_flow_to_client(f, lookup.side));
	assert_int_equal(client_port(f), 1000);
	sl_flow_prove_client(f, lookup.side);
	assert_int_equal(client_port(f), 1000);
	struct sl_flow_view v;
	sl_flow_view(f, &v);
	assert_int_equal(v.packets[1], 1);
	assert_int_equal(v.seen, SL_SEEN_TO_CLIENT);
	end(x);
}

/* --- a hundred thousand packets beside a table that is too simple to be wrong --- */

enum { PORTS = 400, PACKETS = 100000 };

struct naive {
	uint64_t last, start, packets;
	uint8_t seen;
	bool alive;
};

static unsigned idle(const struct naive *n, bool tcp)
{
	return tcp ? (n->seen == 3 ? 3600 : 120) : (n->seen == 3 ? 300 : 60);
}

static void like_a_naive_table(void **state)
{
	(void)state;
	static struct naive naive[PORTS];
	struct fixture *x = begin(PORTS);
	uint64_t seed = 99, now = SECOND;
	unsigned ends = 0;
	for (unsigned i = 0; i < PACKETS; i++) {
		uint16_t port = (uint16_t)(wire_random(&seed) % PORTS);
		bool tcp = port % 2, answer = wire_random(&seed) % 4 == 0, fresh;
		now += wire_random(&seed) % (SECOND / 2) * (wire_random(&seed) % 50 == 0 ? 60 : 1);
		struct sl_packet p = packet(tcp ? 6 : 17, (uint16_t)(port + 1), 60000, now);
		if (answer)
			p = reply(p);
		struct naive *n = &naive[port];
		bool late = n->alive && now - n->last > idle(n, tcp) * SECOND;
		struct sl_flow *f = get(x, &p, &fresh);
		assert_int_equal(fresh, late || !n->alive);
		ends += late;
		if (fresh)
			*n = (struct naive){ .start = now, .alive = true };
		n->last = now;
		n->packets++;
		n->seen |= answer ? 2 : 1;
		assert_int_equal(f->start, n->start);
		assert_int_equal(f->packets[0] + f->packets[1], n->packets);
		assert_int_equal(x->ends, ends);
	}
	assert_true(ends > 1000);
	end(x);
}

/* Many more flows than there is room: never more than that alive, each ended once. */
static void random_flows_in_a_small_table(void **state)
{
	(void)state;
	struct fixture *x = begin(97);
	uint64_t seed = 3, now = SECOND;
	for (unsigned i = 0; i < PACKETS; i++) {
		bool fresh;
		now += wire_random(&seed) % SECOND;
		struct sl_packet p =
			packet(i % 3 ? 17 : 6, (uint16_t)(wire_random(&seed) % 1000), 53, now);
		p.src.bytes[3] = (uint8_t)(wire_random(&seed) % 4);
		if (wire_random(&seed) % 2)
			p = reply(p);
		struct sl_flow *f = get(x, &p, &fresh);
		if (p.proto == 6 && i % 7 == 0) {
			f->reset = 1;
			sl_flow_restate(x->t, f);
		}
		if (i % 64 == 0)
			sl_flow_expire(x->t, now);
		assert_true(sl_counter_get(&x->counters, SL_COUNT_FLOWS) - x->ends <= 97);
	}
	assert_true(x->ended[SL_END_EVICTED] > 1000 && x->ended[SL_END_TIMEOUT] > 100);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_one_flow),
		cmocka_unit_test(what_is_another_flow),
		cmocka_unit_test(icmp_echo_and_reply),
		cmocka_unit_test(a_pause_splits),
		cmocka_unit_test(time_that_goes_back),
		cmocka_unit_test(syn_begins_a_closed_flow_anew),
		cmocka_unit_test(syn_after_a_close_nobody_told_of),
		cmocka_unit_test(syn_after_the_senders_end),
		cmocka_unit_test(the_least_valuable_goes_first),
		cmocka_unit_test(activity_is_worth_something),
		cmocka_unit_test(expiry_is_bounded),
		cmocka_unit_test(state_at_the_end),
		cmocka_unit_test(closed_flows_end_as_closed),
		cmocka_unit_test(first_proof_of_the_client_stays),
		cmocka_unit_test(like_a_naive_table),
		cmocka_unit_test(random_flows_in_a_small_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
