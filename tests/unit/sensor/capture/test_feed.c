/* pcapng of several interfaces, files that are cut, folders in order of time. */
#include "feed.h"

static void interfaces_of_different_snaplen(void **state)
{
	(void)state;
	for (unsigned swapped = 0; swapped < 2; swapped++) {
		struct fixture *x = begin();
		struct ng g;
		int rc;
		ng_make(&g, swapped, PACKETS, 1000); /* some times the stream's buffer */
		write_file(x, "a.pcapng", &g, g.n);
		assert_int_equal(sl_list_add(&x->paths, x->path), SL_OK);
		assert_int_equal(read_numbered(x, false, &rc), PACKETS);
		assert_int_equal(rc, SL_OK);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FILES_CUT), 0);
		free(g.at);
		end(x);
	}
}

/* Cut anywhere: what precedes is used; only where a block ends nothing is missing. */
static void cut_anywhere(void **state)
{
	(void)state;
	const size_t head = 28 + 4 * 20, block = 32 + PACKET + 3;
	struct ng g;
	ng_make(&g, false, 3, 1000);
	for (size_t n = 0; n < g.n; n++) {
		struct fixture *x = begin();
		int rc;
		write_file(x, "a.pcapng", &g, n);
		assert_int_equal(sl_list_add(&x->paths, x->path), SL_OK);
		unsigned whole = n < head ? 0 : (unsigned)((n - head) / block);
		assert_int_equal(read_numbered(x, false, &rc), whole);
		if (n >= head && (n - head) % block == 0)
			assert_int_equal(rc, SL_OK);
		else if (n >= head)
			assert_int_equal(rc, SL_EPARTIAL);
		else if (n < 28)
			assert_int_equal(rc, SL_EFAIL);
		end(x);
	}
	free(g.at);
}

/* A process that writes it to a fifo in pieces of random sizes. */
static pid_t writer_start(struct fixture *x, const struct ng *g, uint64_t seed)
{
	snprintf(x->path, sizeof x->path, "%s/fifo", x->folder);
	assert_int_equal(mkfifo(x->path, 0600), 0);
	pid_t child = fork();
	if (child != 0)
		return child;
	FILE *f = fopen(x->path, "w");
	setvbuf(f, NULL, _IONBF, 0);
	for (size_t at = 0; at < g->n;) {
		size_t n = 1 + wire_random(&seed) % 40;
		n = n < g->n - at ? n : g->n - at;
		fwrite(g->at + at, 1, n, f);
		at += n;
	}
	fclose(f);
	_exit(0);
}

/* However the bytes come, only the snapshot lengths are changed; what is no pcapng passes as it is.
 */
static void every_byte_passes(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct fixture *x = begin();
		struct ng g;
		ng_make(&g, round % 2, 50, 1000);
		ng_section(&g); /* a second section, with a block of a kind of its own */
		ng_u32(&g, 0x0bad);
		ng_u32(&g, 12);
		ng_u32(&g, 12);
		size_t second = g.n;
		ng_interface(&g, 7);
		ng_packet(&g, 0, 50, 1000);
		if (round % 3 == 2)
			g.at[0] = 0x55;
		uint8_t *want = malloc(g.n), *got = malloc(g.n + 1);
		assert_true(want && got);
		memcpy(want, g.at, g.n);
		uint32_t snaplen = round % 2 ? __builtin_bswap32(SL_SNAPLEN) : SL_SNAPLEN;
		for (size_t i = 0; i < 5 && round % 3 != 2; i++)
			memcpy(want + (i < 4 ? 28 + i * 20 : second) + 12, &snaplen, 4);
		pid_t child = writer_start(x, &g, round + 1);
		bool waiting, slow;
		FILE *plug =
			fopen(x->path, "r+"); /* so that the reader does not see an end too soon */
		FILE *f = sl_feed_open(&(struct sl_feed_config){ x->path, false, -1 }, &waiting,
				       &slow);
		assert_true(f && plug);
		assert_int_equal(fread(got, 1, g.n, f), g.n);
		assert_memory_equal(got, want, g.n);
		fclose(plug);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_int_equal(fread(got, 1, 1, f), 0);
		fclose(f);
		free(want);
		free(got);
		free(g.at);
		end(x);
	}
}

static void pace_of_the_capture(void **state)
{
	(void)state;
	struct fixture *x = begin();
	struct sl_source *s = NULL;
	struct sl_err err;
	size_t n = 0;
	capture_write(x->path, x->folder,
		      &(struct capture){ .name = "a", .link = 1, .packets = 4, .size = PACKET });
	assert_int_equal(sl_list_add(&x->paths, x->path), SL_OK);
	struct sl_file_config config = { .paths = &x->paths, .pace = 10, .wake_fd = x->wake[0] };
	assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err), SL_OK);
	uint64_t started = sl_time_mono_ms();
	while (sl_source_read(s, x->batch, &err) == SL_OK)
		n += x->batch->n;
	uint64_t took = sl_time_mono_ms() - started; /* three seconds at ten times the speed */
	assert_int_equal(n, 4);
	assert_in_range(took, 295, 2000);
	assert_int_equal(sl_source_close(s), SL_OK);
	end(x);
}

static void folders_in_order_of_time(void **state)
{
	(void)state;
	struct fixture *x = begin();
	struct sl_file_config config = { .paths = &x->paths, .wake_fd = -1 };
	struct sl_source *s = NULL;
	struct sl_err err;
	struct ng late, early, middle = { .swapped = true };
	char path[256];
	ng_make(&late, false, 1, 3000);
	ng_make(&early, true, 1, 500); /* interfaces of different snaplen: its time counts too */
	ng_section(&middle);
	ng_interface(&middle, 65535);
	ng_packet(&middle, 0, 0, 2000);
	write_file(x, "a.pcapng", &late, late.n);
	write_file(x, "z.pcapng", &early, early.n);
	write_file(x, "c.pcapng", &middle, middle.n);
	capture_write(path, x->folder,
		      &(struct capture){ .name = "e.pcap", .link = 1, .size = PACKET });
	capture_write(
		path, x->folder,
		&(struct capture){ .name = "d.pcap", .link = 1, .packets = 1, .size = PACKET });
	assert_int_equal(sl_list_add(&x->paths, x->folder), SL_OK);
	assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err), SL_OK);
	uint64_t want[] = { 500, 1000, 2000, 3000 };
	size_t n = 0;
	while (sl_source_read(s, x->batch, &err) == SL_OK)
		for (size_t i = 0; i < x->batch->n; i++, n++) {
			assert_true(n < 4);
			assert_int_equal(x->batch->frame[i].time / 1000000000u, want[n]);
		}
	assert_int_equal(n, 4);
	assert_int_equal(sl_source_close(s), SL_OK);
	free(late.at);
	free(early.at);
	free(middle.at);
	end(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_of_different_snaplen),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(every_byte_passes),
		cmocka_unit_test(pace_of_the_capture),
		cmocka_unit_test(folders_in_order_of_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
