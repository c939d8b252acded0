/* ICMP and ICMPv6 errors: the packet that they quote is found, and is not taken for their own. */
#include "../wire.h"

static const struct sl_span none = { NULL, 0 };

/* What is quoted: its IP header with `fields` at flags and offset (IPv4) or `extensions` (IPv6),
 * and the first bytes of its transport. */
struct quote {
	unsigned version, proto;
	unsigned fields;
	const char *extensions, *transport;
};

static void put_quote(struct wire *w, const struct quote *q)
{
	if (q->version == 4) {
		struct wire options = { .n = 0 };
		wire_hex(&options, q->extensions);
		size_t at = w->n;
		wire_ipv4(w, q->proto, wire_b4, wire_a4, sl_span_of(options.at, options.n));
		wire_set16(w, at + 2, 1500); /* as it was sent: longer than what is quoted */
		wire_set16(w, at + 6, q->fields);
	} else {
		struct wire ext = { .n = 0 };
		wire_hex(&ext, q->extensions);
		size_t at = w->n;
		wire_ipv6(w, q->fields, q->proto, wire_b6, wire_a6, sl_span_of(ext.at, ext.n));
		wire_set16(w, at + 4, 1400);
	}
	wire_hex(w, q->transport);
}

static size_t make(struct wire *w, unsigned type, unsigned code, const struct quote *q)
{
	w->n = 0;
	struct ip_at ip = q->version == 4 ? wire_ipv4(w, 1, wire_a4, wire_b4, none)
					  : wire_ipv6(w, 58, 58, wire_a6, wire_b6, none);
	wire_u8(w, type);
	wire_u8(w, code);
	wire_hex(w, "0000 00000000");
	put_quote(w, q);
	wire_finish(w, ip);
	return ip.transport + 8;
}

/* Its own addresses, type and code stay; the quoted packet's go the other way. */
static void expect_outer(const struct decoded *d, unsigned version, unsigned type, unsigned code,
			 size_t at)
{
	assert_verdict(&d->p, SL_VERDICT_OK, NULL);
	assert_layers(&d->p, version == 4 ? "raw ipv4 icmp" : "raw ipv6 icmpv6");
	assert_false(d->p.has_ports);
	assert_int_equal(d->p.sport, type);
	assert_int_equal(d->p.dport, code);
	assert_int_equal(d->p.tunnels, 0);
	assert_memory_equal(d->p.src.bytes, version == 4 ? wire_a4 : wire_a6,
			    version == 4 ? 4 : 16);
	assert_int_equal(d->payload_at, at);
}

static void expect_quoted(const struct sl_packet *p, unsigned version, unsigned proto,
			  unsigned sport, unsigned dport)
{
	size_t len = version == 4 ? 4 : 16;
	assert_true(p->has_quoted);
	assert_int_equal(p->quoted.src.family, version);
	assert_memory_equal(p->quoted.src.bytes, version == 4 ? wire_b4 : wire_b6, len);
	assert_memory_equal(p->quoted.dst.bytes, version == 4 ? wire_a4 : wire_a6, len);
	assert_int_equal(p->quoted.proto, proto);
	assert_int_equal(p->quoted.sport, sport);
	assert_int_equal(p->quoted.dport, dport);
}

static const struct quote udp4 = { 4, 17, 0x4000, "", "0fa0 0035 05c8 0000" };
static const struct quote udp6 = { 6, 17, 17, "", "0fa0 0035 0578 0000" };

static void errors(void **state)
{
	(void)state;
	static const struct {
		unsigned version, type;
		bool error;
	} types[] = {
		{ 4, 3, true },    { 4, 4, true },    { 4, 5, true },    { 4, 11, true },
		{ 4, 12, true },   { 4, 0, false },   { 4, 8, false },   { 4, 13, false },
		{ 6, 1, true },    { 6, 2, true },    { 6, 3, true },    { 6, 4, true },
		{ 6, 128, false }, { 6, 129, false }, { 6, 135, false }, { 6, 143, false },
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		static struct wire w;
		unsigned version = types[i].version;
		size_t at = make(&w, types[i].type, 1, version == 4 ? &udp4 : &udp6);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		expect_outer(&d, version, types[i].type, 1, at);
		assert_int_equal(d.p.has_quoted, types[i].error);
		if (types[i].error)
			expect_quoted(&d.p, version, 17, 4000, 53);
	}
}

