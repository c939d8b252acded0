/* The embedded broker: its end, and the file that says its address. */
#include "kafka.h"

static void an_embedded_broker_goes_for_good(void **state)
{
	(void)state;
	struct sl_consumer *c = NULL;
	struct sl_message m;
	struct sl_err err = { "" };
	struct sl_broker *b = start_broker();
	int rc = 0;
	assert_int_equal(sl_consumer_new(&c, NULL, NULL, topics[0], SL_FROM_END, &err), 0);
	assert_int_equal(sl_consumer_poll(c, 10, &m, &err), 0);
	sl_broker_free(b);
	uint64_t began_ms = sl_time_mono_ms();
	while (rc == 0 && sl_time_mono_ms() < began_ms + 10000)
		rc = sl_consumer_poll(c, 100, &m, &err);
	assert_int_equal(rc, SL_EFAIL);
	assert_true(sl_time_mono_ms() - began_ms >= 4500);
	assert_non_null(strstr(err.text, "is gone"));
	sl_consumer_free(c);
}

static void the_address_file_is_kept_right(void **state)
{
	char servers[128], small[4], path[128];
	struct sl_err err = { "" };
	assert_int_equal(sl_broker_find(servers, sizeof servers, &err), SL_EFAIL);
	assert_non_null(strstr(err.text, "embedded"));
	struct sl_broker *first = start_broker();
	assert_int_equal(sl_broker_find(servers, sizeof servers, &err), 0);
	assert_string_equal(servers, sl_broker_address(first));
	assert_int_equal(strncmp(servers, "127.0.0.1:", 10), 0);
	assert_true(sl_broker_find(small, sizeof small, &err) < 0);
	snprintf(path, sizeof path, "%s/selat/broker", (char *)*state);
	assert_string_equal(sl_broker_file(first), path);

	struct sl_broker *second = start_broker();
	sl_broker_free(first); /* the file is the second's now */
	assert_int_equal(sl_broker_find(servers, sizeof servers, &err), 0);
	assert_string_equal(servers, sl_broker_address(second));
	sl_broker_free(second);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_strange_address_file_is_refused(void **state)
{
	static const char *const texts[] = { "",        "\n",        "localhost",
					     "host:",   ":9092",     "a b:1",
					     "x:1,y:2", "\x1b[2J:1", "127.0.0.1:9092x" };
	char servers[128], path[128];
	struct sl_err err;
	struct sl_broker *b = start_broker(); /* makes the folder */
	sl_broker_free(b);
	snprintf(path, sizeof path, "%s/selat/broker", (char *)*state);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(sl_broker_find(servers, sizeof servers, &err), SL_EFORMAT);
		assert_non_null(strstr(err.text, path));
	}
}

static void a_left_behind_address_is_said(void **state)
{
	char path[128];
	struct sl_consumer *c = NULL;
	struct sl_err err = { "" };
	struct sl_broker *b = start_broker();
	struct door shut;
	door_make(&shut, sl_broker_address(b));
	sl_broker_free(b);
	snprintf(path, sizeof path, "%s/selat/broker", (char *)*state);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", shut.address);
	fclose(f);
	assert_int_equal(sl_consumer_new(&c, NULL, NULL, topics[0], SL_FROM_END, &err), SL_EFAIL);
	assert_null(c);
	assert_non_null(strstr(err.text, shut.address));
	assert_non_null(strstr(err.text, "refused"));
	assert_non_null(strstr(err.text, "has ended"));
	close(shut.listener);
	close(shut.stop[0]);
	close(shut.stop[1]);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(an_embedded_broker_goes_for_good),
		CASE(the_address_file_is_kept_right),
		CASE(a_strange_address_file_is_refused),
		CASE(a_left_behind_address_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
