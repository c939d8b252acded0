/* Captures in files: formats, order, files that are cut, empty, missing or of an unknown kind. */
#include "../captures.h"
#include <selat/log.h>

struct fixture {
	char folder[64], path[256];
	struct sl_list paths;
	struct sl_counters counters;
	struct sl_frames *batch;
};

static struct fixture *begin(void)
{
	struct fixture *x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->batch = malloc(sizeof *x->batch);
	assert_non_null(x->batch);
	captures_begin(x->folder);
	sl_log_level(0); /* what is passed over is logged; the counters say it here */
	return x;
}

static void end(struct fixture *x)
{
	captures_end(x->folder);
	sl_list_free(&x->paths);
	free(x->batch);
	free(x);
}

static void add(struct fixture *x, const struct capture *c)
{
	capture_write(x->path, x->folder, c);
	assert_int_equal(sl_list_add(&x->paths, x->path), SL_OK);
}

/* Reads to the end: how many packets; rc is what closing said. */
static uint64_t read_all(struct fixture *x, int *rc)
{
	struct sl_source *s = NULL;
	struct sl_err err = { "" };
	uint64_t n = 0;
	int got;
	struct sl_file_config config = { .paths = &x->paths, .wake_fd = -1 };
	assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err), SL_OK);
	while ((got = sl_source_read(s, x->batch, &err)) == SL_OK) {
		assert_in_range(x->batch->n, 1, SL_BATCH);
		assert_null(x->batch->interface);
		for (size_t i = 0; i < x->batch->n; i++) {
			const struct sl_frame *f = &x->batch->frame[i];
			assert_int_equal(f->number, ++n);
			assert_true(f->at >= x->batch->store &&
				    f->at + f->caplen <= x->batch->store + sizeof x->batch->store);
			assert_int_equal(f->len, f->caplen + 1);
			assert_int_equal(f->at[f->caplen - 1], 0xab);
		}
	}
	assert_int_equal(got, SL_SOURCE_END);
	assert_int_equal(sl_source_read(s, x->batch, &err), SL_SOURCE_END); /* and stays there */
	*rc = sl_source_close(s);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_PACKETS), n);
	return n;
}

static void every_form(void **state)
{
	(void)state;
	for (unsigned form = 0; form < 4; form++) {
		struct fixture *x = begin();
		struct sl_err err;
		struct sl_source *s;
		add(x, &(struct capture){ .name = "a",
					  .link = 101,
					  .nano = form & 1,
					  .swapped = form & 2,
					  .packets = 3,
					  .size = 60 });
		struct sl_file_config config = { .paths = &x->paths, .wake_fd = -1 };
		assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err),
				 SL_OK);
		assert_int_equal(sl_source_read(s, x->batch, &err), SL_OK);
		assert_int_equal(x->batch->n, 3);
		assert_int_equal(x->batch->frame[2].time,
				 1002 * UINT64_C(1000000000) + (form & 1 ? 7 : 7000));
		assert_int_equal(x->batch->frame[2].link, 12); /* as libpcap calls 101 */
		assert_int_equal(x->batch->frame[2].caplen, 60);
		assert_int_equal(x->batch->frame[2].len, 61);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_BYTES), 183);
		assert_int_equal(sl_source_close(s), SL_OK);
		end(x);
	}
}

static void files_in_the_order_given(void **state)
{
	(void)state;
	struct fixture *x = begin();
	int rc;
	add(x, &(struct capture){ .name = "b", .link = 1, .packets = 200, .size = 100 });
	add(x, &(struct capture){ .name = "none", .link = 1 });
	add(x, &(struct capture){ .name = "a", .link = 101, .packets = 1, .size = 100 });
	assert_int_equal(read_all(x, &rc), 201); /* numbered through */
	assert_int_equal(rc, SL_OK);
	assert_int_equal(x->batch->n, 0);
	assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FILES), 3);
	end(x);
}

/* Frames of the greatest size: a batch takes as many as its store has room for. */
static void large_frames(void **state)
{
	(void)state;
	struct fixture *x = begin();
	int rc;
	add(x, &(struct capture){ .name = "a", .link = 1, .packets = 7, .size = 262144 - 1 });
	add(x, &(struct capture){ .name = "b", .link = 1, .packets = 300, .size = 9001 });
	assert_int_equal(read_all(x, &rc), 307);
	assert_int_equal(rc, SL_OK);
	end(x);
}

static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t less = 1; less < 150; less++) {
		struct fixture *x = begin();
		int rc;
		add(x, &(struct capture){
			       .name = "a", .link = 1, .packets = 5, .size = 60, .less = less });
		add(x, &(struct capture){ .name = "b", .link = 1, .packets = 2, .size = 60 });
		uint64_t whole = 5 - (less + 75) / 76; /* what precedes the cut is used */
		assert_int_equal(read_all(x, &rc), whole + 2);
		assert_int_equal(rc, less % 76 ? SL_EPARTIAL : SL_OK);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FILES_CUT), less % 76 != 0);
		end(x);
	}
}

static void what_cannot_be_read_is_passed_over(void **state)
{
	(void)state;
	static const struct capture unknown = {
		.name = "usb", .link = 220, .packets = 1, .size = 60
	};
	static const struct capture empty = { .name = "empty", .link = 1, .less = 24 };
	static const struct capture header = { .name = "header", .link = 1, .less = 3 };
	const struct capture *bad[] = { &unknown, &empty, &header };
	int rc;
	for (unsigned i = 0; i < 4; i++) {
		struct fixture *x = begin();
		if (i < 3)
			add(x, bad[i]);
		else
			assert_int_equal(sl_list_add(&x->paths, "/nonexistent/capture.pcap"),
					 SL_OK);
		assert_int_equal(read_all(x, &rc), 0);
		assert_int_equal(rc, SL_EFAIL); /* nothing was readable */
		end(x);
		x = begin();
		if (i < 3)
			add(x, bad[i]);
		else
			assert_int_equal(sl_list_add(&x->paths, "/nonexistent/capture.pcap"),
					 SL_OK);
		add(x, &(struct capture){ .name = "good", .link = 1, .packets = 2, .size = 60 });
		assert_int_equal(read_all(x, &rc), 2);
		assert_int_equal(rc, SL_EPARTIAL);
		assert_int_equal(sl_counter_get(&x->counters, SL_COUNT_FILES_CUT), 1);
		end(x);
	}
	assert_int_equal(sl_source_close(NULL), SL_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(files_in_the_order_given),
		cmocka_unit_test(large_frames),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(what_cannot_be_read_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