/* An error goes to the worker of the flow that it is about. */
static void the_quoted_pairs_worker(void **state)
{
	(void)state;
	static struct wire w;
	make(&w, 3, 1, &udp4);
	struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
	memset(d.p.src.bytes, 9, 4); /* a router on the way */
	struct sl_packet flow = { .src = d.p.quoted.dst, .dst = d.p.quoted.src };
	assert_int_equal(sl_packet_pair_hash(&d.p), sl_packet_pair_hash(&flow));
}

/* Options and extension headers stand before the ports; another transport's first bytes are taken
 * too. */
static void headers_before_the_ports(void **state)
{
	(void)state;
	static const struct {
		struct quote q;
		unsigned proto;
	} cases[] = {
		{ { 4, 17, 0, "94040000 01010101", "0fa0 0035 0008 0000" }, 17 },
		{ { 4, 6, 0x4000, "", "0fa0 0035 11223344" }, 6 },
		{ { 6, 17, 0, "11 00 0104 00000000", "0fa0 0035 0008 0000" }, 17 },
		{ { 6, 6, 0, "3c 00 0104 00000000 06 01 0104 00000000 0000000000000000",
		    "0fa0 0035 11223344" },
		  6 },
		{ { 6, 17, 44, "11 00 0001 00000007", "0fa0 0035 0008 0000" },
		  17 }, /* first fragment */
		{ { 4, 17, 0x2000, "", "0fa0 0035 0008 0000" }, 17 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct wire w;
		unsigned version = cases[i].q.version, type = version == 4 ? 11 : 3;
		size_t at = make(&w, type, 0, &cases[i].q);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		expect_outer(&d, version, type, 0, at);
		expect_quoted(&d.p, version, cases[i].proto, 4000, 53);
	}
}

/* A later fragment has no ports: what stands there is data. */
static void later_fragments(void **state)
{
	(void)state;
	static const struct quote cases[] = {
		{ 4, 17, 0x20b9, "", "0fa0 0035 0008 0000" },
		{ 4, 17, 0x0001, "", "0fa0 0035 0008 0000" },
		{ 6, 17, 44, "11 00 05a9 00000007", "0fa0 0035 0008 0000" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct wire w;
		unsigned version = cases[i].version, type = version == 4 ? 3 : 1;
		size_t at = make(&w, type, 1, &cases[i]);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		expect_outer(&d, version, type, 1, at);
		expect_quoted(&d.p, version, 17, 0, 0);
	}
}

/* A quote that ends before the ports says nothing; one byte more and they are there. */
static void cut_quotes(void **state)
{
	(void)state;
	const struct quote *const quotes[] = { &udp4, &udp6 };
	for (size_t i = 0; i < 2; i++) {
		static struct wire w, shorter;
		unsigned version = quotes[i]->version, type = version == 4 ? 3 : 1;
		size_t at = make(&w, type, 1, quotes[i]), ports = at + (version == 4 ? 20 : 40);
		for (size_t n = at; n <= w.n; n++) {
			shorter.n = 0;
			wire_put(&shorter, w.at, n);
			struct ip_at ip = { 0, at - 8, version, version == 4 ? 1 : 58 };
			wire_finish(&shorter, ip);
			struct decoded d = wire_decode(&shorter, n, LINK_RAW, true);
			assert_verdict(&d.p, SL_VERDICT_OK, NULL);
			assert_int_equal(d.p.has_quoted, n >= ports + 4);
			assert_int_equal(d.p.payload.len, n - at);
			assert_false(d.p.has_ports);
		}
	}
}

static void quotes_that_lie(void **state)
{
	(void)state;
	static struct wire w;
	size_t at = make(&w, 3, 1, &udp4);
	for (unsigned first = 0; first < 256; first++) {
		w.at[at] = (uint8_t)first;
		wire_finish(&w, (struct ip_at){ 0, at - 8, 4, 1 });
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		/* of another version, or shorter or longer than can be */
		assert_int_equal(d.p.has_quoted, first == 0x45 || first == 0x46);
	}
	/* extension headers without end */
	static const struct quote endless = {
		6, 17, 0, "",
		"0000 0104 00000000 0000 0104 00000000 "
		"0000 0104 00000000 0000 0104 00000000 0000 0104 00000000 0000 0104 00000000"
	};
	make(&w, 1, 1, &endless);
	assert_false(wire_decode(&w, w.n, LINK_RAW, true).p.has_quoted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),
		cmocka_unit_test(the_quoted_pairs_worker),
		cmocka_unit_test(headers_before_the_ports),
		cmocka_unit_test(later_fragments),
		cmocka_unit_test(cut_quotes),
		cmocka_unit_test(quotes_that_lie),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
