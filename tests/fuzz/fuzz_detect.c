/* Packets of two flows, as the input says, against a ruleset with every kind of condition: judged packet
 * by packet and in one batch they must give the same matches, in the same order. */
#include "fuzz.h"
#include <netinet/in.h>
#include <rules/image.h>
#include <sensor/detect/detect.h>
#include <stdio.h>
#include <unistd.h>

#define ON(id, more, conditions) "{\"id\": \"" id "\", " more "\"match\": [" conditions "]},"
#define COND(field, what)        "{\"field\": \"" field "\", " what "}"
#define PAYLOAD(what)            COND("payload", what)
#define URI(what)                COND("http.uri", what)
#define AGENT(what)              COND("http.user_agent", what)

static const char pack[] =
	"{\"selat\": 1, \"pack\": \"fuzz/all\", \"version\": 1, \"author\": \"x.example\", \"tlp\": \"TLP:CLEAR\", "
	"\"indicators\": ["
	ON("lit", "", PAYLOAD("\"contains\": \"one\""))
	ON("packet", "\"scope\": \"packet\", ", PAYLOAD("\"contains\": \"one\"") "," PAYLOAD("\"contains\": \"two\""))
	ON("chain", "", PAYLOAD("\"contains\": \"one\"") "," PAYLOAD("\"contains\": \"two\", \"distance\": 1, \"within\": 9"))
	ON("side", "", PAYLOAD("\"contains\": \"one\"") "," PAYLOAD("\"contains\": \"two\", \"same\": true"))
	ON("deny", "", PAYLOAD("\"contains\": \"two\"") "," PAYLOAD("\"contains\": \"one\", \"distance\": 0, \"within\": 6, \"not\": true"))
	ON("never", "", PAYLOAD("\"contains\": \"two\"") "," PAYLOAD("\"contains\": \"xyz\", \"not\": true"))
	ON("re", "", PAYLOAD("\"regex\": \"o[ne]+t\""))
	ON("back", "", PAYLOAD("\"regex\": \"(o.)\\\\1\""))
	ON("length", "\"scope\": \"packet\", ", PAYLOAD("\"length\": {\"min\": 3, \"max\": 5}"))
	ON("upper", "", COND("payload", "\"transform\": [\"to_uppercase\"], \"contains\": \"ONETWO\""))
	ON("uri", "", URI("\"contains\": \"one\"") "," URI("\"contains\": \"two\", \"distance\": -2, \"within\": 5") ","
		URI("\"contains\": \"xyz\", \"same\": true, \"not\": true"))
	ON("both", "", URI("\"contains\": \"one\"") "," AGENT("\"equals\": \"two\""))
	ON("not", "", URI("\"contains\": \"one\"") "," AGENT("\"contains\": \"two\", \"not\": true"))
	ON("absent", "", URI("\"contains\": \"one\"") "," AGENT("\"absent\": true"))
	ON("onlynot", "", AGENT("\"contains\": \"one\", \"not\": true"))
	ON("flow", "\"scope\": \"flow\", ", URI("\"contains\": \"one\"") "," AGENT("\"contains\": \"two\", \"not\": true"))
	ON("body", "", COND("file.data", "\"regex\": \"(o.)x?\\\\1\"") "," URI("\"contains\": \"two\""))
	ON("mark", "\"mark\": [\"m\"], \"silent\": true, ", URI("\"contains\": \"xyz\""))
	ON("marked", "\"where\": {\"marked\": [\"m\"]}, \"scope\": \"packet\", ", PAYLOAD("\"contains\": \"one\""))
	ON("bymark", "\"where\": {\"marked\": [\"m\"]}, ", "")
	ON("toggle", "\"toggle\": [\"t\"], \"unmark\": [\"m\"], \"scope\": \"packet\", ", PAYLOAD("\"contains\": \"xyz\""))
	ON("pass", "\"pass\": true, \"where\": {\"marked\": [\"t\", \"m\"]}, ", AGENT("\"contains\": \"xyz\""))
	ON("where", "\"where\": {\"proto\": \"udp\", \"port\": 80, \"direction\": \"to_server\"}, ", "")
	"{\"id\": \"name\", \"domain\": \"one.two\"}, {\"id\": \"net\", \"address\": \"192.0.2.0/24\"}]}";

enum { SIGHTINGS = 128, VALUE_MAX = 512, INPUT_MAX = 8192 };

