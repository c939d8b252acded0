/* TCP, UDP, ICMP, ICMPv6: every header field, every cut, checksums right, wrong and offloaded. */
#include "../wire.h"

static const struct sl_span none;

/* A datagram of that protocol with `n` payload bytes, over IPv4 or IPv6. Returns where IP lies. */
static struct ip_at make(struct wire *w, unsigned version, unsigned proto, size_t n)
{
	w->n = 0;
	struct ip_at ip = version == 4 ? wire_ipv4(w, proto, wire_a4, wire_b4, none)
				       : wire_ipv6(w, proto, proto, wire_a6, wire_b6, none);
	if (proto == 6)
		wire_tcp(w, 0xabcd, 443, 0xfffefdfc, SL_TCP_SYN | SL_TCP_ACK);
	else if (proto == 17)
		wire_udp(w, 0xabcd, 443);
	else
		wire_hex(w, proto == 1 ? "08 00 0000 1234 0001" : "80 00 0000 1234 0001");
	for (size_t i = 0; i < n; i++)
		wire_u8(w, (unsigned)(i * 7 + 1));
	wire_finish(w, ip);
	return ip;
}

static const struct {
	unsigned version, proto;
	size_t header, field; /* bytes; where the checksum stands */
	const char *layers, *cut;
} kinds[] = {
	{ 4, 6, 20, 16, "raw ipv4 tcp", "cut in the TCP header" },
	{ 6, 6, 20, 16, "raw ipv6 tcp", "cut in the TCP header" },
	{ 4, 17, 8, 6, "raw ipv4 udp", "cut in the UDP header" },
	{ 6, 17, 8, 6, "raw ipv6 udp", "cut in the UDP header" },
	{ 4, 1, 8, 2, "raw ipv4 icmp", "cut in the ICMP header" },
	{ 6, 58, 8, 2, "raw ipv6 icmpv6", "cut in the ICMP header" },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void headers(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct wire w;
		make(&w, kinds[k].version, kinds[k].proto, 11);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_layers(&d.p, kinds[k].layers);
		assert_int_equal(d.p.proto, kinds[k].proto);
		assert_int_equal(d.p.payload.len, 11);
		assert_int_equal(d.payload_at, w.n - 11);
		if (kinds[k].proto == 1 || kinds[k].proto == 58) {
			assert_false(d.p.has_ports);
			assert_int_equal(d.p.sport, kinds[k].proto == 1 ? 8 : 128);
			assert_int_equal(d.p.dport, 0);
		} else {
			assert_true(d.p.has_ports);
			assert_int_equal(d.p.sport, 0xabcd);
			assert_int_equal(d.p.dport, 443);
		}
		if (kinds[k].proto == 6) {
			assert_int_equal(d.p.seq, 0xfffefdfc);
			assert_int_equal(d.p.tcp_flags, SL_TCP_SYN | SL_TCP_ACK);
		}
	}
}

static void every_truncation(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct wire w;
		struct ip_at ip = make(&w, kinds[k].version, kinds[k].proto, 9);
		for (size_t n = 0; n < w.n; n++) {
			struct decoded d = wire_decode(&w, n, LINK_RAW, true);
			if (n >= ip.transport + kinds[k].header) {
				/* headers are whole: what there is of the payload is used */
				assert_verdict(&d.p, SL_VERDICT_OK, NULL);
				assert_int_equal(d.p.payload.len,
						 n - ip.transport - kinds[k].header);
				continue;
			}
			assert_int_equal(d.p.verdict, SL_VERDICT_TRUNCATED);
			assert_int_equal(d.p.payload.len, 0);
			assert_int_equal(d.p.src.family, n < ip.transport ? 0 : kinds[k].version);
			if (n >= ip.transport)
				assert_string_equal(d.p.reason, kinds[k].cut);
			if (n >= ip.transport + 4 &&
			    (kinds[k].proto == 6 || kinds[k].proto == 17)) {
				assert_true(d.p.has_ports);
				assert_int_equal(d.p.dport, 443);
			} else {
				assert_false(d.p.has_ports);
			}
		}
	}
}

