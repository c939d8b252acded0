/* Frames and the capture file: Ethernet, IPv4 or IPv6, TCP or UDP, with right checksums, into a
 * classic pcap (microseconds). One writer a file, one thread. */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ETHERNET_BYTES = 14, PAYLOAD_MAX = 1448 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_PSH = 8, TCP_ACK = 16 };

struct address {
	uint8_t bytes[16]; /* IPv4: the first four */
	bool v6;
};

struct packet {
	struct address src, dst;
	uint16_t sport, dport;
	bool udp;
	uint8_t flags; /* TCP's, as all from here to ack */
	uint16_t window;
	uint32_t seq, ack, stamp, echo;
	const uint8_t *payload;
	uint32_t payload_len;
};

struct writer;

/* NULL and a sentence on stderr if the file cannot be made. */
struct writer *writer_open(const char *path);
void writer_put(struct writer *w, const struct packet *p, uint64_t time_us);
uint64_t writer_packets(const struct writer *w);
uint64_t writer_bytes(const struct writer *w); /* of frames */

/* Writes what is left; 0, or -1 and a sentence on stderr if anything could not be written. */
int writer_close(struct writer *w);

#endif
