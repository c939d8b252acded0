/* What is judged of a packet as such: its ends, its length, and indicators that hold for packets. */
#include "fixture.h"

#define IND(id, more, list) "{\"id\": \"" id "\", " more "\"match\": [" list "]}"
#define COND(field, what)   "{\"field\": \"" field "\", " what "}"

static void packet(struct fixture *x, struct sl_flow *f, unsigned side, size_t payload, uint32_t nth)
{
	struct sl_sighting *at = fixture_sight(x, f);
	at->flow.packets[side] = nth;
	at->payload = (uint32_t)payload + 1;
	sl_detect_packet(x->detect, at, f, side);
}

static void lengths(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[" IND("x", "\"scope\": \"packet\", ", COND("payload", "\"length\": {\"min\": 5, \"max\": 6}")) ","
					IND("zero", "\"scope\": \"packet\", ", COND("payload", "\"length\": 0")) ","
					IND("both", "\"scope\": \"packet\", ", COND("payload", "\"length\": 5") ","
					COND("payload", "\"contains\": \"abc\"")) "]");
	static const struct {
		size_t n;
		const char *ids;
	} cases[] = { { 4, "" }, { 5, "x " }, { 6, "x " }, { 7, "" }, { 0, "zero " } };
	for (unsigned proto = 6; proto <= 17; proto += 11)
		for (unsigned i = 0; i < 5; i++) {
			struct sl_flow *f = fixture_pair(x, (uint8_t)proto, 1);
			sl_detect_flush(x->detect);
			x->matches = 0; /* its first packet is empty */
			packet(x, f, 0, cases[i].n, 2);
			fixture_expect(x, cases[i].ids);
		}
	struct sl_flow *f = fixture_pair(x, 17, 3);
	sl_detect_flush(x->detect);
	x->matches = 0;
	struct sl_sighting *at = fixture_sight(x, f);
	at->payload = 5 + 1;
	sl_detect_packet(x->detect, at, f, 0);
	sl_detect_datagram(x->detect, at, f, 0, sl_span_str("_abc_"));
	fixture_expect(x, "x both ");
	at = fixture_sight(x, f);
	at->payload = 6 + 1;
	sl_detect_packet(x->detect, at, f, 0);
	sl_detect_datagram(x->detect, at, f, 0, sl_span_str("_abc__"));
	fixture_expect(x, "x ");
	fixture_free(x);
}

/* Ranges that lie in each other: each packet finds its own. */
static void ranges(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(
		"[" IND("wide", "\"scope\": \"flow\", ", COND("payload", "\"length\": {\"min\": 1, \"max\": 100}")) ","
		IND("in", "\"scope\": \"flow\", ", COND("payload", "\"length\": {\"min\": 10, \"max\": 20}")) ","
		IND("one", "\"scope\": \"flow\", ", COND("payload", "\"length\": 12")) ","
		IND("open", "\"scope\": \"flow\", ", COND("payload", "\"length\": {\"min\": 90}")) "]");
	static const struct {
		size_t n;
		const char *ids;
	} cases[] = { { 9, "wide " }, { 10, "in wide " }, { 12, "one in wide " }, { 13, "in wide " },
		      { 20, "in wide " }, { 21, "wide " }, { 90, "open wide " }, { 100, "open wide " }, { 101, "open " } };
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sl_flow *f = fixture_pair(x, 17, i + 1);
		packet(x, f, 0, cases[i].n, 2);
		fixture_expect(x, cases[i].ids);
	}
	fixture_free(x);
}