/* Every bit of every datagram counts, for odd and even lengths, but not with the switch off. */
static void wrong_checksums(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t len = 0; len < 6; len++) {
			struct wire w;
			struct ip_at ip = make(&w, kinds[k].version, kinds[k].proto, len);
			assert_int_equal(wire_decode(&w, w.n, LINK_RAW, true).p.verdict,
					 SL_VERDICT_OK);
			w.at[w.n - 1] ^= 0x20;
			struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
			assert_verdict(&d.p, SL_VERDICT_MALFORMED, sl_reason_checksum);
			assert_ptr_equal(d.p.reason, sl_reason_checksum);
			assert_int_equal(d.p.payload.len, 0);
			d = wire_decode(&w, w.n, LINK_RAW, false);
			assert_verdict(&d.p, SL_VERDICT_OK, NULL);
			w.at[w.n - 1] ^= 0x20;
			w.at[ip.transport + kinds[k].field] ^= 0x01;
			d = wire_decode(&w, w.n, LINK_RAW, true);
			assert_verdict(&d.p, SL_VERDICT_MALFORMED, sl_reason_checksum);
		}
}

static void wrong_ipv4_header_checksum(void **state)
{
	(void)state;
	struct wire w;
	make(&w, 4, 17, 3);
	w.at[8] ^= 1; /* time to live */
	struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
	assert_ptr_equal(d.p.reason, sl_reason_checksum);
	assert_int_equal(d.p.verdict, SL_VERDICT_MALFORMED);
	assert_int_equal(wire_decode(&w, w.n, LINK_RAW, false).p.verdict, SL_VERDICT_OK);
}

/* The field holds the pseudo-header's sum when the network card was to finish it. */
static void offloaded_checksums(void **state)
{
	(void)state;
	for (size_t k = 0; k < 4; k++)
		for (size_t len = 0; len < 4; len++) {
			struct wire w;
			struct ip_at ip = make(&w, kinds[k].version, kinds[k].proto, len);
			uint32_t folded = wire_pseudo(&w, ip, w.n - ip.transport);
			folded = (folded & 0xffff) + (folded >> 16);
			wire_set16(&w, ip.transport + kinds[k].field, folded);
			struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
			assert_verdict(&d.p, SL_VERDICT_OK, NULL);
			assert_int_equal(d.p.payload.len, len);
			wire_set16(&w, ip.transport + kinds[k].field, folded + 1);
			d = wire_decode(&w, w.n, LINK_RAW, true);
			assert_verdict(&d.p, SL_VERDICT_MALFORMED, sl_reason_checksum);
		}
}

/* A segment that was not captured whole cannot be judged. */
static void cut_segments_are_not_judged(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct wire w;
		make(&w, kinds[k].version, kinds[k].proto, 20);
		w.at[w.n - 10] ^= 1;
		assert_int_equal(wire_decode(&w, w.n, LINK_RAW, true).p.verdict,
				 SL_VERDICT_MALFORMED);
		struct decoded d = wire_decode(&w, w.n - 1, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.payload.len, 19);
	}
}

static void udp_without_checksum(void **state)
{
	(void)state;
	struct wire w;
	struct ip_at ip = make(&w, 4, 17, 5);
	wire_set16(&w, ip.transport + 6, 0);
	assert_int_equal(wire_decode(&w, w.n, LINK_RAW, true).p.verdict, SL_VERDICT_OK);
}

static void udp_lengths(void **state)
{
	(void)state;
	struct wire w;
	struct ip_at ip = make(&w, 4, 17, 5);
	static const struct {
		unsigned len;
		int payload; /* -1: malformed */
	} cases[] = {
		{ 0, 5 }, { 7, -1 }, { 8, 0 }, { 10, 2 }, { 13, 5 }, { 14, -1 }, { 65535, -1 }
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		wire_set16(&w, ip.transport + 4, cases[i].len);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, false);
		if (cases[i].payload < 0) {
			assert_verdict(&d.p, SL_VERDICT_MALFORMED, "UDP length is impossible");
			continue;
		}
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.payload.len, cases[i].payload);
	}
}

