/* pcapng of several interfaces, files that grow, files that are cut, folders in order of time. */
#include "../captures.h"
#include <pthread.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/capture/feed.h>
#include <sys/wait.h>

enum { PACKET = 61, PACKETS = 3000 };

/* --- pcapng by hand (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3) --- */

struct ng {
	uint8_t *at;
	size_t n, room;
	bool swapped;
};

static void ng_put(struct ng *g, const void *bytes, size_t n)
{
	if (g->n + n > g->room) {
		g->room = (g->n + n) * 2;
		g->at = realloc(g->at, g->room);
		assert_non_null(g->at);
	}
	memcpy(g->at + g->n, bytes, n);
	g->n += n;
}

static void ng_u32(struct ng *g, uint32_t v)
{
	v = g->swapped ? __builtin_bswap32(v) : v;
	ng_put(g, &v, 4);
}

static void ng_u16(struct ng *g, uint16_t v)
{
	v = g->swapped ? __builtin_bswap16(v) : v;
	ng_put(g, &v, 2);
}

static void ng_section(struct ng *g)
{
	ng_u32(g, 0x0a0d0d0a);
	ng_u32(g, 28);
	ng_u32(g, 0x1a2b3c4d);
	ng_u16(g, 1);
	ng_u16(g, 0);
	ng_u32(g, UINT32_MAX);
	ng_u32(g, UINT32_MAX);
	ng_u32(g, 28);
}

static void ng_interface(struct ng *g, uint32_t snaplen)
{
	ng_u32(g, 1);
	ng_u32(g, 20);
	ng_u16(g, 1);
	ng_u16(g, 0);
	ng_u32(g, snaplen);
	ng_u32(g, 20);
}

/* Its bytes are its number, then 0xab. */
static void ng_packet(struct ng *g, uint32_t interface, uint32_t number, uint32_t time_s)
{
	uint8_t bytes[PACKET + 3];
	uint64_t us = (uint64_t)time_s * 1000000 + number;
	memset(bytes, 0xab, sizeof bytes);
	memcpy(bytes, &number, 4);
	ng_u32(g, 6);
	ng_u32(g, 32 + sizeof bytes);
	ng_u32(g, interface);
	ng_u32(g, (uint32_t)(us >> 32));
	ng_u32(g, (uint32_t)us);
	ng_u32(g, PACKET);
	ng_u32(g, PACKET);
	ng_put(g, bytes, sizeof bytes);
	ng_u32(g, 32 + sizeof bytes);
}

static const uint32_t snaplens[] = { 65535, 0, 262144, 96 };

static void ng_make(struct ng *g, bool swapped, unsigned packets, uint32_t time_s)
{
	*g = (struct ng){ .swapped = swapped };
	ng_section(g);
	for (size_t i = 0; i < 4; i++)
		ng_interface(g, snaplens[i]);
	for (unsigned i = 0; i < packets; i++)
		ng_packet(g, i % 4, i, time_s);
}

/* --- reading --- */

struct fixture {
	char folder[64], path[256];
	struct sl_list paths;
	struct sl_counters counters;
	struct sl_frames *batch;
	int wake[2];
};

static struct fixture *begin(void)
{
	struct fixture *x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->batch = malloc(sizeof *x->batch);
	assert_non_null(x->batch);
	captures_begin(x->folder);
	assert_int_equal(pipe(x->wake), 0);
	sl_log_level(0);
	return x;
}

static void end(struct fixture *x)
{
	captures_end(x->folder);
	sl_list_free(&x->paths);
	close(x->wake[0]);
	close(x->wake[1]);
	free(x->batch);
	free(x);
}

static void append(const char *path, const uint8_t *at, size_t n)
{
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fwrite(at, 1, n, f), n);
	fclose(f);
}

static void write_file(struct fixture *x, const char *name, const struct ng *g, size_t n)
{
	snprintf(x->path, sizeof x->path, "%s/%s", x->folder, name);
	append(x->path, g->at, n);
}

static uint32_t number_of(const struct sl_frame *f)
{
	uint32_t n;
	memcpy(&n, f->at, 4);
	return n;
}

/* Reads to the end; packet i must be number i. */
static unsigned read_numbered(struct fixture *x, bool follow, int *rc)
{
	struct sl_file_config config = { .paths = &x->paths,
					 .follow = follow,
					 .wake_fd = x->wake[0] };
	struct sl_source *s = NULL;
	struct sl_err err = { "" };
	unsigned n = 0;
	assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err), SL_OK);
	while (sl_source_read(s, x->batch, &err) == SL_OK)
		for (size_t i = 0; i < x->batch->n; i++, n++) {
			assert_int_equal(x->batch->frame[i].caplen, PACKET);
			assert_int_equal(number_of(&x->batch->frame[i]), n);
			assert_int_equal(x->batch->frame[i].at[PACKET - 1], 0xab);
		}
	*rc = sl_source_close(s);
	return n;
}

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

