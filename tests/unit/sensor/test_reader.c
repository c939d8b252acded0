/* The reader: every packet reaches one worker, in order, a pair of addresses always the same one.
 */
#include "captures.h"
#include <pthread.h>
#include <sensor/reader.h>

enum { PACKETS = 20000, WORKERS_MAX = 4 };

struct worker {
	struct sl_reader *reader;
	unsigned number;
	uint64_t packets, batches, last, reached;
	uint8_t seen[PACKETS + 1];
	bool pair[256]; /* conversations that came here */
	bool wrong;
	unsigned give_up; /* stop the reader after so many batches */
	atomic_bool *stop;
};

/* Checks what a batch holds: what packets borrow must lie in the worker's own copy. */
static void look(struct worker *w, const struct sl_batch *b)
{
	for (size_t i = 0; i < b->frames.n; i++) {
		const struct sl_packet *p = &b->packet[i];
		const struct sl_frame *f = &b->frames.frame[i];
		bool fine = p->number > w->last && p->number <= b->reached &&
			    f->number == p->number && p->verdict == SL_VERDICT_OK &&
			    p->payload.len == 4 && p->payload.at == f->at + f->caplen - 4 &&
			    p->mac == f->at && f->at >= b->frames.store &&
			    f->at + f->caplen <= b->frames.store + SL_BATCH_STORE &&
			    p->payload.at[0] == (p->number & 255) &&
			    p->payload.at[1] == (p->number >> 8 & 255);
		w->wrong |= !fine;
		w->last = p->number;
		w->packets++;
		if (p->number <= PACKETS)
			w->seen[p->number] = 1;
		w->pair[p->src.bytes[3] == 1 ? p->dst.bytes[3] : p->src.bytes[3]] = true;
	}
	w->wrong |= b->reached < w->reached;
	w->reached = b->reached;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	for (struct sl_batch *b; (b = sl_reader_take(w->reader, w->number)); w->batches++) {
		look(w, b);
		sl_reader_give(w->reader, w->number, b);
		if (w->give_up && w->batches == w->give_up)
			atomic_store(w->stop, true);
	}
	return NULL;
}

/* Packet n: conversation n * 7 % 250, in either direction, n in the payload's first two bytes. */
static void write_capture(const char *path)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (unsigned i = 0; i < 6; i++)
		put32(f, (const uint32_t[]){ 0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, 1 }[i], false);
	for (unsigned n = 1; n <= PACKETS; n++) {
		struct wire w = { .n = 0 };
		uint8_t a[4] = { 10, 0, 0, 1 }, b[4] = { 10, 0, 0, (uint8_t)(2 + n * 7 % 250) };
		wire_eth(&w, 0x0800);
		struct ip_at ip =
			wire_ipv4(&w, 17, n % 3 ? a : b, n % 3 ? b : a, sl_span_of(NULL, 0));
		wire_udp(&w, n, 53);
		wire_u8(&w, n);
		wire_u8(&w, n >> 8);
		wire_u16(&w, 0);
		wire_finish(&w, ip);
		put32(f, n, false);
		put32(f, 0, false);
		put32(f, (uint32_t)w.n, false);
		put32(f, (uint32_t)w.n, false);
		assert_int_equal(fwrite(w.at, 1, w.n, f), w.n);
	}
	fclose(f);
}

static struct worker *run(const char *path, unsigned workers, unsigned give_up)
{
	struct worker *w = calloc(WORKERS_MAX, sizeof *w);
	struct sl_list paths = { 0 };
	struct sl_counters counters = { 0 };
	struct sl_source *source;
	struct sl_reader *reader;
	struct sl_err err;
	atomic_bool stop = false;
	pthread_t thread[WORKERS_MAX];
	assert_non_null(w);
	assert_int_equal(sl_list_add(&paths, path), SL_OK);
	struct sl_file_config files = { .paths = &paths, .wake_fd = -1 };
	assert_int_equal(sl_source_files(&source, &files, sl_decode_knows, &counters, &err), SL_OK);
	struct sl_reader_config config = { .source = source, .workers = workers, .checksums = true,
					   .fragment_bytes = 1 << 20, .counters = &counters };
	assert_int_equal(sl_reader_new(&reader, &config, &err), SL_OK);
	for (unsigned i = 0; i < workers; i++) {
		w[i].reader = reader;
		w[i].number = i;
		w[i].give_up = give_up;
		w[i].stop = &stop;
		assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
	}
	assert_int_equal(sl_reader_run(reader, &stop, &err), SL_OK);
	for (unsigned i = 0; i < workers; i++)
		pthread_join(thread[i], NULL);
	sl_reader_free(reader);
	sl_source_close(source);
	sl_list_free(&paths);
	return w;
}

static void each_packet_once_each_pair_together(void **state)
{
	(void)state;
	char folder[64], path[128];
	captures_begin(folder);
	snprintf(path, sizeof path, "%s/a.pcap", folder);
	write_capture(path);
	for (unsigned workers = 1; workers <= WORKERS_MAX; workers++) {
		struct worker *w = run(path, workers, 0);
		uint64_t packets = 0;
		for (unsigned i = 0; i < workers; i++) {
			assert_false(w[i].wrong);
			assert_true(w[i].packets > 0);
			assert_int_equal(w[i].batches,
					 w[0].batches); /* each gets each batch, if empty */
			assert_int_equal(w[i].reached, PACKETS);
			packets += w[i].packets;
		}
		assert_int_equal(packets, PACKETS);
		for (unsigned n = 1; n <= PACKETS; n++) {
			unsigned seen = 0;
			for (unsigned i = 0; i < workers; i++)
				seen += w[i].seen[n];
			assert_int_equal(seen, 1);
		}
		for (unsigned k = 2; k < 252; k++) {
			unsigned at = 0;
			for (unsigned i = 0; i < workers; i++)
				at += w[i].pair[k];
			assert_int_equal(at, 1);
		}
		free(w);
	}
	captures_end(folder);
}

/* Told to stop it stops soon, and every worker hears of the end. */
static void stop_in_the_middle(void **state)
{
	(void)state;
	char folder[64], path[128];
	captures_begin(folder);
	snprintf(path, sizeof path, "%s/a.pcap", folder);
	write_capture(path);
	struct worker *w = run(path, 2, 5);
	assert_false(w[0].wrong || w[1].wrong);
	assert_int_equal(w[0].batches, w[1].batches);
	assert_true(w[0].packets + w[1].packets < PACKETS);
	free(w);
	captures_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_packet_once_each_pair_together),
		cmocka_unit_test(stop_in_the_middle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
