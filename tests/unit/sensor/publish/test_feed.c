/* From the journal to Kafka: policy, headers, marks over restarts, kills, a broker that is not
 * there. The program runs itself as a child (argv[1]) where a process has to be killed. */
#include "fixture.h"
#include "tsan_kafka.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <selat/kafka.h>
#include <selat/time.h>
#include <sensor/publish/publish.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { SEEN_MAX = 65536, PATIENCE_MS = 30000 };

/* --- a publisher with two routes --- */

struct setup {
	struct sl_pair kafka[1], routes[4];
	struct sl_map kafka_map, routes_map;
	struct sl_publish_config config;
	char national[64], region[64];
};

static struct sl_pair pair_of(const char *key, const char *value)
{
	return (struct sl_pair){ (char *)(uintptr_t)key, (char *)(uintptr_t)value,
				 (char *)(uintptr_t) "test:1:1" };
}

/* Topics carry the test's name, so that one broker serves all tests. */
static void setup_init(struct setup *s, const char *folder, const char *servers, const char *test)
{
	memset(s, 0, sizeof *s);
	snprintf(s->national, sizeof s->national, "national.%s", test);
	snprintf(s->region, sizeof s->region, "region.%s", test);
	s->kafka[0] = pair_of("bootstrap.servers", servers);
	s->routes[0] = pair_of("national.topic", s->national);
	s->routes[1] = pair_of("national.tlp", "TLP:AMBER+STRICT");
	s->routes[2] = pair_of("region.topic", s->region);
	s->routes[3] = pair_of("region.tlp", "TLP:GREEN");
	s->kafka_map = (struct sl_map){ s->kafka, 1 };
	s->routes_map = (struct sl_map){ s->routes, 4 };
	s->config = (struct sl_publish_config){ .sensor_id = "vn-hn-ix1",
						.country = "VN",
						.journal = folder,
						.kafka = &s->kafka_map,
						.routes = &s->routes_map,
						.retro = true,
						.workers = 1 };
}

static struct sl_publisher *begin(const struct sl_publish_config *config)
{
	struct sl_publisher *p;
	struct sl_err err = { "" };

	if (sl_publisher_new(&p, config, &err) != SL_OK || sl_publisher_start(p, &err) != SL_OK)
		fail_msg("%s", err.text);
	return p;
}

static void put_matches(struct sl_publisher *p, unsigned n)
{
	static struct fixture_rules rules;
	static bool made;

	if (!made)
		fixture_rules_init(&rules);
	made = true;
	for (unsigned i = 1; i <= n; i++) {
		struct sl_match m = fixture_match(&rules, i);
		m.indicator = i % 2; /* odd: AMBER, even: GREEN */
		m.loaded = NULL;
		assert_true(sl_outbox_match(sl_publisher_outbox(p, 0), &m, "", 0));
	}
}

static uint64_t count_of(const struct sl_publisher *p, enum sl_counter which)
{
	return sl_counter_get(sl_publisher_counters(p), which);
}

static void end(struct sl_publisher *p, int drain_ms)
{
	struct sl_err err = { "" };

	sl_outbox_close(sl_publisher_outbox(p, 0));
	if (sl_publisher_finish(p, drain_ms, &err) != SL_OK)
		fail_msg("%s", err.text);
}

/* --- what arrived on a topic --- */

struct seen {
	unsigned n, repeated; /* distinct alerts; deliveries of one that had come already */
	char *id[SEEN_MAX];
	uint64_t hash[SEEN_MAX], route_seq[SEEN_MAX];
};

static void seen_free(struct seen *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free(s->id[i]);
	free(s);
}

static void header(const struct sl_consumer *c, const char *name, char *out, size_t room)
{
	struct sl_span value;

	if (!sl_consumer_header(c, name, &value))
		fail_msg("there is no header %s", name);
	assert_true(value.len < room);
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
}

