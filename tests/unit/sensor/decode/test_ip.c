/* IPv4 and IPv6: options, extension headers, fragments, padding, lengths that lie. */
#include "../wire.h"

static const struct sl_span none;

static struct decoded decode_all(const struct wire *w)
{
	return wire_decode(w, w->n, LINK_RAW, true);
}

static void ipv4_options(void **state)
{
	(void)state;
	static const uint8_t options[40] = { 1, 1, 1, 7, 3, 4 };
	for (size_t len = 0; len <= 40; len += 4) {
		struct wire w = { .n = 0 };
		struct ip_at ip = wire_ipv4(&w, 17, wire_a4, wire_b4, sl_span_of(options, len));
		wire_udp(&w, 1, 2);
		wire_text(&w, "abc");
		wire_finish(&w, ip);
		struct decoded d = decode_all(&w);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_memory_equal(d.p.src.bytes, wire_a4, 4);
		assert_memory_equal(d.p.dst.bytes, wire_b4, 4);
		assert_int_equal(d.p.payload.len, 3);
		for (size_t n = 20; n < 20 + len; n++) {
			d = wire_decode(&w, n, LINK_RAW, true);
			assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the IPv4 options");
			assert_int_equal(d.p.src.family, 4); /* what was decoded stays */
		}
	}
}

static void ipv4_lengths_that_lie(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct ip_at ip = wire_ipv4(&w, 17, wire_a4, wire_b4, none);
	wire_udp(&w, 1, 2);
	wire_finish(&w, ip);
	struct wire bad = w;
	bad.at[0] = 0x44;
	struct decoded d = wire_decode(&bad, bad.n, LINK_RAW, false);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "IPv4 header length is impossible");
	bad = w;
	wire_set16(&bad, 2, 19);
	d = wire_decode(&bad, bad.n, LINK_RAW, false);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "IPv4 header length is impossible");
	bad.n = 0;
	wire_eth(&bad, 0x0800);
	wire_put(&bad, w.at, w.n);
	bad.at[14] = 0x65;
	d = wire_decode(&bad, bad.n, LINK_ETHERNET, false);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "IPv4 version is not 4");
}

/* A packet that came whole and shorter than it says is read by nobody; one that the capture cut is used as
 * far as it goes. */
static void longer_than_what_came(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct wire w = { .n = 0 };
		struct ip_at ip = version == 4 ? wire_ipv4(&w, 6, wire_a4, wire_b4, none) :
						 wire_ipv6(&w, 6, 6, wire_a6, wire_b6, none);
		wire_tcp(&w, 40000, 443, 1, SL_TCP_ACK);
		wire_text(&w, "abcdef");
		wire_finish(&w, ip);
		struct decoded d = wire_decode(&w, w.n - 1, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.payload.len, 5);
		w.n--;
		d = decode_all(&w);
		assert_verdict(&d.p, SL_VERDICT_MALFORMED, "IP length is longer than the packet");
		assert_int_equal(d.p.src.family, version);
		assert_true(d.p.has_ports);
		assert_int_equal(d.p.dport, 443);
		d = wire_decode(&w, w.n, LINK_RAW, false);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.payload.len, 5);
	}
}

/* That stays the reason, whatever else is found to be missing of it. */
static void longer_and_not_all_there(void **state)
{
	(void)state;
	static const char reason[] = "IP length is longer than the packet";
	for (unsigned fragment = 0; fragment < 2; fragment++) {
		struct wire w = { .n = 0 };
		struct ip_at ip = wire_ipv4(&w, 6, wire_a4, wire_b4, none);
		wire_tcp(&w, 40000, 443, 1, SL_TCP_ACK);
		if (fragment)
			wire_set16(&w, 6, 0x2000);
		wire_finish(&w, ip);
		struct decoded d = wire_decode(&w, w.n - 8, LINK_RAW, true);
		assert_int_equal(d.p.verdict, SL_VERDICT_TRUNCATED);
		w.n -= 8;
		d = decode_all(&w);
		assert_verdict(&d.p, SL_VERDICT_MALFORMED, reason);
	}
}

/* A frame is at least 60 bytes long on Ethernet: what lies behind the datagram is not part of it.
 */
