/* XOR of the two addresses' words (IPv4: 2, IPv6: 8), so that both directions give one number; mixed, so
 * that neighbouring addresses spread. The kernel takes it modulo the number of workers. */
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <sensor/capture/spread.h>

#define MIX 0x9E3779B1u

unsigned short sl_spread_program(struct sock_filter *room)
{
	const uint32_t net = (uint32_t)SKF_NET_OFF;
#define LOAD(off) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + (off))
#define XOR_TEMP(off)                                                                        \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, net + (off)), \
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
		LOAD(12), XOR_TEMP(16),
		BPF_JUMP(BPF_JMP | BPF_JA, 23, 0, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 25),
		LOAD(8), XOR_TEMP(12), XOR_TEMP(16), XOR_TEMP(20), XOR_TEMP(24), XOR_TEMP(28),
		XOR_TEMP(32), XOR_TEMP(36),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, MIX),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_RET | BPF_A, 0),
		BPF_STMT(BPF_RET | BPF_K, 0), /* no IP: the first worker */
	};
#undef LOAD
#undef XOR_TEMP
	_Static_assert(sizeof program <= SL_SPREAD_MOST * sizeof *program, "room for the program");
	memcpy(room, program, sizeof program);
	return sizeof program / sizeof *program;
}

unsigned sl_spread_worker(const struct sl_address *a, const struct sl_address *b, unsigned workers)
{
	uint32_t x = 0;
	for (unsigned i = 0; i < sizeof a->bytes; i++) /* behind an IPv4 address is zero */
		x ^= (uint32_t)(a->bytes[i] ^ b->bytes[i]) << (24 - 8 * (i % 4));
	return (x * MIX >> 16) % workers;
}
