/* The flow table: who belongs to whom, pauses, ports used again, and a naive table beside it. */
#include "table.h"

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
		cmocka_unit_test(first_proof_of_the_client_stays),
		cmocka_unit_test(like_a_naive_table),
		cmocka_unit_test(random_flows_in_a_small_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