static void padding_is_no_payload(void **state)
{
	(void)state;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct wire w = { .n = 0 };
		wire_eth(&w, version == 4 ? 0x0800 : 0x86dd);
		struct ip_at ip = version == 4 ? wire_ipv4(&w, 17, wire_a4, wire_b4, none)
					       : wire_ipv6(&w, 17, 17, wire_a6, wire_b6, none);
		wire_udp(&w, 1, 2);
		wire_text(&w, "xy");
		wire_finish(&w, ip);
		wire_text(&w, "PADDINGPADDING");
		struct decoded d = wire_decode(&w, w.n, LINK_ETHERNET, true);
		assert_verdict(&d.p, SL_VERDICT_OK, NULL);
		assert_int_equal(d.p.payload.len, 2);
	}
}

/* The same where the datagram has nothing behind its IP header. */
static void padding_behind_an_empty_datagram(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_eth(&w, 0x0800);
	struct ip_at ip = wire_ipv4(&w, 99, wire_a4, wire_b4, none);
	wire_finish(&w, ip);
	wire_text(&w, "PADDINGPADDINGPADDINGPADDI");
	struct decoded d = wire_decode(&w, w.n, LINK_ETHERNET, true);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.payload.len, 0);

	w.at[14 + 9] = 6; /* TCP, without a TCP header */
	d = wire_decode(&w, w.n, LINK_ETHERNET, false);
	assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the TCP header");
}

/* Segmentation offload leaves the length zero: everything there is belongs to the datagram. */
static void length_zero_takes_all(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	wire_ipv4(&w, 6, wire_a4, wire_b4, none);
	wire_tcp(&w, 1, 2, 7, SL_TCP_ACK);
	wire_text(&w, "large");
	struct decoded d = wire_decode(&w, w.n, LINK_RAW, false);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.payload.len, 5);
}

static void ipv4_fragments(void **state)
{
	(void)state;
	static const struct {
		unsigned field;
		enum sl_verdict verdict;
	} cases[] = { { 0x2000, SL_VERDICT_FRAGMENT }, { 0x0001, SL_VERDICT_FRAGMENT },
		      { 0x3fff, SL_VERDICT_FRAGMENT }, { 0x4000, SL_VERDICT_OK },
		      { 0x8000, SL_VERDICT_OK },       { 0x0000, SL_VERDICT_OK } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire w = { .n = 0 };
		struct ip_at ip = wire_ipv4(&w, 17, wire_a4, wire_b4, none);
		wire_udp(&w, 1, 2);
		wire_set16(&w, 6, cases[i].field);
		wire_finish(&w, ip);
		struct decoded d = decode_all(&w);
		assert_int_equal(d.p.verdict, cases[i].verdict);
		assert_int_equal(d.p.proto, 17);
		assert_int_equal(d.p.src.family, 4);
		assert_int_equal(d.p.has_ports, cases[i].verdict == SL_VERDICT_OK);
	}
}

static struct decoded with_extensions(unsigned first, const char *hex, size_t cut)
{
	struct wire ext = { .n = 0 }, w = { .n = 0 };
	wire_hex(&ext, hex);
	struct ip_at ip = wire_ipv6(&w, first, 17, wire_a6, wire_b6, sl_span_of(ext.at, ext.n));
	wire_udp(&w, 1, 2);
	wire_text(&w, "abc");
	wire_finish(&w, ip);
	return wire_decode(&w, cut ? 40 + cut : w.n, LINK_RAW, true);
}

static void ipv6_extension_headers(void **state)
{
	(void)state;
	static const char hop[] = "11 00 0104 00000000";
	static const char chain[] =
		"2b 00 0104 00000000" /* hop by hop, then routing */
		"3c 02 0000 00000000 0000000000000000 0000000000000000" /* then destination */
		"11 00 0104 00000000";
	struct decoded d = with_extensions(0, hop, 0);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.payload.len, 3);
	assert_int_equal(d.p.proto, 17);
	d = with_extensions(0, chain, 0);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL); /* so the checksum's length is right too */
	assert_int_equal(d.p.payload.len, 3);
	for (size_t n = 1; n < 40; n++) {
		d = with_extensions(0, chain, n);
		assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in an IPv6 extension header");
		assert_int_equal(d.p.src.family, 6);
	}
}

