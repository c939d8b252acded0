/* Kafka against the embedded broker: what is sent arrives, complete, once and with its headers;
 * what cannot be sent waits; what is wrong is said. */
#include "kafka.h"

static void what_is_sent_arrives(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	unsigned full = 0;
	struct sl_err err = { "" };
	struct sl_producer *p = NULL;
	struct sl_consumer *whole = NULL, *later = NULL;
	struct sl_broker *b = start_broker();

	assert_int_equal(sl_producer_new(&p, NULL, sl_broker_address(b), count_report, &seen, &err),
			 0);
	send_all(p, 0, 5, &full);
	drain(p, &seen, 5);
	assert_int_equal(sl_consumer_new(&later, NULL, NULL, topics[0], SL_FROM_END, &err), 0);
	assert_string_equal(sl_consumer_servers(later), sl_broker_address(b));
	send_all(p, 5, 3, &full);
	drain(p, &seen, 8);
	assert_int_equal(sl_consumer_new(&whole, NULL, sl_broker_address(b), topics[0],
					 SL_FROM_BEGINNING, &err),
			 0);
	read_all(whole, 0, 8);
	read_all(later, 5, 3);
	assert_null(sl_producer_trouble(p));
	assert_false(sl_producer_dead(p));

	sl_consumer_free(whole);
	sl_consumer_free(later);
	sl_producer_free(p);
	sl_broker_free(b);
}

static void a_full_queue_holds_back(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	unsigned full = 0;
	struct sl_err err = { "" };
	struct sl_producer *p = NULL;
	struct sl_consumer *c = NULL;
	struct sl_broker *b = start_broker();
	struct sl_pair pairs[] = { pair_of("queue.buffering.max.messages", "10"),
				   pair_of("bootstrap.servers", "embedded") };
	struct sl_map settings = { pairs, 2 };

	assert_int_equal(sl_producer_new(&p, &settings, NULL, count_report, &seen, &err), 0);
	send_all(p, 0, RECORDS, &full);
	assert_true(full > 0);
	drain(p, &seen, RECORDS);
	assert_int_equal(sl_consumer_new(&c, &settings, NULL, topics[0], SL_FROM_BEGINNING, &err),
			 0);
	read_all(c, 0, RECORDS);

	sl_consumer_free(c);
	sl_producer_free(p);
	sl_broker_free(b);
}

static void a_huge_record_is_refused_for_good(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	struct sl_err err = { "" };
	struct sl_producer *p = NULL;
	struct sl_broker *b = start_broker();
	char *huge = calloc(1, 2000000), text[32];
	struct sl_record r = record_of(0, text);
	r.value = sl_span_of(huge, 2000000);

	assert_int_equal(sl_producer_new(&p, NULL, sl_broker_address(b), count_report, &seen, &err),
			 0);
	assert_int_equal(sl_producer_send(p, &r, &err), SL_EFAIL);
	assert_non_null(strstr(err.text, "message.max.bytes"));
	assert_false(sl_producer_dead(p));
	assert_int_equal(sl_producer_queued(p), 0);
	free(huge);
	sl_producer_free(p);
	sl_broker_free(b);
}

static void an_absent_broker_costs_nothing(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	unsigned full = 0;
	struct sl_err err = { "" };
	struct sl_producer *p = NULL;
	struct sl_consumer *c = NULL;
	struct sl_broker *b = start_broker();
	struct door door;
	door_make(&door, sl_broker_address(b));

	assert_int_equal(sl_producer_new(&p, NULL, door.address, count_report, &seen, &err), 0);
	send_all(p, 0, RECORDS, &full);
	uint64_t end_ms = sl_time_mono_ms() + 5000;
	while (!sl_producer_trouble(p) && sl_time_mono_ms() < end_ms)
		sl_producer_poll(p, 50);
	assert_non_null(sl_producer_trouble(p));
	assert_non_null(strstr(sl_producer_trouble(p), "refused"));
	assert_int_equal(seen.reports, 0);
	assert_true(sl_producer_queued(p) >= RECORDS);

	door_open(&door);
	drain(p, &seen, RECORDS);
	assert_null(sl_producer_trouble(p));
	assert_int_equal(sl_consumer_new(&c, NULL, NULL, topics[0], SL_FROM_BEGINNING, &err), 0);
	read_all(c, 0, RECORDS);

	sl_consumer_free(c);
	sl_producer_free(p);
	door_free(&door);
	sl_broker_free(b);
}

