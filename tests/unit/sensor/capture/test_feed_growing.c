/* Files that grow while they are read: each packet comes when it is there. */
#include "feed.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_grow),
		cmocka_unit_test(what_is_there_comes_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
