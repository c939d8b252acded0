/* Kafka against the embedded broker: what is sent arrives, complete, once and with its headers;
 * what cannot be sent waits; what is wrong is said. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <selat/kafka.h>
#include <selat/time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { RECORDS = 200 };

static const char *const topics[] = { "selat.alerts", "selat.sensors", NULL };

struct seen {
	unsigned reports, failures;
	unsigned by_tag[RECORDS];
};

static void count_report(void *ctx, uint64_t tag, const char *error)
{
	struct seen *seen = ctx;
	assert_true(tag < RECORDS);
	seen->by_tag[tag]++;
	seen->reports++;
	seen->failures += error != NULL;
}

static struct sl_pair pair_of(const char *key, const char *value)
{
	static char place[] = "selat.yaml:12:5";
	return (struct sl_pair){ (char *)(uintptr_t)key, (char *)(uintptr_t)value, place };
}

static void make_runtime_dir(char *out, size_t room)
{
	snprintf(out, room, "/tmp/selat-test-XXXXXX");
	assert_non_null(mkdtemp(out));
	setenv("XDG_RUNTIME_DIR", out, 1);
}

static int set_up(void **state)
{
	static char folder[64];
	make_runtime_dir(folder, sizeof folder);
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	char path[128];
	snprintf(path, sizeof path, "%s/selat/broker", (char *)*state);
	unlink(path);
	snprintf(path, sizeof path, "%s/selat", (char *)*state);
	rmdir(path);
	return rmdir(*state);
}

static struct sl_broker *start_broker(void)
{
	struct sl_broker *b = NULL;
	struct sl_err err = { "" };
	if (sl_broker_start(&b, topics, &err))
		fail_msg("%s", err.text);
	return b;
}

static struct sl_record record_of(uint64_t tag, char text[32])
{
	snprintf(text, 32, "{\"n\":%u}", (unsigned)tag);
	return (struct sl_record){
		.topic = topics[0],
		.key = sl_span_str("vn-hn-ix1"),
		.value = sl_span_str(text),
		.time_ms = 1795000000000 + tag,
		.tag = tag,
	};
}

static void send_all(struct sl_producer *p, unsigned first, unsigned n, unsigned *full)
{
	char text[32];
	for (unsigned i = first; i < first + n; i++) {
		struct sl_record r = record_of(i, text);
		struct sl_header headers[] = { { "tlp", sl_span_str("TLP:GREEN") },
					       { "empty", sl_span_of("", 0) } };
		r.header = headers;
		r.headers_n = 2;
		int rc;
		while ((rc = sl_producer_send(p, &r, NULL)) == SL_EAGAIN) {
			(*full)++;
			sl_producer_poll(p, 5);
		}
		assert_int_equal(rc, SL_OK);
	}
}

static void drain(struct sl_producer *p, const struct seen *seen, unsigned n)
{
	uint64_t end_ms = sl_time_mono_ms() + 10000;
	while (seen->reports < n && sl_time_mono_ms() < end_ms)
		sl_producer_poll(p, 50);
	assert_int_equal(seen->reports, n);
	assert_int_equal(seen->failures, 0);
	assert_int_equal(sl_producer_queued(p), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(seen->by_tag[i], 1);
}

/* Reads n messages, first to first + n - 1 in order, and checks that nothing follows. */
static void read_all(struct sl_consumer *c, unsigned first, unsigned n)
{
	char text[32];
	struct sl_message m;
	struct sl_span value;
	uint64_t end_ms = sl_time_mono_ms() + 10000;
	for (unsigned i = first; i < first + n;) {
		assert_true(sl_time_mono_ms() < end_ms);
		int rc = sl_consumer_poll(c, 100, &m, NULL);
		assert_true(rc >= 0);
		if (rc == 0)
			continue;
		struct sl_record r = record_of(i++, text);
		assert_true(sl_span_eq(m.value, r.value));
		assert_true(sl_span_eq(m.key, r.key));
		assert_string_equal(m.topic, r.topic);
		assert_int_equal(m.time_ms, r.time_ms);
		assert_true(sl_consumer_header(c, "tlp", &value));
		assert_true(sl_span_eq(value, sl_span_str("TLP:GREEN")));
		assert_true(sl_consumer_header(c, "empty", &value));
		assert_int_equal(value.len, 0);
		assert_false(sl_consumer_header(c, "absent", &value));
	}
	assert_int_equal(sl_consumer_poll(c, 300, &m, NULL), 0);
	assert_false(sl_consumer_header(c, "tlp", &value));
}

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

/* A door to the broker on a port that is shut at first: connections are refused until it opens. */
struct door {
	int listener, stop[2];
	struct sockaddr_in at, broker;
	char address[32];
	pthread_t thread;
};

static void door_make(struct door *d, const char *broker)
{
	socklen_t len = sizeof d->at;
	*d = (struct door){ .listener = socket(AF_INET, SOCK_STREAM, 0) };
	d->at = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(d->listener, (struct sockaddr *)&d->at, len), 0);
	assert_int_equal(getsockname(d->listener, (struct sockaddr *)&d->at, &len), 0);
	snprintf(d->address, sizeof d->address, "127.0.0.1:%u", ntohs(d->at.sin_port));
	d->broker = d->at;
	d->broker.sin_port = htons((uint16_t)atoi(strrchr(broker, ':') + 1));
	assert_int_equal(pipe(d->stop), 0);
}

/* Forwards one pair of connections at a time; only the first question, "who are you?", needs it. */
static void forward(struct door *d, int client)
{
	char bytes[4096];
	int server = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd fds[] = { { client, POLLIN, 0 },
				{ server, POLLIN, 0 },
				{ d->stop[0], POLLIN, 0 } };
	bool open = connect(server, (struct sockaddr *)&d->broker, sizeof d->broker) == 0;
	while (open && poll(fds, 3, -1) > 0 && !fds[2].revents)
		for (int i = 0; i < 2 && open; i++) {
			if (!fds[i].revents)
				continue;
			ssize_t n = read(fds[i].fd, bytes, sizeof bytes);
			open = n > 0 && write(fds[1 - i].fd, bytes, (size_t)n) == n;
		}
	close(server);
	close(client);
}

static void *door_run(void *arg)
{
	struct door *d = arg;
	struct pollfd fds[] = { { d->listener, POLLIN, 0 }, { d->stop[0], POLLIN, 0 } };
	while (poll(fds, 2, -1) > 0 && !fds[1].revents)
		forward(d, accept(d->listener, NULL, NULL));
	return NULL;
}

static void door_open(struct door *d)
{
	assert_int_equal(listen(d->listener, 8), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, door_run, d), 0);
}

static void door_free(struct door *d)
{
	assert_int_equal(write(d->stop[1], "x", 1), 1);
	pthread_join(d->thread, NULL);
	close(d->listener);
	close(d->stop[0]);
	close(d->stop[1]);
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
		CASE(an_embedded_broker_goes_for_good),
		CASE(the_address_file_is_kept_right),
		CASE(a_strange_address_file_is_refused),
		CASE(a_left_behind_address_is_said),
		CASE(wrong_settings_are_named),
		CASE(right_settings_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