/* However the bytes come, only the snapshot lengths are changed; what is no pcapng passes as it is.
 */
static void every_byte_passes(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct fixture *x = begin();
		struct ng g;
		uint64_t seed = round + 1;
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
		snprintf(x->path, sizeof x->path, "%s/fifo", x->folder);
		assert_int_equal(mkfifo(x->path, 0600), 0);
		pid_t child = fork();
		if (child == 0) {
			FILE *f = fopen(x->path, "w");
			setvbuf(f, NULL, _IONBF, 0);
			for (size_t at = 0; at < g.n;) {
				size_t n = 1 + wire_random(&seed) % 40;
				n = n < g.n - at ? n : g.n - at;
				fwrite(g.at + at, 1, n, f);
				at += n;
			}
			fclose(f);
			_exit(0);
		}
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

/* --- files that grow --- */

struct writer {
	const char *path;
	const struct ng *g;
	size_t from;
	int wake;
};

static void nap(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Appends the rest in pieces that end inside blocks, then ends the run. */
static void *grow(void *arg)
{
	struct writer *w = arg;
	size_t step = (w->g->n - w->from) / 6 + 1;
	for (size_t at = w->from; at < w->g->n; at += step) {
		nap(30);
		append(w->path, w->g->at + at, step < w->g->n - at ? step : w->g->n - at);
	}
	nap(400); /* more than the time between two looks */
	assert_int_equal(write(w->wake, "x", 1), 1);
	return NULL;
}

static void grows(bool pcapng, size_t from)
{
	struct fixture *x = begin();
	struct ng g;
	pthread_t thread;
	int rc;
	if (pcapng) {
		ng_make(&g, false, 40, 1000);
	} else {
		char path[256];
		g = (struct ng){ 0 };
		capture_write(path, x->folder,
			      &(struct capture){
				      .name = "whole", .link = 1, .packets = 40, .size = PACKET });
		FILE *f = fopen(path, "r");
		g.at = malloc(65536);
		g.n = fread(g.at, 1, 65536, f);
		fclose(f);
	}
	write_file(x, "a", &g, from);
	assert_int_equal(sl_list_add(&x->paths, x->path), SL_OK);
	struct writer w = { x->path, &g, from, x->wake[1] };
	assert_int_equal(pthread_create(&thread, NULL, grow, &w), 0);
	assert_int_equal(read_numbered(x, true, &rc), 40);
	pthread_join(thread, NULL);
	assert_int_equal(rc, SL_OK);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FILES_CUT), 0);
	free(g.at);
	end(x);
}

static void files_that_grow(void **state)
{
	(void)state;
	grows(true, 28 + 80 + 96 * 3 + 17); /* in a packet */
	grows(true, 30);                    /* in the first interface's block */
	grows(false, 24 + 5);
	grows(false, 11); /* in the file's header */
	grows(false, 0);  /* nothing there yet */
}

/* A packet is handed on when it is there, not when the next one is. */
static void what_is_there_comes_at_once(void **state)
{
	(void)state;
	struct fixture *x = begin();
	struct ng g;
	struct sl_source *s = NULL;
	struct sl_err err;
	ng_make(&g, true, 2, 1000);
	write_file(x, "a", &g, g.n);
	assert_int_equal(sl_list_add(&x->paths, x->path), SL_OK);
	struct sl_file_config config = { .paths = &x->paths,
					 .follow = true,
					 .wake_fd = x->wake[0] };
	assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err), SL_OK);
	uint64_t started = sl_time_mono_ms();
	size_t got = 0;
	while (got < 2) {
		assert_int_equal(sl_source_read(s, x->batch, &err), SL_OK);
		got += x->batch->n;
	}
	assert_true(sl_time_mono_ms() - started < 5000);
	assert_int_equal(write(x->wake[1], "x", 1), 1);
	assert_int_equal(sl_source_read(s, x->batch, &err), SL_SOURCE_END);
	assert_int_equal(sl_source_close(s), SL_OK);
	free(g.at);
	end(x);
}

/* --- pace --- */

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

/* --- folders --- */

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
		cmocka_unit_test(files_that_grow),
		cmocka_unit_test(what_is_there_comes_at_once),
		cmocka_unit_test(pace_of_the_capture),
		cmocka_unit_test(folders_in_order_of_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
