/* What the detect tests share: a pack written as JSON, compiled and loaded; flows; what matched. */
#ifndef SELAT_TEST_DETECT_FIXTURE_H
#define SELAT_TEST_DETECT_FIXTURE_H

#include "../wire.h"
#include <arpa/inet.h>
#include <rules/image.h>
#include <sensor/detect/detect.h>
#include <unistd.h>

enum { SIGHTINGS = 256, MATCHES = 512 };
#define SECOND UINT64_C(1000000000)

struct matched {
	char id[32], value[2048], around[512];
	size_t value_len;
	uint64_t packet;
	uint32_t offset;
	uint8_t field, to_client;
	uint16_t fields_len;
};

struct fixture {
	struct sl_counters counters;
	struct sl_flow_table *flows;
	struct sl_loaded_ruleset *loaded;
	struct sl_detect *detect;
	struct sl_sighting sighting[SIGHTINGS];
	uint64_t packet, time;
	uint32_t tx; /* of the last transaction */
	uint8_t tcp_flags, icmp_type, icmp_code; /* of packets to come */
	struct matched match[MATCHES];
	size_t matches;
};

/* Writes the indicators (a JSON list) as a pack; unlink it. */
static inline void fixture_pack(const char *indicators, char pack[64])
{
	strcpy(pack, "/tmp/selat-pack-XXXXXX.json");
	FILE *f = fdopen(mkstemps(pack, 5), "w");
	assert_non_null(f);
	fprintf(f,
		"{\"selat\": 1, \"pack\": \"test/pack\", \"version\": 1, \"author\": "
		"\"cert.example\","
		"\"created\": \"2026-11-20T03:00:00Z\", \"tlp\": \"TLP:GREEN\", \"defaults\": {"
		"\"severity\": \"high\", \"confidence\": 80, \"class\": "
		"\"malicious-code/c2-server\"},"
		"\"indicators\": %s}",
		indicators);
	fclose(f);
}

/* Compiles the indicators to a file, as a delta to a base's file if there is one; unlink it. */
static inline void fixture_compile_to(const char *indicators, const char *base, char ruleset[64])
{
	char pack[64];
	char *paths[] = { pack };
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	struct sl_image image = { 0 };
	struct sl_delta delta = { .withdrawn = NULL };
	struct sl_image_options options = { .delta = base ? &delta : NULL };
	struct sl_err err = { "" };
	fixture_pack(indicators, pack);
	int rc = sl_packs_read(&packs, paths, 1, &problems, &err);
	if (rc == SL_OK && !problems.errors && base)
		rc = sl_delta_make(&delta, &packs, base, &err);
	if (rc == SL_OK && !problems.errors)
		rc = sl_image_compile_with(&image, &packs, &options, &problems, &err);
	if (rc != SL_OK || problems.errors) {
		sl_problems_print(&problems, stderr);
		fail_msg("the pack does not compile: %s", err.text);
	}
	strcpy(ruleset, "/tmp/selat-rules-XXXXXX");
	close(mkstemp(ruleset));
	assert_int_equal(sl_image_write(&image, ruleset, &err), SL_OK);
	sl_delta_fini(&delta);
	sl_image_fini(&image);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	unlink(pack);
}

static inline void fixture_compile(const char *indicators, char ruleset[64])
{
	fixture_compile_to(indicators, NULL, ruleset);
}

static inline void fixture_match(void *ctx, const struct sl_match *m, const void *tail,
				 size_t tail_len)
{
	struct fixture *x = ctx;
	const char *at = tail;
	assert_int_equal(tail_len, (size_t)m->value_len + m->around_len + m->fields_len);
	assert_true(m->value_len <= SL_MATCH_VALUE_MAX && m->around_len <= SL_MATCH_AROUND_MAX &&
		    m->fields_len <= SL_MATCH_FIELDS_MAX);
	assert_true(x->matches < MATCHES);
	struct matched *to = &x->match[x->matches++];
	memset(to, 0, sizeof *to);
	snprintf(to->id, sizeof to->id, "%s",
		 sl_ruleset_string(m->ruleset, m->ruleset->indicators[m->indicator].id));
	memcpy(to->value, at, m->value_len);
	memcpy(to->around, at + m->value_len, m->around_len);
	to->value_len = m->value_len;
	to->packet = m->packet;
	to->offset = m->offset;
	to->field = m->field;
	to->to_client = m->to_client;
	to->fields_len = m->fields_len;
	sl_loaded_release(m->loaded);
}

