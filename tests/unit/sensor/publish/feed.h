/* A publisher with two routes, a broker that all tests of a program share, and what arrived there. */
#ifndef SELAT_TEST_FEED_H
#define SELAT_TEST_FEED_H

#include "fixture.h"
#include "tsan_kafka.h"
#include <inttypes.h>
#include <jansson.h>
#include <selat/kafka.h>
#include <selat/time.h>
#include <sensor/publish/publish.h>

enum { SEEN_MAX = 65536, PATIENCE_MS = 30000 };

/* --- a publisher with two routes --- */

struct setup {
	struct sl_pair kafka[1], routes[4];
	struct sl_map kafka_map, routes_map;
	struct sl_publish_config config;
	char national[64], region[64];
};

static inline struct sl_pair pair_of(const char *key, const char *value)
{
	return (struct sl_pair){ (char *)(uintptr_t)key, (char *)(uintptr_t)value,
				 (char *)(uintptr_t) "test:1:1" };
}

/* Topics carry the test's name, so that one broker serves all tests. */
static inline void setup_init(struct setup *s, const char *folder, const char *servers, const char *test)
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

static inline struct sl_publisher *begin(const struct sl_publish_config *config)
{
	struct sl_publisher *p;
	struct sl_err err = { "" };

	if (sl_publisher_new(&p, config, &err) != SL_OK || sl_publisher_start(p, &err) != SL_OK)
		fail_msg("%s", err.text);
	return p;
}

static inline void put_matches(struct sl_publisher *p, unsigned n)
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

static inline uint64_t count_of(const struct sl_publisher *p, enum sl_counter which)
{
	return sl_counter_get(sl_publisher_counters(p), which);
}

static inline void end(struct sl_publisher *p, int drain_ms)
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

static inline void seen_free(struct seen *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free(s->id[i]);
	free(s);
}

static inline void header(const struct sl_consumer *c, const char *name, char *out, size_t room)
{
	struct sl_span value;

	if (!sl_consumer_header(c, name, &value))
		fail_msg("there is no header %s", name);
	assert_true(value.len < room);
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
}

static inline void check_headers(const struct sl_consumer *c, const struct sl_message *m,
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

static inline uint64_t hash_of(struct sl_span bytes)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < bytes.len; i++)
		h = (h ^ bytes.at[i]) * UINT64_C(1099511628211);
	return h;
}

static inline void note(struct seen *s, const char *id, uint64_t hash, uint64_t route_seq)
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
static inline struct seen *read_topic(const char *servers, const char *topic, const char *route,
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
static inline void assert_gapless(const struct seen *s)
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

static inline int start_broker(void **state)
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

static inline int stop_broker(void **state)
{
	(void)state;
	sl_broker_free(broker);
	fixture_folder_end(runtime);
	return 0;
}

#endif