static void tcp_header_lengths(void **state)
{
	(void)state;
	struct wire w;
	struct ip_at ip = make(&w, 4, 6, 40);
	for (unsigned words = 0; words < 16; words++) {
		w.at[ip.transport + 12] = (uint8_t)(words << 4);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, false);
		if (words < 5) {
			assert_verdict(&d.p, SL_VERDICT_MALFORMED,
				       "TCP header length is impossible");
			continue;
		}
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.payload.len, 60 - words * 4);
		if (words > 5) {
			d = wire_decode(&w, ip.transport + words * 4 - 1, LINK_RAW, false);
			assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the TCP options");
		}
	}
}

/* RFC 3828 and RFC 9260: ports, then what is not looked into. */
static void udplite_and_sctp(void **state)
{
	(void)state;
	static const struct {
		unsigned proto;
		size_t header;
		const char *bytes, *name, *cut;
	} cases[] = {
		{ 136, 8, "0fa0 0035 0008 abcd", "udplite", "cut in the UDP-Lite header" },
		{ 132, 12, "0fa0 0035 01020304 00000000", "sctp", "cut in the SCTP header" },
	};
	for (size_t i = 0; i < 4; i++) {
		struct wire w = { .n = 0 };
		unsigned proto = cases[i / 2].proto;
		struct ip_at ip = i % 2 ? wire_ipv6(&w, proto, proto, wire_a6, wire_b6, none)
					: wire_ipv4(&w, proto, wire_a4, wire_b4, none);
		wire_hex(&w, cases[i / 2].bytes);
		wire_text(&w, "chunks");
		wire_finish(&w, ip);
		char layers[32];
		snprintf(layers, sizeof layers, "raw ipv%c %s", i % 2 ? '6' : '4',
			 cases[i / 2].name);
		for (size_t n = ip.transport; n <= w.n; n++) {
			struct decoded d = wire_decode(&w, n, LINK_RAW, true);
			size_t have = n - ip.transport;
			assert_layers(&d.p, layers);
			assert_int_equal(d.p.proto, proto);
			assert_int_equal(d.p.has_ports, have >= 4);
			if (have >= 4)
				assert_int_equal(d.p.sport * 65536 + d.p.dport, 4000 * 65536 + 53);
			if (have < cases[i / 2].header) {
				assert_verdict(&d.p, SL_VERDICT_TRUNCATED, cases[i / 2].cut);
				continue;
			}
			assert_verdict(&d.p, SL_VERDICT_OK, NULL);
			assert_int_equal(d.p.payload.len, have - cases[i / 2].header);
		}
	}
}

/* RFC 7323, section 3.2, wherever it stands among the options, and options that lie. */
static void tcp_stamps(void **state)
{
	(void)state;
	static const struct {
		const char *options; /* twelve bytes, or sixteen */
		bool has;
	} cases[] = {
		{ "01 01 08 0a 11223344 00000000", true },
		{ "08 0a 11223344 00000000 01 01", true },
		{ "02 04 05b4 08 0a 11223344 00000000 01 01", true },
		{ "00 01 08 0a 11223344 00000000", false }, /* behind the end */
		{ "01 01 08 09 11223344 00000000", false },
		{ "01 01 05 00 08 0a 1122 3344 0000", false }, /* length zero */
		{ "01 01 05 ff 08 0a 1122 3344 0000", false },
		{ "01 01 01 01 01 01 01 01 01 01 08 0a", false },
		{ "01 01 01 01 01 01 01 01 01 01 01 08", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire w = { .n = 0 };
		struct ip_at ip = wire_ipv4(&w, 6, wire_a4, wire_b4, none);
		wire_tcp(&w, 1, 2, 3, SL_TCP_ACK);
		wire_hex(&w, cases[i].options);
		w.at[ip.transport + 12] = (uint8_t)((w.n - ip.transport) / 4 << 4);
		wire_finish(&w, ip);
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.has_stamp, cases[i].has);
		if (cases[i].has)
			assert_int_equal(d.p.stamp, 0x11223344);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(wrong_checksums),
		cmocka_unit_test(wrong_ipv4_header_checksum),
		cmocka_unit_test(offloaded_checksums),
		cmocka_unit_test(cut_segments_are_not_judged),
		cmocka_unit_test(udp_without_checksum),
		cmocka_unit_test(udp_lengths),
		cmocka_unit_test(tcp_header_lengths),
		cmocka_unit_test(udplite_and_sctp),
		cmocka_unit_test(tcp_stamps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
