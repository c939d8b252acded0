/* community-id: values that Wireshark 4.0 computes for the same packets; the first one is published
 * with the specification. For ICMP the "ports" are type and code. */
#include "../wire.h"
#include <arpa/inet.h>
#include <sensor/flow/key.h>
#include <sensor/flow/view.h>

static const struct row {
	const char *src, *dst;
	uint8_t proto;
	uint16_t sport, dport;
	const char *id;
} rows[] = {
	/* clang-format off */
	{ "128.232.110.120", "66.35.250.204", 6, 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "66.35.250.204", "128.232.110.120", 6, 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "192.168.0.89", "192.168.0.1", 6, 80, 80, "1:YOx084KcfFGZiCa2gHddRega324=" },
	{ "192.168.0.89", "192.168.0.89", 6, 7, 9, "1:461R1VlzRSZfYpDM9eg9cXplp8I=" },
	{ "192.168.0.89", "192.168.0.89", 6, 9, 7, "1:461R1VlzRSZfYpDM9eg9cXplp8I=" },
	{ "192.168.1.52", "8.8.8.8", 17, 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "8.8.8.8", "192.168.1.52", 17, 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 17, 5353, 53, "1:jgAEJbScjyLOXirx1d5CQFx/7tU=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 17, 53, 5353, "1:jgAEJbScjyLOXirx1d5CQFx/7tU=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 6, 1, 65535, "1:kR2bQX1jAMw5eV9PbsSIWob/GFI=" },
	{ "192.168.0.89", "192.168.0.1", 1, 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "192.168.0.89", "192.168.0.1", 1, 0, 0, "1:Xd3I0IiB3MnC0cDe3fbqH8+dDGI=" },
	{ "192.168.0.89", "192.168.0.1", 1, 13, 0, "1:oeo0XqAz7cn/+sOcFFOn55Omz0U=" },
	{ "192.168.0.89", "192.168.0.1", 1, 14, 0, "1:uiloJmzo9VB4N869eqNADHXuQJM=" },
	{ "192.168.0.89", "192.168.0.1", 1, 15, 0, "1:fOg3Bo3uOxI7xD431D+RTtZCCjw=" },
	{ "192.168.0.89", "192.168.0.1", 1, 16, 0, "1:6ZCKi6lsG2Rw85OQJ+W89GVQOrE=" },
	{ "192.168.0.89", "192.168.0.1", 1, 10, 0, "1:ZCE6FYKtYq6/Z5/7VYclhgEesAg=" },
	{ "192.168.0.89", "192.168.0.1", 1, 9, 0, "1:0hTYL8ekh0YMbFphUlZIMctBe1g=" },
	{ "192.168.0.89", "192.168.0.1", 1, 17, 0, "1:l6FQTO9IDRsq7cW/KitEu2ab7NM=" },
	{ "192.168.0.89", "192.168.0.1", 1, 18, 0, "1:6dTj0ptxvEN9+cuc4SfVqQjtlW8=" },
	{ "192.168.0.1", "192.168.0.89", 1, 8, 0, "1:Xd3I0IiB3MnC0cDe3fbqH8+dDGI=" },
	{ "192.168.0.1", "192.168.0.89", 1, 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "192.168.0.89", "192.168.0.1", 1, 3, 3, "1:dPRpNwuTNOTQEtM23HPAdlCnrwc=" },
	{ "192.168.0.1", "192.168.0.89", 1, 3, 3, "1:ZouhgnVac3AK62b9tKlLG4N+dVQ=" },
	{ "192.168.0.89", "192.168.0.1", 1, 11, 0, "1:WWhK5yv9t1/eWrodrgw+6KseRoA=" },
	{ "192.168.0.1", "192.168.0.89", 1, 11, 0, "1:5ppgsucJbrpJCp1T8kvBKS94Ib0=" },
	{ "192.168.0.89", "192.168.0.1", 1, 5, 1, "1:bgekcoPzxdl++b8eoKZ3uwfuh38=" },
	{ "192.168.0.1", "192.168.0.89", 1, 5, 1, "1:b/GnhS7RR4tztXPq4ZM15xiXi+k=" },
	{ "192.168.0.89", "192.168.0.1", 1, 4, 0, "1:oL9nApfBrwW9SvDj1B51dsHnnhw=" },
	{ "192.168.0.1", "192.168.0.89", 1, 4, 0, "1:zaKvA0iCJAT6mRprt0EV1aqww0Y=" },
	{ "192.168.0.89", "192.168.0.1", 1, 3, 1, "1:LXCfhMUFbYXe+CEMrQuZCbiLY3o=" },
	{ "192.168.0.1", "192.168.0.89", 1, 3, 1, "1:o3zT92uTgnRWv/YrDVeXcWumpC4=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 128, 0, "1:QrVnZEjGihSsEkRF1XxqheQ1Za8=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 128, 0, "1:0v7671U6aMFvKQtpE4ZMYXnSVjQ=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 129, 0, "1:0v7671U6aMFvKQtpE4ZMYXnSVjQ=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 129, 0, "1:QrVnZEjGihSsEkRF1XxqheQ1Za8=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 133, 0, "1:MxMeSyWe6OTpBt36dIzrtH7OcS8=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 133, 0, "1:QpYRAQH404PdAphcvVTflGzHNos=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 134, 0, "1:QpYRAQH404PdAphcvVTflGzHNos=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 134, 0, "1:MxMeSyWe6OTpBt36dIzrtH7OcS8=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 135, 0, "1:zavyT/cezQr1fmImYCwYnMXbgck=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 136, 0, "1:zavyT/cezQr1fmImYCwYnMXbgck=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 136, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 130, 0, "1:AqqGbwQfzV0erxPUVV+XZ02Zm5M=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 130, 0, "1:EWeX0N02fv6kiZ4mtVIrNsLkom4=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 131, 0, "1:EWeX0N02fv6kiZ4mtVIrNsLkom4=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 131, 0, "1:AqqGbwQfzV0erxPUVV+XZ02Zm5M=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 140, 0, "1:cOJwEcSbkW1UEpyFTXIP4GMDabo=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 140, 0, "1:5M4clpPt0fX67/4bIqQT4gA26Dw=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 144, 0, "1:m49RyQ8yIT9LBEoGoI5SnZktCdQ=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 144, 0, "1:XQq303/ZTbnZhBfoQdmuW8MWAfU=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 1, 4, "1:JFKLai0Yy5jldt/ku5XTzXROz0Q=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 1, 4, "1:7fO1NoMmOlnn29+Lz7gg3xJHO+k=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 2, 0, "1:PWuP7KbeJtskIEV6s6B0CBVg+GI=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 2, 0, "1:tbFa1a13RsQm9o9RwPvDEt+E7eU=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 3, 0, "1:eVTYsbhjYrpjym6zCITAinpoG/A=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 3, 0, "1:eYO29brCA91UfWDhyz7QSQ/Zh9U=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 143, 0, "1:u29u/40f5pp+Flrmr8QOASz7JG4=" },
	{ "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 143, 0, "1:3lpcbu++UqtSKTWbO6IgERqMX/Q=" },
	{ "192.168.0.89", "192.168.0.1", 89, 0, 0, "1:wXIOsMrlasG09s24Fv7OJjRk86I=" },
	{ "192.168.0.1", "192.168.0.89", 89, 0, 0, "1:wXIOsMrlasG09s24Fv7OJjRk86I=" },
	/* clang-format on */
};

static struct sl_address address(const char *text)
{
	struct sl_address a = { .family = strchr(text, ':') ? 6 : 4 };
	assert_int_equal(inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.bytes), 1);
	return a;
}

static struct sl_flow_view view_of(const struct row *r)
{
	return (struct sl_flow_view){ .src = address(r->src),
				      .dst = address(r->dst),
				      .sport = r->sport,
				      .dport = r->dport,
				      .proto = r->proto };
}

static void as_wireshark_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sl_flow_view v = view_of(&rows[i]);
		char text[SL_COMMUNITY_ID_TEXT];
		assert_ptr_equal(sl_community_id(text, &v, 0), text);
		assert_string_equal(text, rows[i].id);
	}
}

static void seed_changes_it(void **state)
{
	(void)state;
	struct sl_flow_view v = view_of(&rows[0]);
	char text[SL_COMMUNITY_ID_TEXT];
	assert_string_equal(sl_community_id(text, &v, 1), "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
}

/* What answers what: the pair is its own inverse; what has no counterpart says so. */
static void icmp_pairs(void **state)
{
	(void)state;
	for (unsigned proto = 1; proto <= 58; proto += 57) {
		unsigned pairs = 0;
		for (unsigned type = 0; type < 256; type++) {
			uint16_t from, to, back, again;
			if (!sl_icmp_ports((uint8_t)proto, (uint8_t)type, 77, &from, &to)) {
				assert_int_equal(from, type);
				assert_int_equal(to, 77);
				continue;
			}
			assert_int_equal(from, type);
			assert_true(sl_icmp_ports((uint8_t)proto, (uint8_t)to, 0, &back, &again));
			assert_int_equal(back, to);
			assert_int_equal(again, type);
			pairs++;
		}
		assert_int_equal(pairs, proto == 1 ? 10 : 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_wireshark_does),
		cmocka_unit_test(seed_changes_it),
		cmocka_unit_test(icmp_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