static void check_headers(const struct sl_consumer *c, const struct sl_message *m,
			  const char *route, json_t *alert)
{
	char text[256];
	const char *const fixed[][2] = {
		{ "ce_specversion", "1.0" },  { "ce_type", "org.selat.alert.v1" },
		{ "ce_source", "vn-hn-ix1" }, { "content-type", "application/json" },
		{ "country", "VN" },          { "route", route }
	};
	const char *const same[][2] = { { "ce_id", "id" },
					{ "ce_time", "time" },
					{ "tlp", "tlp" },
					{ "severity", "severity" } };

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		header(c, fixed[i][0], text, sizeof text);
		assert_string_equal(text, fixed[i][1]);
	}
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		header(c, same[i][0], text, sizeof text);
		assert_string_equal(text, json_string_value(json_object_get(alert, same[i][1])));
	}
	assert_true(sl_span_eq(m->key, sl_span_str("vn-hn-ix1")));
	assert_true((uint64_t)m->time_ms + 60000 > sl_time_now() / 1000000);
}

static uint64_t hash_of(struct sl_span bytes)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < bytes.len; i++)
		h = (h ^ bytes.at[i]) * UINT64_C(1099511628211);
	return h;
}

static void note(struct seen *s, const char *id, uint64_t hash, uint64_t route_seq)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->id[i], id) == 0) { /* again: the same bytes and number */
			assert_int_equal(s->hash[i], hash);
			assert_int_equal(s->route_seq[i], route_seq);
			s->repeated++;
			return;
		}
	assert_true(s->n < SEEN_MAX);
	s->id[s->n] = strdup(id);
	s->hash[s->n] = hash;
	s->route_seq[s->n++] = route_seq;
}

/* What the topic holds: waits for as many alerts as there must be, then for silence, so that
 * neither a slow machine nor an alert too many goes unseen. */
static struct seen *read_topic(const char *servers, const char *topic, const char *route,
			       uint64_t expected)
{
	struct seen *s = calloc(1, sizeof *s);
	struct sl_consumer *c;
	struct sl_message m;
	struct sl_err err = { "" };
	char seq[32];

	assert_non_null(s);
	if (sl_consumer_new(&c, NULL, servers, topic, SL_FROM_BEGINNING, &err) != SL_OK)
		fail_msg("%s", err.text);
	uint64_t deadline_ms = sl_time_mono_ms() + PATIENCE_MS;
	for (int empty = 0; empty < 4 || (s->n < expected && sl_time_mono_ms() < deadline_ms);) {
		int rc = sl_consumer_poll(c, 100, &m, &err);
		if (rc < 0)
			fail_msg("%s", err.text);
		empty = rc == 0 ? empty + 1 : 0;
		if (rc == 0)
			continue;
		json_t *alert = json_loadb((const char *)m.value.at, m.value.len, 0, NULL);
		assert_non_null(alert);
		check_headers(c, &m, route, alert);
		header(c, "route_seq", seq, sizeof seq);
		note(s, json_string_value(json_object_get(alert, "id")), hash_of(m.value),
		     strtoull(seq, NULL, 10));
		json_decref(alert);
	}
	sl_consumer_free(c);
	if (s->n < expected)
		fail_msg("topic %s: %u alerts in %d ms, not %" PRIu64, topic, s->n, PATIENCE_MS,
			 expected);
	return s;
}

/* Every route_seq from 1 to n is there once. */
static void assert_gapless(const struct seen *s)
{
	bool *has = calloc(s->n + 2, 1);
	for (unsigned i = 0; i < s->n; i++) {
		assert_in_range(s->route_seq[i], 1, s->n);
		assert_false(has[s->route_seq[i]]);
		has[s->route_seq[i]] = true;
	}
	free(has);
}

/* --- the broker all tests share --- */

static struct sl_broker *broker;
static char runtime[64];

static int start_broker(void **state)
{
	static const char *const topics[] = {
		"national.policy", "region.policy", "national.restart",
		"region.restart",  "national.kill", "region.kill",
		"national.late",   "region.late",   NULL
	};
	struct sl_err err = { "" };

	(void)state;
	setenv("XDG_RUNTIME_DIR", fixture_folder(runtime), 1);
	return sl_broker_start(&broker, topics, &err);
}

static int stop_broker(void **state)
{
	(void)state;
	sl_broker_free(broker);
	fixture_folder_end(runtime);
	return 0;
}

/* --- tests --- */

