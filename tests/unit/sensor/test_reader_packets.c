/* The reader and frames that hold several packets: each goes to its own pair's worker, with a copy
 * of the frame or of the datagram that it borrows; what there is no room for is counted. */
#include "captures.h"
#include <pthread.h>
#include <sensor/reader.h>

enum { WORKERS = 3, FRAMES = 150, MANY = 4 /* subframes */, LINK_WLAN = 105 };

struct worker {
	struct sl_reader *reader;
	unsigned number;
	uint64_t own, further, last;
	bool wrong;
};

/* Packet k of frame n: from 10.0.k.n to 10.0.9.9, with n and k as its payload. */
static void put_packet(struct wire *w, unsigned n, unsigned k)
{
	static struct wire packet;
	const uint8_t src[4] = { 10, 0, (uint8_t)k, (uint8_t)n }, dst[4] = { 10, 0, 9, 9 };
	packet.n = 0;
	struct ip_at ip = wire_ipv4(&packet, 17, src, dst, sl_span_of(NULL, 0));
	wire_udp(&packet, 4000, 53);
	wire_u8(&packet, n);
	wire_u8(&packet, k);
	wire_finish(&packet, ip);
	wire_put(w, packet.at, packet.n);
}

static void make_aggregate(struct wire *w, unsigned n, unsigned many)
{
	wire_hex(w, "8801 0000 020000000001 020000000002 020000000003 1000 8000");
	for (unsigned k = 0; k < many; k++) {
		wire_hex(w, "020000000001 020000000002 0026 aaaa03 000000 0800");
		put_packet(w, n, k); /* 52 bytes in all: no padding */
	}
}

static bool is_in_batch(const struct sl_batch *b, struct sl_span s)
{
	return s.at >= (const uint8_t *)b && s.at + s.len <= (const uint8_t *)(b + 1);
}

static void look(struct worker *w, const struct sl_batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct sl_packet *p = &b->packet[i];
		if (p->verdict == SL_VERDICT_FRAGMENT)
			continue;
		bool fine = p->verdict == SL_VERDICT_OK && p->number >= w->last &&
			    p->number <= b->reached && p->payload.len == 2 &&
			    is_in_batch(b, p->payload) && !p->mac &&
			    p->payload.at[0] == p->src.bytes[3] &&
			    p->payload.at[1] == p->src.bytes[2] &&
			    sl_packet_pair_hash(p) % WORKERS == w->number;
		w->wrong |= !fine;
		w->last = p->number;
		w->own += !p->further;
		w->further += p->further;
	}
	for (size_t i = 1; i < b->frames.n; i++) /* a frame is copied once */
		w->wrong |= b->frames.frame[i].number <= b->frames.frame[i - 1].number;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	for (struct sl_batch *b; (b = sl_reader_take(w->reader, w->number));) {
		look(w, b);
		sl_reader_give(w->reader, w->number, b);
	}
	return NULL;
}

static FILE *open_capture(char path[128], const char *folder, uint32_t link)
{
	snprintf(path, 128, "%s/a.pcap", folder);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (unsigned i = 0; i < 6; i++)
		put32(f, (const uint32_t[]){ 0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, link }[i],
		      false);
	return f;
}

static void put_frame(FILE *f, unsigned n, const struct wire *w)
{
	put32(f, n, false);
	put32(f, 0, false);
	put32(f, (uint32_t)w->n, false);
	put32(f, (uint32_t)w->n, false);
	assert_int_equal(fwrite(w->at, 1, w->n, f), w->n);
}

static struct worker run(const char *path, struct sl_counters *counters)
{
	struct worker w[WORKERS] = { 0 }, sum = { 0 };
	struct sl_list paths = { 0 };
	struct sl_source *source;
	struct sl_reader *reader;
	struct sl_err err;
	atomic_bool stop = false;
	pthread_t thread[WORKERS];
	assert_int_equal(sl_list_add(&paths, path), SL_OK);
	struct sl_file_config files = { .paths = &paths, .wake_fd = -1 };
	assert_int_equal(sl_source_files(&source, &files, sl_decode_knows, counters, &err), SL_OK);
	struct sl_reader_config config = { .source = source,
					   .workers = WORKERS,
					   .checksums = true,
					   .fragment_bytes = 1 << 20,
					   .counters = counters };
	assert_int_equal(sl_reader_new(&reader, &config, &err), SL_OK);
	for (unsigned i = 0; i < WORKERS; i++) {
		w[i].reader = reader;
		w[i].number = i;
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	assert_int_equal(sl_reader_run(reader, &stop, &err), SL_OK);
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(thread[i], NULL);
		assert_false(w[i].wrong);
		assert_true(w[i].own + w[i].further > 0);
		sum.own += w[i].own;
		sum.further += w[i].further;
	}
	sl_reader_free(reader);
	sl_source_close(source);
	sl_list_free(&paths);
	return sum;
}

static void aggregates(void **state)
{
	(void)state;
	for (unsigned many = 2; many <= MANY; many += 2) {
		struct sl_counters counters = { 0 };
		static struct wire w;
		char folder[64], path[128];
		captures_begin(folder);
		FILE *f = open_capture(path, folder, LINK_WLAN);
		for (unsigned n = 0; n < FRAMES; n++) {
			w.n = 0;
			make_aggregate(&w, n, many);
			put_frame(f, n, &w);
		}
		fclose(f);
		struct worker sum = run(path, &counters);
		uint64_t lost = sl_counter_get(&counters, SL_COUNT_FURTHER_LOST);
		assert_int_equal(sum.own, FRAMES);
		assert_int_equal(sum.further + lost, FRAMES * (many - 1));
		assert_int_equal(lost > 0, many == MANY); /* one more a frame there is room for */
		captures_end(folder);
	}
}

/* A tunnel's datagram in two fragments: its packet goes where its inner pair goes. */
static void datagrams(void **state)
{
	(void)state;
	struct sl_counters counters = { 0 };
	static struct wire w, whole;
	char folder[64], path[128];
	captures_begin(folder);
	FILE *f = open_capture(path, folder, LINK_RAW);
	for (unsigned n = 0; n < FRAMES; n++) {
		whole.n = 0;
		struct ip_at outer = wire_ipv4(&whole, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
		wire_udp(&whole, 50000, 4789);
		wire_hex(&whole, "08000000 00002a00");
		wire_eth(&whole, 0x0800);
		put_packet(&whole, n, n % 5);
		wire_finish(&whole, outer);
		for (unsigned i = 0; i < 2; i++) {
			size_t from = i ? 20 + 40 : 20, to = i ? whole.n : 20 + 40;
			w.n = 0;
			struct ip_at ip = wire_ipv4(&w, 17, wire_a4, wire_b4, sl_span_of(NULL, 0));
			wire_set16(&w, 4, n);
			wire_set16(&w, 6, i ? 5 : 0x2000);
			wire_put(&w, whole.at + from, to - from);
			wire_finish(&w, (struct ip_at){ ip.header, ip.transport, 4, 99 });
			put_frame(f, n, &w);
		}
	}
	fclose(f);
	struct worker sum = run(path, &counters);
	assert_int_equal(sum.own, FRAMES);
	assert_int_equal(sum.further, 0);
	assert_int_equal(sl_counter_get(&counters, SL_COUNT_FRAGMENTS_JOINED), FRAMES);
	captures_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aggregates),
		cmocka_unit_test(datagrams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
