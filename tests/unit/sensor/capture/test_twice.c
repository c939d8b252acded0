/* Packets that a mirror brings twice: what is one, and what is another packet. */
#include "../wire.h"
#include <sensor/capture/twice.h>

#define MS 1000000ull

enum { TAGS_NONE, TAG_ONE, TAG_TWO };

static void make(struct wire *w, unsigned version, int tags, unsigned ttl, unsigned id,
		 const char *text)
{
	struct sl_span none = sl_span_of(NULL, 0);
	unsigned type = version == 4 ? 0x0800 : 0x86dd;
	w->n = 0;
	wire_eth(w, tags == TAG_TWO ? 0x88a8 : tags ? 0x8100 : type);
	if (tags == TAG_TWO)
		wire_u32(w, 0x00078100);
	if (tags)
		wire_u32(w, 0x00050000 | type);
	struct ip_at ip = version == 4 ? wire_ipv4(w, 17, wire_a4, wire_b4, none)
				       : wire_ipv6(w, 17, 17, wire_a6, wire_b6, none);
	wire_udp(w, 4000, 53);
	wire_text(w, text);
	if (version == 4)
		wire_set16(w, ip.header + 4, id);
	w->at[ip.header + (version == 4 ? 8 : 7)] = (uint8_t)ttl;
	wire_finish(w, ip);
}

/* From memory of exactly that size. */
static bool seen(struct sl_twice *t, const struct wire *w, size_t n, uint64_t time)
{
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, w->at, n);
	bool again = sl_twice_seen(t, exact, (uint32_t)n, time);
	free(exact);
	return again;
}

static void the_second_is_known(void **state)
{
	(void)state;
	static struct wire a, b;
	for (unsigned version = 4; version <= 6; version += 2) {
		struct sl_twice *t = sl_twice_new();
		assert_non_null(t);
		make(&a, version, TAGS_NONE, 64, 1,
		     "hello, this is a packet that is longer than sixty bytes");
		assert_false(seen(t, &a, a.n, 1000 * MS));
		assert_true(seen(t, &a, a.n, 1000 * MS + 1));
		make(&b, version, TAG_ONE, 63, 1,
		     "hello, this is a packet that is longer than sixty bytes");
		b.at[0] = 0x04; /* another link header, too */
		assert_true(seen(t, &b, b.n, 1001 * MS));
		make(&b, version, TAG_TWO, 62, 1,
		     "hello, this is a packet that is longer than sixty bytes");
		assert_true(seen(t, &b, b.n, 1002 * MS));
		sl_twice_free(t);
	}
}

static void another_packet_is_not(void **state)
{
	(void)state;
	static struct wire a, b;
	struct sl_twice *t = sl_twice_new();
	make(&a, 4, TAGS_NONE, 64, 1, "hello");
	assert_false(seen(t, &a, a.n, 1000 * MS));
	make(&b, 4, TAGS_NONE, 64, 2, "hello"); /* sent again: another identification */
	assert_false(seen(t, &b, b.n, 1000 * MS));
	make(&b, 4, TAGS_NONE, 64, 1, "hellO");
	assert_false(seen(t, &b, b.n, 1000 * MS));
	make(&b, 4, TAGS_NONE, 64, 1, "hello!");
	assert_false(seen(t, &b, b.n, 1000 * MS));
	assert_true(seen(t, &a, a.n, 1000 * MS + 2 * MS - 1)); /* the window's last moment */
	assert_false(seen(t, &a, a.n, 1004 * MS));             /* too late */
	assert_false(seen(t, &a, a.n, 1003 * MS));             /* from before */
	sl_twice_free(t);
}

/* Only what is in the first bytes is looked at, and the length. */
static void long_packets(void **state)
{
	(void)state;
	static struct wire a, b;
	char text[1000];
	struct sl_twice *t = sl_twice_new();
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	make(&a, 4, TAGS_NONE, 64, 1, text);
	make(&b, 4, TAG_ONE, 63, 1, text);
	assert_false(seen(t, &a, a.n, MS));
	assert_true(seen(t, &b, b.n, MS));
	assert_false(seen(t, &a, a.n - 1, MS));
	sl_twice_free(t);
}

/* Ethernet pads to 60 bytes, and a tag's bytes take the padding's place: the same packet all the
 * same. */
static void padding_does_not_count(void **state)
{
	(void)state;
	static struct wire a, b;
	struct sl_twice *t = sl_twice_new();
	make(&a, 4, TAGS_NONE, 64, 1, "hi");
	make(&b, 4, TAG_ONE, 63, 1, "hi");
	assert_true(a.n < 60 && b.n < 60);
	memset(a.at + a.n, 0, 60);
	memset(b.at + b.n, 0, 60);
	assert_false(seen(t, &a, 60, MS));
	assert_true(seen(t, &b, 60, MS));
	sl_twice_free(t);
}

static void what_is_no_ip_packet(void **state)
{
	(void)state;
	struct wire w = { .n = 0 };
	struct sl_twice *t = sl_twice_new();
	wire_eth(&w, 0x0806);
	wire_hex(&w, "0001 0800 06 04 0001 020000000002 c0000201 000000000000 c6336407");
	assert_false(seen(t, &w, w.n, MS));
	assert_false(seen(t, &w, w.n, MS));
	static struct wire a;
	make(&a, 4, TAG_TWO, 64, 1, "hello");
	for (size_t n = 0; n < 14 + 8 + 20; n++) { /* cut: taken as it is */
		assert_false(seen(t, &a, n, MS));
		assert_false(seen(t, &a, n, MS));
	}
	sl_twice_free(t);
	sl_twice_free(NULL);
}

/* More packets than slots: forgotten ones are taken twice, none is lost. */
static void nothing_is_lost(void **state)
{
	(void)state;
	static struct wire w;
	struct sl_twice *t = sl_twice_new();
	unsigned known = 0;
	for (unsigned i = 0; i < 50000; i++) {
		char text[16];
		snprintf(text, sizeof text, "%08u", i);
		make(&w, 4, TAGS_NONE, 64, i & 0xffff, text);
		assert_false(seen(t, &w, w.n, MS + i));
		known += seen(t, &w, w.n, MS + i + 1);
	}
	assert_int_equal(known, 50000);
	sl_twice_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_is_known),  cmocka_unit_test(another_packet_is_not),
		cmocka_unit_test(long_packets),         cmocka_unit_test(padding_does_not_count),
		cmocka_unit_test(what_is_no_ip_packet), cmocka_unit_test(nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
