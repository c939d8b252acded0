/* libpcap makes a ring smaller that does not fit into memory, without a word: the kernel is asked what
 * there is, by sock_diag(7) for packet sockets. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sensor/capture/ring.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
	struct nlmsghdr h;
	struct packet_diag_req r;
};

static uint64_t ring_of(const struct nlmsghdr *h)
{
	const struct packet_diag_msg *m = NLMSG_DATA(h);
	const struct rtattr *a = (const struct rtattr *)(const void *)(m + 1);
	unsigned left = h->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *m);
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		struct packet_diag_ring ring;
		if (a->rta_type != PACKET_DIAG_RX_RING || RTA_PAYLOAD(a) < sizeof ring)
			continue;
		memcpy(&ring, RTA_DATA(a), sizeof ring);
		return (uint64_t)ring.pdr_block_size * ring.pdr_block_nr;
	}
	return 0;
}

/* One answer of the dump; true at its end. */
static bool read_answer(int nl, uint32_t inode, uint64_t *bytes)
{
	_Alignas(struct nlmsghdr) char room[32768];
	ssize_t n = recv(nl, room, sizeof room, 0);
	if (n <= 0)
		return true;
	unsigned left = (unsigned)n;
	for (const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)room; NLMSG_OK(h, left);
	     h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return true;
		const struct packet_diag_msg *m = NLMSG_DATA(h);
		if (h->nlmsg_len >= NLMSG_LENGTH(sizeof *m) && m->pdiag_ino == inode)
			*bytes = ring_of(h);
	}
	return false;
}

uint64_t sl_ring_bytes(int fd)
{
	struct stat st;
	uint64_t bytes = 0;
	struct timeval patience = { .tv_sec = 1 };
	struct request q = { .h = { .nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY,
				    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
			     .r = { .sdiag_family = AF_PACKET, .pdiag_show = PACKET_SHOW_RING_CFG } };
	int nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (nl < 0 || fstat(fd, &st) != 0)
		return 0;
	setsockopt(nl, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (send(nl, &q, sizeof q, 0) == sizeof q)
		for (unsigned n = 0; n < 64 && !read_answer(nl, (uint32_t)st.st_ino, &bytes); n++)
			;
	close(nl);
	return bytes;
}

struct sl_ring_loss sl_ring_loss(int fd)
{
	struct tpacket_stats_v3 st = { 0 };
	socklen_t len = sizeof st;
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) != 0)
		memset(&st, 0, sizeof st);
	return (struct sl_ring_loss){ st.tp_packets, st.tp_drops, st.tp_freeze_q_cnt };
}

uint64_t sl_interface_drops(const char *interface)
{
	static const char *const names[] = { "rx_dropped", "rx_missed_errors", "rx_fifo_errors" };
	uint64_t sum = 0;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		char path[256];
		unsigned long long n = 0;
		snprintf(path, sizeof path, "/sys/class/net/%.32s/statistics/%s", interface, names[i]);
		FILE *f = fopen(path, "re");
		if (f && fscanf(f, "%llu", &n) == 1)
			sum += n;
		if (f)
			fclose(f);
	}
	return sum;
}