struct run {
	struct sl_flow_table *flows;
	struct sl_detect *detect;
	struct sl_counters counters;
	struct sl_sighting sighting[SIGHTINGS];
	uint64_t packet, first, sum, n; /* packets are counted over all inputs */
	bool one_by_one;
	void *kept[2];
	uint64_t offset[2];
};

/* --- the ruleset, once --- */

static struct sl_loaded_ruleset *ruleset(void)
{
	static struct sl_loaded_ruleset *loaded;
	char json[] = "/tmp/selat-fuzz-XXXXXX.json", file[] = "/tmp/selat-fuzz-XXXXXX", *paths[] = { json };
	struct sl_packs packs = { 0 };
	struct sl_problems problems = { 0 };
	struct sl_image image = { 0 };
	struct sl_err err = { "" };
	if (loaded)
		return loaded;
	FILE *f = fdopen(mkstemps(json, 5), "w");
	REQUIRE(f && fputs(pack, f) >= 0 && fclose(f) == 0);
	close(mkstemp(file));
	REQUIRE(sl_packs_read(&packs, paths, 1, &problems, &err) == SL_OK && !problems.errors);
	REQUIRE(sl_image_compile(&image, &packs, &problems, &err) == SL_OK && !problems.errors);
	REQUIRE(sl_image_write(&image, file, &err) == SL_OK);
	REQUIRE(sl_loaded_open(&loaded, file, &err) == SL_OK);
	sl_image_fini(&image);
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	unlink(json);
	unlink(file);
	return loaded;
}

/* --- a run --- */

static void on_match(void *ctx, const struct sl_match *m, const void *tail, size_t tail_len)
{
	struct run *r = ctx;
	const uint64_t what[] = { m->indicator, m->packet - r->first, m->field, m->to_client, tail_len };
	REQUIRE(tail_len == (size_t)m->value_len + m->around_len + m->fields_len);
	for (size_t i = 0; i < sizeof what / sizeof what[0]; i++)
		r->sum = (r->sum ^ what[i]) * UINT64_C(1099511628211);
	for (size_t i = 0; i < tail_len; i++)
		r->sum = (r->sum ^ ((const uint8_t *)tail)[i]) * UINT64_C(1099511628211);
	r->n++;
	sl_loaded_release(m->loaded);
}

static struct sl_sighting *sight(struct run *r, const struct sl_flow *flow)
{
	struct sl_sighting *s = &r->sighting[r->packet++ % SIGHTINGS];
	*s = (struct sl_sighting){ .packet = r->packet, .time = UINT64_C(1795320306000000000) };
	sl_flow_moment(flow, &s->flow);
	return s;
}

static void on_end(void *ctx, struct sl_flow *flow, enum sl_flow_end why)
{
	struct run *r = ctx;
	(void)why;
	for (unsigned side = 0; side < 2; side++) {
		struct sl_piece last = { .field = SL_FIELD_FILE_DATA, .tx = 1, .offset = r->offset[side], .last = true,
					 .kept = &r->kept[side] };
		if (flow->key.proto != IPPROTO_TCP)
			continue;
		if (r->kept[side])
			sl_detect_piece(r->detect, sight(r, flow), flow, side, &last);
		sl_detect_stream_end(r->detect, sight(r, flow), flow, side);
	}
	sl_detect_forget(r->detect, sight(r, flow), flow);
}

static struct sl_flow *flow_of(struct run *r, uint8_t proto, unsigned side, size_t payload)
{
	struct sl_packet p = { .proto = proto, .sport = side ? 80 : 1024, .dport = side ? 1024 : 80, .len = 60 };
	static const uint8_t end[2][4] = { { 10, 0, 0, 1 }, { 192, 0, 2, 1 } };
	struct sl_flow_lookup lookup;
	bool fresh;
	p.src.family = p.dst.family = 4;
	memcpy(p.src.bytes, end[side], 4);
	memcpy(p.dst.bytes, end[!side], 4);
	sl_flow_prepare(r->flows, &p, &lookup);
	struct sl_flow *flow = sl_flow_get(r->flows, &lookup, &p, &fresh);
	struct sl_sighting *at = sight(r, flow);
	at->payload = (uint32_t)payload + 1;
	sl_detect_packet(r->detect, at, flow, side);
	return flow;
}