static inline struct sl_sighting *fixture_sight(struct fixture *x, const struct sl_flow *flow)
{
	struct sl_sighting *s = &x->sighting[x->packet++ % SIGHTINGS];
	*s = (struct sl_sighting){ .packet = x->packet, .time = x->time, .observed = 7,
				   .tcp_flags = x->tcp_flags, .icmp_type = x->icmp_type,
				   .icmp_code = x->icmp_code, .payload = 1 /* there is none */ };
	if (flow)
		sl_flow_moment(flow, &s->flow);
	return s;
}

static inline void fixture_flow_end(void *ctx, struct sl_flow *flow, enum sl_flow_end why)
{
	struct fixture *x = ctx;
	(void)why;
	for (unsigned side = 0; side < 2; side++)
		if (flow->side[side].flags & SL_SIDE_STARTED)
			sl_detect_stream_end(x->detect, fixture_sight(x, flow), flow, side);
	sl_detect_forget(x->detect, fixture_sight(x, flow), flow);
}

static inline struct fixture *fixture_with(const char *indicators, uint64_t at,
					   uint64_t stream_bytes, uint64_t flows)
{
	struct fixture *x = calloc(1, sizeof *x);
	struct sl_err err = { "" };
	char path[64];
	assert_non_null(x);
	x->time = UINT64_C(1795320306) * SECOND; /* 2026-11-22 */
	fixture_compile(indicators, path);
	if (sl_loaded_open(&x->loaded, path, &err) != SL_OK)
		fail_msg("%s", err.text);
	unlink(path);
	struct sl_flow_config flow = {
		.idle_s = SL_FLOW_IDLE_S,
		.max = flows, .ended = fixture_flow_end, .ctx = x, .counters = &x->counters
	};
	flow.slot_bytes[SL_SLOT_DETECT] = sl_detect_slot_bytes();
	assert_int_equal(sl_flow_table_new(&x->flows, &flow, &err), SL_OK);
	struct sl_detect_config c = { .loaded = x->loaded,
				      .flows = x->flows,
				      .counters = &x->counters,
				      .at = at,
				      .stream_bytes = stream_bytes,
				      .match = fixture_match,
				      .ctx = x };
	assert_int_equal(sl_detect_new(&x->detect, &c, &err), SL_OK);
	return x;
}

static inline struct fixture *fixture_new(const char *indicators)
{
	return fixture_with(indicators, 0, 1 << 20, 1024);
}

static inline void fixture_free(struct fixture *x)
{
	sl_flow_end_all(x->flows);
	sl_detect_free(x->detect);
	sl_loaded_release(x->loaded);
	sl_flow_table_free(x->flows);
	free(x);
}

/* The flow of a packet from src to dst; a new one is looked at. src must be the lower address, so
 * that the client is side 0. */
static inline struct sl_flow *fixture_flow(struct fixture *x, uint8_t proto, const char *src,
					   uint16_t sport, const char *dst, uint16_t dport)
{
	bool six = strchr(src, ':') != NULL, fresh;
	struct sl_packet p = {
		.proto = proto, .sport = sport, .dport = dport, .time = x->time, .len = 60
	};
	struct sl_flow_lookup lookup;
	p.src.family = p.dst.family = six ? 6 : 4;
	assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, src, p.src.bytes), 1);
	assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, dst, p.dst.bytes), 1);
	sl_flow_prepare(x->flows, &p, &lookup);
	assert_int_equal(lookup.side, 0);
	struct sl_flow *f = sl_flow_get(x->flows, &lookup, &p, &fresh);
	if (fresh)
		sl_detect_packet(x->detect, fixture_sight(x, f), f, 0);
	return f;
}