static void policy_headers_and_numbers(void **state)
{
	(void)state;
	struct setup s;
	char folder[64];

	fixture_folder(folder);
	setup_init(&s, folder, sl_broker_address(broker), "policy");
	struct sl_publisher *p = begin(&s.config);
	put_matches(p, 400);
	end(p, 10000);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS), 400);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), 400);
	assert_int_equal(count_of(p, SL_COUNT_ROUTED), 600);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 600);
	assert_int_equal(count_of(p, SL_COUNT_WITHHELD), 200);
	sl_publisher_free(p);
	char pattern[128];
	glob_t files;
	snprintf(pattern, sizeof pattern, "%s/journal/*/*", folder);
	assert_int_equal(glob(pattern, 0, NULL, &files), GLOB_NOMATCH); /* delivered: let go */

	struct seen *national = read_topic(sl_broker_address(broker), s.national, "national", 400);
	struct seen *region = read_topic(sl_broker_address(broker), s.region, "region", 200);
	assert_int_equal(national->n, 400);
	assert_int_equal(region->n, 200);
	assert_int_equal(national->repeated + region->repeated, 0);
	assert_gapless(national);
	assert_gapless(region);
	seen_free(national);
	seen_free(region);
	fixture_folder_end(folder);
}

static void undelivered_goes_out_after_a_restart(void **state)
{
	(void)state;
	struct setup s;
	char folder[64];

	fixture_folder(folder);
	setup_init(&s, folder, "127.0.0.1:9", "restart"); /* nobody is there */
	struct sl_publisher *p = begin(&s.config);
	put_matches(p, 300);
	end(p, 50);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 0);
	assert_int_equal(count_of(p, SL_COUNT_ALERTS_WRITTEN), 300);
	sl_publisher_free(p);

	s.kafka[0] = pair_of("bootstrap.servers", sl_broker_address(broker));
	for (unsigned round = 0; round < 3; round++) { /* the last two have nothing old to send */
		p = begin(&s.config);
		put_matches(p, 10);
		end(p, 10000);
		assert_int_equal(count_of(p, SL_COUNT_DELIVERED), round == 0 ? 465 : 15);
		sl_publisher_free(p);
	}
	struct seen *national = read_topic(sl_broker_address(broker), s.national, "national", 330);
	struct seen *region = read_topic(sl_broker_address(broker), s.region, "region", 165);
	assert_int_equal(national->n, 330);
	assert_int_equal(region->n, 165);
	assert_int_equal(national->repeated, 0);
	assert_gapless(national);
	assert_gapless(region);
	seen_free(national);
	seen_free(region);
	fixture_folder_end(folder);
}

enum { KILLS = 6 };

/* The child: alerts without end; says on stdout how many are journaled. */
static int run_child(const char *folder, const char *servers)
{
	struct setup s;

	setup_init(&s, folder, servers, "kill");
	struct sl_publisher *p = begin(&s.config);
	for (;;) {
		put_matches(p, 2);
		uint64_t n = count_of(p, SL_COUNT_ALERTS_WRITTEN);
		if (write(STDOUT_FILENO, &n, sizeof n) != (ssize_t)sizeof n)
			return 1;
		usleep(1000);
	}
}

