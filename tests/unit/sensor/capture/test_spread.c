/* The kernel's program and the choice in C are the same: the program runs in libpcap's interpreter, its
 * addresses moved to where the test's packet lies. */
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sensor/capture/spread.h>

/* packet: the protocol in two bytes, then the network header. */
enum { NET = 2, HEAD = 40 };

static uint32_t run(uint16_t protocol, const uint8_t head[HEAD])
{
	struct sock_filter program[SL_SPREAD_MOST];
	struct bpf_insn here[SL_SPREAD_MOST];
	uint8_t packet[NET + HEAD] = { (uint8_t)(protocol >> 8), (uint8_t)protocol };
	unsigned n = sl_spread_program(program);
	memcpy(packet + NET, head, HEAD);
	for (unsigned i = 0; i < n; i++) {
		uint32_t k = program[i].k, base = (uint32_t)SKF_NET_OFF;
		if (BPF_CLASS(program[i].code) == BPF_LD)
			k = k >= base && k < base + HEAD ? k - base + NET : 0;
		here[i] = (struct bpf_insn){ program[i].code, program[i].jt, program[i].jf, k };
	}
	return bpf_filter(here, packet, sizeof packet, sizeof packet);
}

static void v4(const struct sl_address *a, const struct sl_address *b, uint8_t head[HEAD])
{
	memcpy(head + 12, a->bytes, 4);
	memcpy(head + 16, b->bytes, 4);
}

static void v6(const struct sl_address *a, const struct sl_address *b, uint8_t head[HEAD])
{
	memcpy(head + 8, a->bytes, 16);
	memcpy(head + 24, b->bytes, 16);
}

static void the_same_choice(void **state)
{
	(void)state;
	unsigned got[7] = { 0 };
	srandom(1);
	for (unsigned round = 0; round < 2000; round++) {
		bool six = round % 2;
		struct sl_address a = { .family = six ? 6 : 4 }, b = a;
		uint8_t head[HEAD];
		for (unsigned i = 0; i < HEAD; i++)
			head[i] = (uint8_t)random();
		for (unsigned i = 0; i < (six ? 16 : 4); i++) {
			a.bytes[i] = (uint8_t)random();
			b.bytes[i] = (uint8_t)random();
		}
		(six ? v6 : v4)(&a, &b, head);
		unsigned worker = sl_spread_worker(&a, &b, 7);
		assert_int_equal(run(six ? ETH_P_IPV6 : ETH_P_IP, head) % 7, worker);
		assert_int_equal(sl_spread_worker(&b, &a, 7), worker);
		got[worker]++;
	}
	for (unsigned i = 0; i < 7; i++)
		assert_in_range(got[i], 200, 400);
}

/* A program to the kernel answers 0 when it cannot read on. */
static void no_ip_is_the_first_workers(void **state)
{
	(void)state;
	const uint8_t head[HEAD] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	assert_int_equal(run(ETH_P_ARP, head), 0);
	assert_int_equal(run(0x8847, head), 0);
	assert_int_not_equal(run(ETH_P_IP, head), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_choice),
		cmocka_unit_test(no_ip_is_the_first_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