/* Bytes as they are, but for the lowest values: words that the ruleset asks for. */
static size_t words(uint8_t *out, struct sl_span in)
{
	static const char *const word[] = { "one", "two", "xyz", "onetwo", ".", "oo", "onone", "on", "e", "t" };
	size_t n = 0;
	for (size_t i = 0; i < in.len && n < VALUE_MAX - 8; i++) {
		const char *w = in.at[i] < sizeof word / sizeof word[0] ? word[in.at[i]] : NULL;
		if (w)
			n = (size_t)(stpcpy((char *)out + n, w) - (char *)out);
		else
			out[n++] = in.at[i];
	}
	return n;
}

static void step(struct run *r, uint8_t what, struct sl_span in)
{
	static const enum sl_field field[] = { SL_FIELD_HTTP_URI, SL_FIELD_HTTP_USER_AGENT, SL_FIELD_DNS_QUERY };
	uint8_t bytes[VALUE_MAX];
	unsigned side = what >> 3 & 1;
	uint32_t tx = what >> 4 & 3;
	struct sl_span value = sl_span_of(bytes, words(bytes, in));
	struct sl_flow *flow = flow_of(r, (what & 7) == 0 ? IPPROTO_UDP : IPPROTO_TCP, side, value.len);
	struct sl_sighting *at = &r->sighting[(r->packet - 1) % SIGHTINGS];
	struct sl_value v = { field[(what >> 6) % 3], value };
	struct sl_piece p = { .field = SL_FIELD_FILE_DATA, .tx = 1, .bytes = value, .offset = r->offset[side],
			      .last = tx == 3, .whole_end = true, .kept = &r->kept[side] };
	switch (what & 7) {
	case 0:
		sl_detect_datagram(r->detect, at, flow, side, value);
		break;
	case 1:
	case 2:
		flow->side[side].flags |= SL_SIDE_STARTED;
		flow->side[side].delivered += value.len;
		if (value.len)
			sl_detect_stream(r->detect, at, flow, side, value, flow->side[side].delivered - value.len, tx == 3);
		break;
	case 3:
	case 4:
		sl_detect_transaction(r->detect, at, flow, side, tx, &v, 1);
		break;
	case 5:
		sl_detect_transaction_end(r->detect, at, flow, tx);
		break;
	case 6:
		sl_detect_piece(r->detect, at, flow, side, &p);
		r->offset[side] = p.last ? 0 : r->offset[side] + value.len;
		break;
	case 7:
		if (tx == 0) {
			sl_flow_end_all(r->flows);
			r->offset[0] = r->offset[1] = 0;
		}
		break;
	}
	if (r->one_by_one || r->packet % SIGHTINGS > SIGHTINGS - 32)
		sl_detect_flush(r->detect);
}

static void begin(struct run *r, bool one_by_one)
{
	struct sl_flow_config flows = { .max = 16, .idle_s = SL_FLOW_IDLE_S, .ended = on_end, .ctx = r,
					.counters = &r->counters };
	struct sl_detect_config detect = { .loaded = ruleset(), .counters = &r->counters, .stream_bytes = 8 << 20,
					   .match = on_match, .ctx = r };
	r->one_by_one = one_by_one;
	flows.slot_bytes[SL_SLOT_DETECT] = sl_detect_slot_bytes();
	REQUIRE(sl_flow_table_new(&r->flows, &flows, NULL) == SL_OK);
	detect.flows = r->flows;
	REQUIRE(sl_detect_new(&r->detect, &detect, NULL) == SL_OK);
}

static void run(struct run *r, bool one_by_one, const uint8_t *data, size_t size)
{
	if (!r->detect)
		begin(r, one_by_one);
	r->first = r->packet;
	r->sum = r->n = r->offset[0] = r->offset[1] = 0;
	for (size_t i = 0; i + 1 < size;) {
		size_t len = data[i + 1] % 32u;
		len = len < size - i - 2 ? len : size - i - 2;
		step(r, data[i], sl_span_of(data + i + 2, len));
		i += 2 + len;
	}
	sl_flow_end_all(r->flows);
	sl_detect_flush(r->detect);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run a, b;
	size = size < INPUT_MAX ? size : INPUT_MAX;
	run(&a, true, data, size);
	run(&b, false, data, size);
	REQUIRE(a.n == b.n && a.sum == b.sum);
	return 0;
}