/* Starts a child, kills it after some time, gives the number it said last. */
static uint64_t kill_child(const char *folder, const char *servers, int ms)
{
	int fd[2];
	uint64_t n = 0, last = 0;

	assert_int_equal(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execl("/proc/self/exe", "child", "child", folder, servers, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	while (last == 0 && read(fd[0], &n, sizeof n) == (ssize_t)sizeof n)
		last = n;
	usleep((useconds_t)ms * 1000);
	kill(pid, SIGKILL);
	while (read(fd[0], &n, sizeof n) == (ssize_t)sizeof n)
		last = n;
	waitpid(pid, NULL, 0);
	close(fd[0]);
	assert_true(last > 0);
	return last;
}

static void kill_loses_nothing(void **state)
{
	(void)state;
	struct setup s;
	char folder[64];
	uint64_t journaled = 0;

	fixture_folder(folder);
	for (int i = 0; i < KILLS; i++)
		journaled += kill_child(folder, sl_broker_address(broker), 20 + 37 * i);
	setup_init(&s, folder, sl_broker_address(broker), "kill");
	struct sl_publisher *p = begin(&s.config);
	end(p, 10000);
	sl_publisher_free(p);
	struct seen *national =
		read_topic(sl_broker_address(broker), s.national, "national", journaled);
	assert_true(national->n >= journaled);
	assert_gapless(national); /* so nothing between the first and the last is missing */
	seen_free(national);
	fixture_folder_end(folder);
}

/* --- a broker that comes late: a port that first refuses, then leads to the broker --- */

struct door {
	int listener, stop[2];
	char address[64];
	pthread_t thread;
};

static void copy_both_ways(int a, int b, int stop)
{
	char bytes[65536];
	struct pollfd wait[] = { { .fd = a, .events = POLLIN },
				 { .fd = b, .events = POLLIN },
				 { .fd = stop, .events = POLLIN } };

	while (poll(wait, 3, -1) > 0 && !wait[2].revents)
		for (int i = 0; i < 2; i++) {
			if (!wait[i].revents)
				continue;
			ssize_t n = read(wait[i].fd, bytes, sizeof bytes);
			if (n <= 0 || write(wait[1 - i].fd, bytes, (size_t)n) != n)
				return;
		}
}

static int connect_to(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)atoi(strchr(address, ':') + 1)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void *door_main(void *arg)
{
	struct door *d = arg;

	for (;;) {
		struct pollfd wait[] = { { .fd = d->listener, .events = POLLIN },
					 { .fd = d->stop[0], .events = POLLIN } };
		poll(wait, 2, -1);
		if (wait[1].revents)
			return NULL;
		int in = accept(d->listener, NULL, NULL),
		    out = connect_to(sl_broker_address(broker));
		copy_both_ways(in, out, d->stop[0]);
		close(in);
		close(out);
	}
}

static void door_init(struct door *d)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	d->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(d->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(d->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(d->address, sizeof d->address, "127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(pipe(d->stop), 0);
}

static void door_open(struct door *d)
{
	assert_int_equal(listen(d->listener, 8), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, door_main, d), 0);
}

static void door_close(struct door *d)
{
	assert_int_equal(write(d->stop[1], "x", 1), 1);
	pthread_join(d->thread, NULL);
	close(d->listener);
	close(d->stop[0]);
	close(d->stop[1]);
}

static void broker_comes_late(void **state)
{
	(void)state;
	struct setup s;
	struct door door;
	char folder[64], log[96], words[160];

	fixture_folder(folder);
	snprintf(log, sizeof log, "%s/log", folder);
	int saved = dup(STDERR_FILENO), fd = open(log, O_CREAT | O_RDWR, 0600);
	dup2(fd, STDERR_FILENO);
	door_init(&door);
	setup_init(&s, folder, door.address, "late");
	struct sl_publisher *p = begin(&s.config);
	put_matches(p, 100);
	usleep(1000000);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 0);
	door_open(&door);
	end(p, 15000);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 150);
	sl_publisher_free(p);
	door_close(&door);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);

	char *text = fixture_read(log, NULL);
	snprintf(words, sizeof words, "alerts wait in %s/journal", folder);
	char *first = strstr(text, "kafka: route national: ");
	assert_non_null(first);
	assert_non_null(strstr(first, words));
	char *back = strstr(first, "kafka: route national: delivering again");
	assert_non_null(back);
	assert_null(strstr(back + 8, "route national: ")); /* two lines of it in all */
	free(text);
	fixture_folder_end(folder);
}

static void embedded_broker_is_started(void **state)
{
	(void)state;
	struct setup s;
	struct sl_publisher *p;
	struct sl_err err = { "" };
	char folder[64];

	fixture_folder(folder);
	setup_init(&s, folder, "embedded", "x");
	s.routes_map.n = 0;
	assert_int_equal(sl_publisher_new(&p, &s.config, &err), SL_OK);
	assert_non_null(sl_publisher_broker(p));
	assert_int_equal(sl_publisher_start(p, &err), SL_OK);
	put_matches(p, 20);
	while (count_of(p, SL_COUNT_DELIVERED) < 20)
		usleep(10000);
	struct seen *trial = read_topic(sl_publisher_broker(p), "selat.alerts", "trial", 20);
	assert_int_equal(trial->n, 20);
	seen_free(trial);
	end(p, 1000);
	sl_publisher_free(p);
	fixture_folder_end(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_headers_and_numbers),
		cmocka_unit_test(undelivered_goes_out_after_a_restart),
		cmocka_unit_test(kill_loses_nothing),
		cmocka_unit_test(broker_comes_late),
		cmocka_unit_test(embedded_broker_is_started),
	};
	if (argc == 4 && strcmp(argv[1], "child") == 0)
		return run_child(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, start_broker, stop_broker);
}