static void ipv6_fragments(void **state)
{
	(void)state;
	struct decoded d = with_extensions(44, "11 00 0000 deadbeef", 0);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL); /* atomic: a whole datagram */
	assert_int_equal(d.p.payload.len, 3);
	d = with_extensions(44, "11 00 0006 deadbeef", 0); /* reserved bits say nothing */
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	d = with_extensions(44, "11 00 0001 deadbeef", 0);
	assert_verdict(&d.p, SL_VERDICT_FRAGMENT, "IPv6 fragment");
	assert_int_equal(d.p.proto, 17);
	assert_false(d.p.has_ports);
	d = with_extensions(44, "11 00 0008 deadbeef", 0);
	assert_verdict(&d.p, SL_VERDICT_FRAGMENT, "IPv6 fragment");
	for (size_t n = 1; n < 8; n++) {
		d = with_extensions(44, "11 00 0001 deadbeef", n);
		assert_int_equal(d.p.verdict, SL_VERDICT_TRUNCATED);
	}
}

static void ipv6_extensions_without_end(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct wire ext = { .n = 0 };
	for (unsigned i = 0; i < 100; i++)
		wire_hex(&ext, "3c 00 0104 00000000");
	struct ip_at ip = wire_ipv6(&w, 60, 17, wire_a6, wire_b6, sl_span_of(ext.at, ext.n));
	wire_finish(&w, (struct ip_at){ ip.header, ip.transport, 6, 99 });
	struct decoded d = decode_all(&w);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "too many IPv6 extension headers");
}

static void ipv6_no_next_header(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct ip_at ip = wire_ipv6(&w, 59, 59, wire_a6, wire_b6, none);
	wire_text(&w, "junk");
	wire_finish(&w, ip);
	struct decoded d = decode_all(&w);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.payload.len, 4); /* nothing should be there; what is there is shown */
	assert_int_equal(d.p.proto, 59);
}

static void other_protocols_are_payload(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct ip_at ip = wire_ipv4(&w, 89, wire_a4, wire_b4, none);
	wire_text(&w, "ospf");
	wire_finish(&w, ip);
	struct decoded d = decode_all(&w);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_int_equal(d.p.proto, 89);
	assert_int_equal(d.p.payload.len, 4);
	assert_false(d.p.has_ports);
	assert_null(sl_proto_text(89));
	assert_string_equal(sl_proto_text(58), "icmpv6");
}

/* A first fragment that the capture cut can never be made whole: what it shows is used. */
static void cut_fragments(void **state)
{
	(void)state;
	for (unsigned proto = 6; proto <= 17; proto += 11) {
		struct wire w = { .n = 0 };
		struct ip_at ip = wire_ipv4(&w, proto, wire_a4, wire_b4, none);
		if (proto == 6)
			wire_tcp(&w, 1, 2, 7, SL_TCP_ACK);
		else
			wire_hex(&w, "0001 0002 0100 0000"); /* the length of the whole datagram */
		for (unsigned i = 0; i < 44; i++)
			wire_u8(&w, i);
		wire_set16(&w, 6, 0x2000);
		wire_finish(&w, (struct ip_at){ ip.header, ip.transport, 4, 99 });
		struct decoded d = wire_decode(&w, w.n, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_FRAGMENT, "IPv4 fragment");
		d = wire_decode(&w, w.n - 9, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in a fragment");
		assert_true(d.p.has_ports);
		assert_int_equal(d.p.dport, 2);
		wire_set16(&w, 6, 0x2001);
		wire_finish(&w, (struct ip_at){ ip.header, ip.transport, 4, 99 });
		d = wire_decode(&w, w.n - 9, LINK_RAW, true);
		assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in a fragment");
		assert_false(d.p.has_ports);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_options),
		cmocka_unit_test(ipv4_lengths_that_lie),
		cmocka_unit_test(longer_than_what_came),
		cmocka_unit_test(longer_and_not_all_there),
		cmocka_unit_test(padding_is_no_payload),
		cmocka_unit_test(padding_behind_an_empty_datagram),
		cmocka_unit_test(length_zero_takes_all),
		cmocka_unit_test(ipv4_fragments),
		cmocka_unit_test(ipv6_extension_headers),
		cmocka_unit_test(ipv6_fragments),
		cmocka_unit_test(ipv6_extensions_without_end),
		cmocka_unit_test(ipv6_no_next_header),
		cmocka_unit_test(other_protocols_are_payload),
		cmocka_unit_test(cut_fragments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
