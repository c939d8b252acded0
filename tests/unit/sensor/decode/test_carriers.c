/* A datagram that carries a tunnel is looked at as it is, too, unless it is a plain overlay. */
#include "unpack.h"

enum { LINK_ETH = 1, FURTHER = 3 };
#define VXLAN "08000000 00002a00 @e0800 @4"

static void carriers_unpack(struct fixture *x, const struct wire *w, size_t n, size_t spare,
			    bool carriers)
{
	struct sl_frame f = { .at = w->at,
			      .caplen = (uint32_t)n,
			      .len = (uint32_t)w->n,
			      .time = 1000,
			      .number = 7,
			      .link = LINK_ETH };
	x->to = (struct sl_packets){ .at = x->packet,
				     .spare = spare,
				     .carriers = carriers,
				     .joined = x->joined,
				     .joined_max = 1 + FURTHER };
	sl_unpack(x->d, &f, true, &x->to);
}

static void carriers_and_others(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t packets;
	} c[] = {
		{ "@e0800 @i17 @u50000,8472 " VXLAN, 2 }, /* Linux's port, which IANA gave to others */
		{ "@e0800 @i17 @u50000,4000 " VXLAN, 2 },
		{ "@e0800 @i17 @u50000,4789 " VXLAN, 1 }, /* as IANA assigned it */
		{ "@e0800 @i17 @u50000,2152 30 ff 0021 00000063 @4", 2 },
		{ "@e0800 @i17 @u50000,9 00000000 00000000 0000", 1 }, /* no tunnel */
		{ "@e0800 @i17 @u50000,4000 08000000 00002a00 @e0806 0001",
		  1 }, /* nothing that can be followed */
		{ "@e0800 @i17 @u50000,8472 08000000 00002a00 @e0806 0001", 1 },
	};
	static struct nest nest;
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		struct fixture *x = begin();
		nest_make(&nest, c[i].text);
		carriers_unpack(x, &nest.w, nest.w.n, FURTHER, true);
		assert_int_equal(x->to.n, c[i].packets);
		assert_int_equal(x->to.spare, 1 + FURTHER - c[i].packets);
		const struct sl_packet *own = &x->packet[x->to.n - 1];
		assert_false(own->further || own->carrier);
		struct decoded alone = wire_decode(&nest.w, nest.w.n, LINK_ETH, true);
		assert_int_equal(own->layers, alone.p.layers);
		assert_int_equal(own->sport, alone.p.sport);
		if (x->to.n == 2) {
			const struct sl_packet *p = &x->packet[0];
			assert_true(p->further && p->carrier);
			assert_layers(p, "eth ipv4 udp");
			assert_verdict(p, SL_VERDICT_OK, NULL);
			assert_int_equal(p->sport, 50000);
			assert_int_equal(p->tunnels, 0);
			assert_int_equal(p->payload.len, nest.w.n - 14 - 20 - 8);
			assert_int_equal(own->tunnels, 1);
		}
		carriers_unpack(x, &nest.w, nest.w.n, FURTHER, false);
		assert_int_equal(x->to.n, 1);
		end(x);
	}
}

static void no_room(void **state)
{
	(void)state;
	static struct nest nest;
	struct fixture *x = begin();
	nest_make(&nest, "@e0800 @i17 @u50000,8472 " VXLAN);
	carriers_unpack(x, &nest.w, nest.w.n, 0, true);
	assert_int_equal(x->to.n, 1);
	assert_int_equal(x->to.lost, 1);
	assert_int_equal(x->packet[0].tunnels, 1);
	end(x);
}

static void cut_anywhere(void **state)
{
	(void)state;
	static struct nest nest;
	struct fixture *x = begin();
	nest_make(&nest, "@e0800 @i17 @u50000,8472 " VXLAN);
	for (size_t n = 0; n < nest.w.n; n++) {
		carriers_unpack(x, &nest.w, n, FURTHER, true);
		assert_true(x->to.n == 1 || x->to.n == 2);
		if (x->to.n == 2)
			assert_true(x->packet[0].payload.at + x->packet[0].payload.len <= nest.w.at + n);
	}
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carriers_and_others),
		cmocka_unit_test(no_room),
		cmocka_unit_test(cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
