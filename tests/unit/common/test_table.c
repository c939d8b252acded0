/* The exact table: what was put in is found, what was not is not, and hostile bytes are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <selat/table.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 5000, SEED = 7 };

static struct sl_span key_of(char *buf, size_t room, unsigned i)
{
	int len = snprintf(buf, room, "key-%u.example", i * 2654435761u);
	return sl_span_of(buf, (size_t)len);
}

/* The table's bytes in memory aligned as in a file. */
static uint8_t *aligned(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = aligned_alloc(64, (size + 63) / 64 * 64);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static uint8_t *build(unsigned from, unsigned to, int step, size_t *size)
{
	struct sl_table_builder *b = sl_table_builder_new(SEED);
	char buf[64];
	assert_non_null(b);
	for (unsigned i = from; i != to; i += (unsigned)step) {
		struct sl_span key = key_of(buf, sizeof buf, i);
		assert_int_equal(sl_table_builder_add(b, key, i), 0);
		if (i % 10 == 0)
			assert_int_equal(sl_table_builder_add(b, key, i + KEYS), 0);
	}
	uint8_t *bytes;
	assert_int_equal(sl_table_builder_write(b, &bytes, size), 0);
	sl_table_builder_free(b);
	uint8_t *copy = aligned(bytes, *size);
	free(bytes);
	return copy;
}

static void finds_what_was_put_in(void **state)
{
	(void)state;
	size_t size;
	uint8_t *bytes = build(0, KEYS, 1, &size);
	struct sl_table t;
	struct sl_err err = { "" };
	char buf[64];
	assert_int_equal(sl_table_open(&t, sl_span_of(bytes, size), &err), 0);
	assert_int_equal(t.n, KEYS);
	for (unsigned i = 0; i < KEYS; i++) {
		struct sl_span key = key_of(buf, sizeof buf, i);
		struct sl_postings p = sl_table_get(&t, key);
		assert_int_equal(p.n, i % 10 == 0 ? 2 : 1);
		assert_int_equal(p.value[0], i);
		if (p.n == 2)
			assert_int_equal(p.value[1], i + KEYS);
	}
	for (unsigned i = KEYS; i < 4 * KEYS; i++)
		assert_int_equal(sl_table_get(&t, key_of(buf, sizeof buf, i)).n, 0);
	free(bytes);
}

static void order_does_not_matter(void **state)
{
	(void)state;
	size_t size, reverse_size;
	uint8_t *bytes = build(0, KEYS, 1, &size);
	uint8_t *reverse = build(KEYS - 1, UINT32_MAX, -1, &reverse_size);
	assert_int_equal(size, reverse_size);
	assert_memory_equal(bytes, reverse, size);
	free(bytes);
	free(reverse);
}

static void repeated_pairs_count_once(void **state)
{
	(void)state;
	struct sl_table_builder *b = sl_table_builder_new(SEED);
	uint8_t *bytes;
	size_t size;
	struct sl_table t;
	for (int i = 0; i < 5; i++)
		assert_int_equal(sl_table_builder_add(b, sl_span_str("same"), 3), 0);
	assert_int_equal(sl_table_builder_add(b, sl_span_str(""), 4), 0);
	assert_int_equal(sl_table_builder_write(b, &bytes, &size), 0);
	uint8_t *copy = aligned(bytes, size);
	assert_int_equal(sl_table_open(&t, sl_span_of(copy, size), NULL), 0);
	assert_int_equal(sl_table_get(&t, sl_span_str("same")).n, 1);
	assert_int_equal(sl_table_get(&t, sl_span_str("")).value[0], 4);
	free(copy);
	free(bytes);
	sl_table_builder_free(b);
}

static void empty_table_misses(void **state)
{
	(void)state;
	struct sl_table_builder *b = sl_table_builder_new(SEED);
	uint8_t *bytes;
	size_t size;
	struct sl_table t;
	assert_int_equal(sl_table_builder_write(b, &bytes, &size), 0);
	assert_null(bytes);
	assert_int_equal(size, 0);
	assert_int_equal(sl_table_open(&t, sl_span_of(NULL, 0), NULL), 0);
	assert_int_equal(sl_table_get(&t, sl_span_str("any")).n, 0);
	sl_table_builder_free(b);
}

/* One key with very many values among others: all are there, in order. */
static void many_values_of_one_key(void **state)
{
	(void)state;
	enum { VALUES = 300000 };
	struct sl_table_builder *b = sl_table_builder_new(SEED);
	uint8_t *bytes;
	size_t size;
	struct sl_table t;
	for (uint32_t i = VALUES; i-- > 0;)
		assert_int_equal(sl_table_builder_add(b, sl_span_str(i % 2 ? "odd" : "even"), i), 0);
	assert_int_equal(sl_table_builder_write(b, &bytes, &size), 0);
	uint8_t *copy = aligned(bytes, size);
	assert_int_equal(sl_table_open(&t, sl_span_of(copy, size), NULL), 0);
	struct sl_postings odd = sl_table_get(&t, sl_span_str("odd"));
	assert_int_equal(odd.n, VALUES / 2);
	for (uint32_t i = 0; i < odd.n; i++)
		assert_int_equal(odd.value[i], 2 * i + 1);
	free(copy);
	free(bytes);
	sl_table_builder_free(b);
}

static void each_key_comes_once(void **state)
{
	(void)state;
	size_t size;
	uint8_t *bytes = build(0, KEYS, 1, &size), *seen = calloc(2 * KEYS, 1);
	struct sl_table t;
	uint64_t at = 0;
	unsigned keys = 0;
	assert_int_equal(sl_table_open(&t, sl_span_of(bytes, size), NULL), 0);
	for (struct sl_postings p = sl_table_next(&t, &at); p.n; p = sl_table_next(&t, &at), keys++)
		for (uint32_t i = 0; i < p.n; i++)
			assert_int_equal(seen[p.value[i]]++, 0);
	assert_int_equal(keys, KEYS);
	assert_int_equal(at, 0);
	/* what table.h says, and keys of at most 24 bytes */
	assert_true(size < KEYS * (22 + 24));
	free(seen);
	free(bytes);
}

static void opened_as_it_is_built(void **state)
{
	(void)state;
	struct sl_table_builder *b = sl_table_builder_new(SEED);
	struct sl_table t;
	void *memory;
	assert_int_equal(sl_table_builder_open(b, &t, &memory, NULL), SL_OK);
	assert_int_equal(t.n, 0);
	assert_int_equal(sl_table_get(&t, sl_span_str("a")).n, 0);
	free(memory);
	assert_int_equal(sl_table_builder_add(b, sl_span_str("a"), 7), SL_OK);
	assert_int_equal(sl_table_builder_open(b, &t, &memory, NULL), SL_OK);
	sl_table_builder_free(b);
	assert_int_equal(sl_table_get(&t, sl_span_str("a")).value[0], 7);
	assert_int_equal(sl_table_get(&t, sl_span_str("b")).n, 0);
	free(memory);
}

static void refuses_a_key_too_long(void **state)
{
	(void)state;
	struct sl_table_builder *b = sl_table_builder_new(SEED);
	static const uint8_t key[8192];
	assert_int_equal(sl_table_builder_add(b, sl_span_of(key, sizeof key - 1), 1), 0);
	assert_int_equal(sl_table_builder_add(b, sl_span_of(key, sizeof key), 1), SL_EFORMAT);
	sl_table_builder_free(b);
}

static void refuses_every_other_size(void **state)
{
	(void)state;
	size_t size;
	uint8_t *bytes = build(0, 20, 1, &size);
	struct sl_table t;
	for (size_t len = 1; len < size; len++)
		assert_int_equal(sl_table_open(&t, sl_span_of(bytes, len), NULL), SL_EFORMAT);
	free(bytes);
}

/* Any byte may be anything: the table is refused, or every look-up stays inside of it (which the
 * sanitizers watch). Numbers of the head, slots and posting counts must be caught. */
static void hostile_bytes_stay_inside(void **state)
{
	(void)state;
	size_t size, refused = 0;
	uint8_t *bytes = build(0, 20, 1, &size);
	char buf[64];
	for (size_t at = 0; at < size; at++) {
		uint8_t was = bytes[at];
		struct sl_table t;
		bytes[at] ^= 0xff;
		if (sl_table_open(&t, sl_span_of(bytes, size), NULL) < 0) {
			refused++;
		} else {
			for (unsigned i = 0; i < 40; i++) {
				struct sl_postings p = sl_table_get(&t, key_of(buf, sizeof buf, i));
				assert_true(p.n < t.words);
			}
		}
		bytes[at] = was;
	}
	assert_true(refused > 4 * 8 + 20 * 4 + 20 * 3); /* the head's counts, slots, entries' heads */
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_put_in),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(repeated_pairs_count_once),
		cmocka_unit_test(empty_table_misses),
		cmocka_unit_test(many_values_of_one_key),
		cmocka_unit_test(each_key_comes_once),
		cmocka_unit_test(opened_as_it_is_built),
		cmocka_unit_test(refuses_a_key_too_long),
		cmocka_unit_test(refuses_every_other_size),
		cmocka_unit_test(hostile_bytes_stay_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