/* Nothing is on its way, so no delivery report can tell. */
static void trouble_ends_when_brokers_answer(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	struct sl_producer *p = NULL;
	struct sl_broker *b = start_broker();
	struct door door;
	door_make(&door, sl_broker_address(b));

	assert_int_equal(sl_producer_new(&p, NULL, door.address, count_report, &seen, NULL), 0);
	uint64_t end_ms = sl_time_mono_ms() + 5000;
	while (!sl_producer_trouble(p) && sl_time_mono_ms() < end_ms)
		sl_producer_poll(p, 50);
	assert_non_null(sl_producer_trouble(p));
	door_open(&door);
	end_ms = sl_time_mono_ms() + 8000;
	while (sl_producer_trouble(p) && sl_time_mono_ms() < end_ms)
		sl_producer_poll(p, 50);
	assert_null(sl_producer_trouble(p));

	sl_producer_free(p);
	door_free(&door);
	sl_broker_free(b);
}

static void expect_wrong(const char *key, const char *value, const char *const words[3])
{
	struct sl_pair pair = pair_of(key, value);
	struct sl_map settings = { &pair, 1 };
	struct sl_err err = { "" };
	assert_int_equal(sl_kafka_check(&settings, &err), SL_EUSAGE);
	for (size_t i = 0; i < 3; i++)
		if (!strstr(err.text, words[i]))
			fail_msg("\"%s\" lacks \"%s\"", err.text, words[i]);
}

static void wrong_settings_are_named(void **state)
{
	(void)state;
	expect_wrong("securty.protocol", "ssl",
		     (const char *const[]){ "selat.yaml:12:5", "kafka.securty.protocol",
					    "security.protocol" });
	expect_wrong(
		"linger.ms", "soon",
		(const char *const[]){ "selat.yaml:12:5", "kafka.linger.ms", "Invalid value" });
	expect_wrong("compression.type", "rar",
		     (const char *const[]){ "selat.yaml:12:5", "kafka.compression.type", "rar" });
	expect_wrong("acks", "1", (const char *const[]){ "kafka", "acks", "idempotence" });
	expect_wrong("log_cb", "x", (const char *const[]){ "selat.yaml:12:5", "log_cb", "set" });
}

static void right_settings_pass(void **state)
{
	(void)state;
	struct sl_err err = { "" };
	struct sl_pair pairs[] = {
		pair_of("bootstrap.servers", "k1:9093"),
		pair_of("bootstrap.servers", "k2:9093"),
		pair_of("message.timeout.ms", "60000"),
		pair_of("fetch.wait.max.ms", "100"),
		pair_of("queue.buffering.max.kbytes", "64"),
		pair_of("partitioner", "random"),
	};
	struct sl_map settings = { pairs, sizeof pairs / sizeof pairs[0] };
	if (sl_kafka_check(&settings, &err))
		fail_msg("%s", err.text);
	assert_int_equal(sl_kafka_check(NULL, &err), 0);
	assert_false(sl_kafka_embedded(&settings, true));
	assert_true(sl_kafka_embedded(NULL, true));
	assert_false(sl_kafka_embedded(NULL, false));
	pairs[1].value = (char *)(uintptr_t) "embedded";
	assert_true(sl_kafka_embedded(&settings, false));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_is_sent_arrives),
		CASE(a_full_queue_holds_back),
		CASE(a_huge_record_is_refused_for_good),
		CASE(an_absent_broker_costs_nothing),
		CASE(trouble_ends_when_brokers_answer),
		CASE(wrong_settings_are_named),
		CASE(right_settings_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
