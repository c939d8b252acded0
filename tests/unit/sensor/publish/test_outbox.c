/* The outbox: wrap-around, full, sleeping and waking, two threads. */
#include "fixture.h"

#include <pthread.h>
#include <sensor/publish/outbox.h>
#include <sensor/publish/publish.h>

enum { ROOM = 4096 };

struct pair {
	struct sl_bell bell;
	struct sl_outbox *o;
};

static void pair_open(struct pair *p, size_t room, bool lossless)
{
	struct sl_err err = { "" };
	assert_int_equal(sl_bell_init(&p->bell, &err), SL_OK);
	assert_int_equal(sl_outbox_new(&p->o, room, lossless, &p->bell, &err), SL_OK);
}

static void pair_close(struct pair *p)
{
	sl_outbox_free(p->o);
	sl_bell_fini(&p->bell);
}

/* A line whose length and bytes follow from its number. */
static size_t make_line(char *line, uint64_t n)
{
	size_t len = (size_t)(n * 7919 % 301);
	memset(line, (int)('a' + n % 26), len);
	return len;
}

static void check_line(const struct sl_outbox_record *r, uint64_t n)
{
	char want[512];
	size_t len = make_line(want, n);

	if (r->packet != n || r->len != len || memcmp(r + 1, want, len) != 0)
		fail_msg("record %llu came as %llu", (unsigned long long)n,
			 (unsigned long long)r->packet);
}

static void records_wrap_around_whole(void **state)
{
	(void)state;
	struct pair p;
	char line[512];
	uint64_t put = 0, got = 0;

	pair_open(&p, ROOM, false);
	while (got < 5000) {
		while (sl_outbox_line(p.o, put, line, make_line(line, put)))
			put++;
		assert_true(put > got);
		for (int i = 0; i < 3 && got < put; i++, got++) {
			const struct sl_outbox_record *r = sl_outbox_peek(p.o);
			assert_non_null(r);
			assert_int_equal((uintptr_t)r % 8, 0);
			check_line(r, got);
			sl_outbox_drop(p.o);
		}
	}
	pair_close(&p);
}

static void full_and_too_long_are_refused(void **state)
{
	(void)state;
	struct pair p;
	char line[ROOM];
	int n = 0;

	memset(line, 'x', sizeof line);
	pair_open(&p, ROOM, false);
	assert_false(sl_outbox_line(p.o, 1, line, ROOM / 2));
	while (sl_outbox_line(p.o, 1, line, 1000))
		assert_true(++n < 5);
	assert_int_equal(n, ROOM / 1024); /* with the header each has 1024 bytes */
	sl_outbox_drop(p.o);
	assert_true(sl_outbox_line(p.o, 1, line, 900));
	assert_false(sl_outbox_line(p.o, 1, line, 900));
	pair_close(&p);
}

static void bound_follows_records_and_reached(void **state)
{
	(void)state;
	struct pair p;
	bool has, ended;

	pair_open(&p, ROOM, true);
	assert_int_equal(sl_outbox_bound(p.o, &has, &ended), 1);
	assert_false(has || ended);
	sl_outbox_reached(p.o, 10);
	assert_int_equal(sl_outbox_bound(p.o, &has, &ended), 11);
	assert_true(sl_outbox_line(p.o, 15, "x", 1));
	sl_outbox_reached(p.o, 20);
	assert_int_equal(sl_outbox_bound(p.o, &has, &ended), 15);
	assert_true(has);
	sl_outbox_close(p.o);
	sl_outbox_bound(p.o, &has, &ended);
	assert_false(ended);
	sl_outbox_drop(p.o);
	sl_outbox_bound(p.o, &has, &ended);
	assert_true(ended);
	pair_close(&p);
}

static void match_keeps_its_tail(void **state)
{
	(void)state;
	struct pair p;
	struct fixture_rules rules;

	fixture_rules_init(&rules);
	pair_open(&p, ROOM, false);
	struct sl_match m = fixture_match(&rules, 9), back;
	m.value_len = 3;
	m.fields_len = 2;
	assert_true(sl_outbox_match(p.o, &m, "abcde", 5));
	assert_int_equal(sl_outbox_matches(p.o), 1);
	const struct sl_outbox_record *r = sl_outbox_peek(p.o);
	assert_int_equal(r->kind, SL_RECORD_MATCH);
	assert_int_equal(r->packet, 9);
	memcpy(&back, r + 1, sizeof back);
	assert_memory_equal(&back, &m, sizeof m);
	assert_memory_equal((const char *)(r + 1) + sizeof m, "abcde", 5);
	sl_outbox_drop(p.o);
	assert_int_equal(sl_outbox_matches(p.o), 0);
	pair_close(&p);
}

enum { MANY = 1000000 };

static void *write_many(void *arg)
{
	struct pair *p = arg;
	char line[512];

	for (uint64_t n = 0; n < MANY; n++) {
		if (!sl_outbox_line(p->o, n, line, make_line(line, n)))
			return p; /* a lossless put never fails */
		if (n % 64 == 0)
			sl_outbox_reached(p->o, n);
	}
	sl_outbox_close(p->o);
	return NULL;
}

/* Reads until the outbox ended, sleeping as the publisher does. */
static uint64_t read_many(struct pair *p)
{
	uint64_t got = 0;

	for (;;) {
		bool has, ended;
		sl_outbox_bound(p->o, &has, &ended);
		if (has) {
			check_line(sl_outbox_peek(p->o), got++);
			sl_outbox_drop(p->o);
			continue;
		}
		if (ended)
			return got;
		atomic_store(&p->bell.state, SL_BELL_IDLE);
		sl_outbox_bound(p->o, &has, &ended);
		if (has || ended) {
			atomic_store(&p->bell.state, SL_BELL_AWAKE);
			continue;
		}
		sl_bell_wait(&p->bell, 10000); /* a lost wake-up makes the test time out */
	}
}

static void two_threads_lose_nothing(void **state)
{
	(void)state;
	struct pair p;
	pthread_t writer;
	void *result;

	pair_open(&p, 16384, true);
	assert_int_equal(pthread_create(&writer, NULL, write_many, &p), 0);
	assert_int_equal(read_many(&p), MANY);
	pthread_join(writer, &result);
	assert_null(result);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_wrap_around_whole),
		cmocka_unit_test(full_and_too_long_are_refused),
		cmocka_unit_test(bound_follows_records_and_reached),
		cmocka_unit_test(match_keeps_its_tail),
		cmocka_unit_test(two_threads_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
