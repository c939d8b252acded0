/* IEEE 802.11 data frames: header lengths, aggregates, what cannot be read. */
#include "nest.h"

#define ADDRESSES "020000000001 020000000002 020000000003"
#define SNAP      "aaaa03 000000 0800 "

static void data_frames(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 105, "0801 0000 " ADDRESSES " 1000 " SNAP "@4", "wlan llc ipv4 udp", "", false },
		{ 105, "0802 0000 " ADDRESSES " 1000 " SNAP "@4", "wlan llc ipv4 udp", "", false },
		{ 105, "0803 0000 " ADDRESSES " 1000 020000000004 " SNAP "@4", "wlan llc ipv4 udp",
		  "", false },
		{ 105, "8801 0000 " ADDRESSES " 1000 0000 " SNAP "@4", "wlan llc ipv4 udp", "",
		  false },
		{ 105, "8881 0000 " ADDRESSES " 1000 0000 11223344 " SNAP "@4", "wlan llc ipv4 udp",
		  "", false },
		{ 105, "8883 0000 " ADDRESSES " 1000 020000000004 0000 11223344 " SNAP "@4",
		  "wlan llc ipv4 udp", "", false },
		{ 127, "0000 0800 00000000 0801 0000 " ADDRESSES " 1000 " SNAP "@4",
		  "radiotap wlan llc ipv4 udp", "", false },
		{ 127,
		  "0000 1200 2e48 0000 1002 6c09 a000 c807 0000 8801 0000 " ADDRESSES
		  " 1000 0000 aaaa03 000000 86dd @6",
		  "radiotap wlan llc ipv6 udp", "", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
}

/* Some controllers swap the frame control's bytes: only a whole frame tells. */
static void swapped_frame_control(void **state)
{
	(void)state;
	static const struct nest_case cases[] = {
		{ 105, "0108 0000 " ADDRESSES " 1000 " SNAP "@4", "wlan llc ipv4 udp", "", true },
		{ 105, "0188 0000 " ADDRESSES " 1000 0000 " SNAP "@4", "wlan llc ipv4 udp", "",
		  true },
		{ 105, "0308 0000 " ADDRESSES " 1000 020000000004 " SNAP "@4", "wlan llc ipv4 udp",
		  "", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		nest_expect(&cases[i]);
}

/* Two subframes, the first padded to four bytes; a packet is one IP packet, the last. */
static void aggregates(void **state)
{
	(void)state;
	static const char *const text = "8801 0000 " ADDRESSES " 1000 8000 "
					"020000000001 020000000002 0029 " SNAP "@4 00 "
					"020000000001 020000000002 003d aaaa03 000000 86dd @6";
	struct nest x;
	nest_make(&x, text);
	struct decoded d = wire_decode(&x.w, x.w.n, 105, true);
	assert_verdict(&d.p, SL_VERDICT_OK, NULL);
	assert_layers(&d.p, "wlan llc ipv6 udp");
	assert_int_equal(d.payload_at, x.w.n - NEST_PAYLOAD);
	for (size_t n = 0; n < x.w.n; n++) { /* cut: the first, or an end */
		d = wire_decode(&x.w, n, 105, false);
		if (d.p.verdict == SL_VERDICT_OK)
			assert_int_equal(d.p.dport, 53);
		else
			assert_false(d.p.has_ports && d.p.payload.len);
	}
}

static void what_cannot_be_read(void **state)
{
	(void)state;
	struct decoded d = nest_decode("0841 0000 " ADDRESSES " 1000 00112233 44556677", 105);
	assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "802.11 frame is encrypted");
	static const char *const others[] = {
		"8000 0000 " ADDRESSES " 1000", /* beacon */
		"d400 0000 020000000001",       /* acknowledgement */
		"4801 0000 " ADDRESSES " 1000", /* null data */
		"c801 0000 " ADDRESSES " 1000 0000",
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		d = nest_decode(others[i], 105);
		assert_verdict(&d.p, SL_VERDICT_UNSUPPORTED, "802.11 frame without data");
	}
	d = nest_decode("0000 0300 00000000", 127);
	assert_verdict(&d.p, SL_VERDICT_MALFORMED, "radiotap length is impossible");
	d = nest_decode("0000 ffff 00000000", 127);
	assert_verdict(&d.p, SL_VERDICT_TRUNCATED, "cut in the radiotap header");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_frames),
		cmocka_unit_test(swapped_frame_control),
		cmocka_unit_test(aggregates),
		cmocka_unit_test(what_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
