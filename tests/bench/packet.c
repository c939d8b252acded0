/* Builds each frame straight into the output buffer: one copy of the payload, one pass for the
 * checksum. A failed write is remembered and told by writer_close. */
#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 4 << 20, RECORD_BYTES = 16, FRAME_MAX = 1600 };
enum { OPTIONS_SYN = 20, OPTIONS_STAMP = 12 };

struct writer {
	int fd;
	int failed; /* errno of the first failure */
	const char *path;
	size_t used;
	uint64_t packets, bytes;
	uint16_t ip_id;
	uint8_t buffer[BUFFER_BYTES];
};

static uint8_t *put8(uint8_t *at, unsigned value)
{
	*at = (uint8_t)value;
	return at + 1;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

static void put_file32(uint8_t *at, uint32_t value) /* little endian, as the file's header says */
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* Sum of 16-bit words in the machine's order, eight bytes a step; the fold makes it right. */
static uint64_t sum_words(const uint8_t *bytes, size_t len, uint64_t sum)
{
	for (; len >= 8; bytes += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, bytes, 8);
		sum += word >> 32;
		sum += word & 0xffffffff;
	}
	if (len) {
		uint64_t word = 0;

		memcpy(&word, bytes, len);
		sum += word >> 32;
		sum += word & 0xffffffff;
	}
	return sum;
}

static void put_sum(uint8_t *at, uint64_t sum)
{
	uint16_t folded;

	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	folded = (uint16_t)~sum;
	memcpy(at, &folded, 2);
}

static uint8_t *put_ip(struct writer *w, uint8_t *at, const struct packet *p, size_t l4_len)
{
	uint8_t *start = at, proto = p->udp ? 17 : 6;

	if (p->src.v6) {
		at = put32(at, 0x60000000);
		at = put16(at, (unsigned)l4_len);
		at = put8(at, proto);
		at = put8(at, 60);
		memcpy(at, p->src.bytes, 16);
		memcpy(at + 16, p->dst.bytes, 16);
		return at + 32;
	}
	at = put16(at, 0x4500);
	at = put16(at, (unsigned)(20 + l4_len));
	at = put16(at, w->ip_id++);
	at = put16(at, 0x4000);
	at = put8(at, 60);
	at = put8(at, proto);
	at = put16(at, 0);
	memcpy(at, p->src.bytes, 4);
	memcpy(at + 4, p->dst.bytes, 4);
	put_sum(start + 10, sum_words(start, 20, 0));
	return at + 8;
}

static uint8_t *put_tcp(uint8_t *at, const struct packet *p)
{
	unsigned options = p->flags & TCP_SYN ? OPTIONS_SYN : OPTIONS_STAMP;

	at = put16(at, p->sport);
	at = put16(at, p->dport);
	at = put32(at, p->seq);
	at = put32(at, p->flags & TCP_ACK ? p->ack : 0);
	at = put8(at, (20 + options) / 4 << 4);
	at = put8(at, p->flags);
	at = put16(at, p->window);
	at = put32(at, 0); /* checksum, urgent pointer */
	if (p->flags & TCP_SYN) {
		at = put32(at, 0x020405b4); /* segments of at most 1,460 bytes */
		at = put32(at, 0x0402080a); /* selective acknowledgements; then the stamps */
		at = put32(at, p->stamp);
		at = put32(at, p->echo);
		return put32(at, 0x01030307); /* window scale 7 */
	}
	at = put32(at, 0x0101080a);
	at = put32(at, p->stamp);
	return put32(at, p->echo);
}

static uint8_t *put_udp(uint8_t *at, const struct packet *p)
{
	at = put16(at, p->sport);
	at = put16(at, p->dport);
	at = put16(at, 8 + p->payload_len);
	return put16(at, 0);
}

static uint8_t *put_frame(struct writer *w, uint8_t *at, const struct packet *p)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	size_t address = p->src.v6 ? 16 : 4;
	size_t header = p->udp ? 8u : 20u + (p->flags & TCP_SYN ? OPTIONS_SYN : OPTIONS_STAMP);
	size_t l4_len = header + p->payload_len;
	uint8_t pseudo[4] = { 0, p->udp ? 17 : 6, (uint8_t)(l4_len >> 8), (uint8_t)l4_len };
	uint8_t *l4;
	uint64_t sum;

	memcpy(at, macs, sizeof macs);
	at = put16(at + sizeof macs, p->src.v6 ? 0x86dd : 0x0800);
	l4 = put_ip(w, at, p, l4_len);
	at = p->udp ? put_udp(l4, p) : put_tcp(l4, p);
	if (p->payload_len)
		memcpy(at, p->payload, p->payload_len);
	sum = sum_words(pseudo, sizeof pseudo, 0);
	sum = sum_words(p->dst.bytes, address, sum_words(p->src.bytes, address, sum));
	put_sum(l4 + (p->udp ? 6 : 16), sum_words(l4, l4_len, sum));
	if (p->udp && !l4[6] && !l4[7])
		memset(l4 + 6, 0xff, 2); /* the same number; 0 would mean that there is none */
	return at + p->payload_len;
}

static void flush(struct writer *w)
{
	for (size_t done = 0; done < w->used && !w->failed;) {
		ssize_t n = write(w->fd, w->buffer + done, w->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			w->failed = errno;
	}
	w->used = 0;
}

void writer_put(struct writer *w, const struct packet *p, uint64_t time_us)
{
	uint8_t *record, *frame, *end;
	uint32_t len;

	if (w->used + RECORD_BYTES + FRAME_MAX > BUFFER_BYTES)
		flush(w);
	record = w->buffer + w->used;
	frame = record + RECORD_BYTES;
	end = put_frame(w, frame, p);
	len = (uint32_t)(end - frame);
	put_file32(record, (uint32_t)(time_us / 1000000));
	put_file32(record + 4, (uint32_t)(time_us % 1000000));
	put_file32(record + 8, len);
	put_file32(record + 12, len);
	w->used += RECORD_BYTES + len;
	w->packets++;
	w->bytes += len;
}

struct writer *writer_open(const char *path)
{
	static const uint8_t header[24] = {
		0xd4, 0xc3, 0xb2, 0xa1, 2, [6] = 4, [18] = 4, [20] = 1
	};
	struct writer *w = calloc(1, sizeof *w);

	if (!w) {
		fprintf(stderr, "bench-mix: out of memory\n");
		return NULL;
	}
	w->path = path;
	w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (w->fd < 0) {
		fprintf(stderr, "bench-mix: %s: %s\n", path, strerror(errno));
		free(w);
		return NULL;
	}
	memcpy(w->buffer, header, sizeof header);
	w->used = sizeof header;
	return w;
}

uint64_t writer_packets(const struct writer *w)
{
	return w->packets;
}

uint64_t writer_bytes(const struct writer *w)
{
	return w->bytes;
}

int writer_close(struct writer *w)
{
	int failed;

	flush(w);
	if (close(w->fd) && !w->failed)
		w->failed = errno;
	failed = w->failed;
	if (failed)
		fprintf(stderr, "bench-mix: %s: %s; the file is not complete\n", w->path,
			strerror(failed));
	free(w);
	return failed ? -1 : 0;
}