/* "in" on addresses: of the packet's own direction, and of answers. */
static void lists_of_addresses(void **state)
{
	(void)state;
	char list[] = "/tmp/selat-list-XXXXXX", *name = list + 5, pack[1024];
	FILE *f = fdopen(mkstemp(list), "w");
	assert_non_null(f);
	fputs("# a comment\n192.0.2.0/24\n\n2001:db8::/32\n", f);
	fclose(f);
	snprintf(pack, sizeof pack, "[" IND("src", "", COND("ip.src", "\"in\": \"%s\"")) ","
		 IND("dst", "", COND("ip.dst", "\"in\": \"%s\"")) ","
		 IND("answer", "", COND("dns.answer", "\"in\": \"%s\"")) ","
		 IND("not", "\"scope\": \"flow\", ", COND("ip.dst", "\"in\": \"%s\", \"not\": true")) "]", name, name, name, name);
	struct fixture *x = fixture_new(pack);
	unlink(list);
	struct sl_flow *flow = fixture_flow(x, 6, "10.0.0.1", 1, "192.0.2.7", 2);
	fixture_expect(x, "dst ");
	packet(x, flow, 1, 0, 1); /* the server's first: it is the source */
	fixture_expect(x, "src ");
	packet(x, flow, 1, 0, 2);
	fixture_expect(x, "");
	sl_flow_end_all(x->flows);
	fixture_expect(x, "");
	fixture_flow(x, 6, "10.0.0.1", 1, "192.0.3.7", 2);
	fixture_expect(x, "");
	sl_flow_end_all(x->flows);
	fixture_expect(x, "not ");
	fixture_value_expect(x, SL_FIELD_DNS_ANSWER, "2001:db8::5", "answer dst ");
	fixture_free(x);
}

static void method_seen(struct fixture *x, struct sl_flow *f)
{
	struct sl_value v = { SL_FIELD_HTTP_METHOD, sl_span_str("GET") };
	sl_detect_transaction(x->detect, fixture_sight(x, f), f, 0, 1, &v, 1);
}

/* With a direction an address is that of packets that go that way, once the ends are known. */
static void addresses_of_a_direction(void **state)
{
	(void)state;
	char list[] = "/tmp/selat-list-XXXXXX", *name = list + 5, pack[1024];
	FILE *f = fdopen(mkstemp(list), "w");
	assert_non_null(f);
	fputs("192.0.2.0/24\n", f);
	fclose(f);
	snprintf(pack, sizeof pack, "[" IND("src", "\"where\": {\"direction\": \"to_server\"}, ",
		 COND("ip.src", "\"in\": \"%s\"") "," COND("http.method", "\"equals\": \"GET\"")) ","
		 IND("dst", "\"where\": {\"direction\": \"to_server\"}, ",
		 COND("ip.dst", "\"in\": \"%s\"") "," COND("http.method", "\"equals\": \"GET\"")) "]", name, name);
	struct fixture *x = fixture_new(pack);
	unlink(list);
	struct sl_flow *flow = fixture_flow(x, 6, "10.0.0.1", 1, "192.0.2.7", 2);
	sl_flow_prove_client(flow, flow->client);
	packet(x, flow, !flow->client, 0, 1);
	method_seen(x, flow);
	fixture_expect(x, "dst ");
	flow = fixture_flow(x, 6, "10.0.0.2", 1, "192.0.2.7", 2);
	packet(x, flow, !flow->client, 0, 1); /* picked up in its middle: who knows */
	method_seen(x, flow);
	fixture_expect(x, "src dst ");
	fixture_free(x);
}

static void for_every_packet(void **state)
{
	(void)state;
	struct fixture *x = fixture_new("[{\"id\": \"fin\", \"match\": [], \"where\": {\"tcp_flags\": {\"set\": \"F\"}, "
					"\"packet\": true}}]");
	struct sl_flow *f = fixture_pair(x, 6, 1);
	packet(x, f, 0, 0, 2);
	fixture_expect(x, "");
	x->tcp_flags = 1;
	packet(x, f, 0, 0, 3);
	packet(x, f, 0, 0, 4);
	fixture_expect(x, "fin "); /* once a flow */
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(ranges),
		cmocka_unit_test(lists_of_addresses),
		cmocka_unit_test(addresses_of_a_direction),
		cmocka_unit_test(for_every_packet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