/* A plain client and server; `n` makes different ones. */
static inline struct sl_flow *fixture_pair(struct fixture *x, uint8_t proto, unsigned n)
{
	return fixture_flow(x, proto, "10.0.0.1", (uint16_t)(1024 + n), "192.0.2.1", 80);
}

static inline void fixture_stream(struct fixture *x, struct sl_flow *f, unsigned side,
				  const void *bytes, size_t n, bool gap)
{
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	f->side[side].flags |= SL_SIDE_STARTED;
	f->side[side].delivered += n;
	f->side[side].gap_bytes += gap;
	sl_detect_stream(x->detect, fixture_sight(x, f), f, side, sl_span_of(exact, n),
			 f->side[side].delivered - n, gap);
	free(exact);
}

/* Bytes that are not to be looked at. */
static inline void fixture_encrypted(struct fixture *x, struct sl_flow *f, unsigned side, size_t n)
{
	f->side[side].delivered += n;
	sl_detect_encrypted(x->detect, f, side, n);
}

static inline void fixture_text(struct fixture *x, struct sl_flow *f, const char *text)
{
	fixture_stream(x, f, 0, text, strlen(text), false);
}

static inline void fixture_datagram(struct fixture *x, struct sl_flow *f, const void *bytes,
				    size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	sl_detect_datagram(x->detect, fixture_sight(x, f), f, 0, sl_span_of(exact, n));
	free(exact);
}

/* Values in a packet of their own, of the transaction with that number. NULL: not there. */
static inline void fixture_say(struct fixture *x, struct sl_flow *f, unsigned side, uint32_t tx,
			       enum sl_field a, const char *av, enum sl_field b, const char *bv)
{
	struct sl_value v[2] = { { a, sl_span_str(av ? av : "") },
				 { b, sl_span_str(bv ? bv : "") } };
	sl_detect_transaction(x->detect, fixture_sight(x, f), f, side, tx, v, bv ? 2 : 1);
}

/* A transaction of its own of one or two values. */
static inline void fixture_values(struct fixture *x, struct sl_flow *f, enum sl_field a,
				  const char *av, enum sl_field b, const char *bv)
{
	fixture_say(x, f, 0, ++x->tx, a, av, b, bv);
	sl_detect_transaction_end(x->detect, fixture_sight(x, f), f, x->tx);
}

static inline void fixture_end(struct fixture *x, struct sl_flow *f, uint32_t tx)
{
	sl_detect_transaction_end(x->detect, fixture_sight(x, f), f, tx);
}

/* Flushes, and compares the ids of what matched, in order, with a space behind each. */
static inline void fixture_expect(struct fixture *x, const char *ids)
{
	char got[MATCHES * 33] = "";
	sl_detect_flush(x->detect);
	for (size_t i = 0; i < x->matches; i++)
		strcat(strcat(got, x->match[i].id), " ");
	assert_string_equal(got, ids);
	x->matches = 0;
}

static inline int fixture_by_id(const void *a, const void *b)
{
	return strcmp(((const struct matched *)a)->id, ((const struct matched *)b)->id);
}

/* One value in a new flow of its own: what matches it? Ids by the alphabet. */
static inline void fixture_value_expect(struct fixture *x, enum sl_field field, const char *value,
					const char *ids)
{
	struct sl_flow *f = fixture_pair(x, 6, 1);
	f->side[0].flags |= SL_SIDE_STARTED;
	fixture_values(x, f, field, value, field, NULL);
	sl_detect_flush(x->detect);
	qsort(x->match, x->matches, sizeof *x->match, fixture_by_id);
	fixture_expect(x, ids);
	sl_flow_end_all(x->flows);
}

static inline uint64_t fixture_count(const struct fixture *x, enum sl_counter which)
{
	return sl_counter_get(&x->counters, which);
}

#endif
