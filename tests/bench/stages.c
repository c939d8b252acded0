/* bench-stages: what a packet costs in each stage. The capture is read into memory; then it goes through
 * the stages once as far as decode, once as far as flow, … once all the way, in turns, each with tables of
 * its own. A stage's cost is what its run took more than the one before. One thread; JSON on stdout.
 *
 *   bench-stages CAPTURE RULESET ROUNDS */
#include <netinet/in.h>
#include <pcap.h>
#include <sensor/decode/decode.h>
#include <sensor/detect/detect.h>
#include <sensor/flow/tcp.h>
#include <sensor/inspect/inspect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum stage { DECODE, FLOW, TCP, INSPECT, DETECT, STAGES };
static const char *const stage_names[STAGES] = { "decode", "flow", "tcp", "inspect", "detect" };
enum { ROUNDS_MAX = 99 };

struct capture {
	struct sl_frame *frame;
	size_t n, room;
};

struct run {
	enum stage last;
	struct sl_counters counters;
	struct sl_flow_table *flows;
	struct sl_tcp *tcp;
	struct sl_inspect *inspect;
	struct sl_detect *detect;
	struct sl_loaded_ruleset *loaded;
	struct sl_sighting now[SL_BATCH];
	const struct sl_sighting *at;
	struct sl_packet packet[SL_BATCH];
	struct sl_flow_lookup lookup[SL_BATCH];
	uint64_t sum; /* so that nothing is optimised away */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench-stages: %s: %s\n", what, why);
	exit(1);
}

/* --- the capture --- */

static void on_packet(u_char *to, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct capture *c = (struct capture *)(void *)to;
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 1 << 16;
		c->frame = realloc(c->frame, c->room * sizeof *c->frame);
	}
	uint8_t *copy = malloc(h->caplen ? h->caplen : 1);
	if (!c->frame || !copy)
		die("capture", "out of memory");
	memcpy(copy, bytes, h->caplen);
	c->frame[c->n] = (struct sl_frame){ .at = copy,
					    .caplen = h->caplen,
					    .len = h->len,
					    .time = (uint64_t)h->ts.tv_sec * 1000000000u +
						    (uint64_t)h->ts.tv_usec * 1000u,
					    .number = c->n + 1,
					    .link = DLT_EN10MB };
	c->n++;
}

static void capture_read(struct capture *c, const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, why);
	if (!p)
		die(path, why);
	if (pcap_loop(p, -1, on_packet, (u_char *)c) != 0 || !c->n)
		die(path, "cannot be read, or is empty");
	pcap_close(p);
}

/* --- the stages --- */

static void on_stream(void *ctx, struct sl_flow *flow, unsigned side, struct sl_span bytes, uint32_t lost)
{
	struct run *r = ctx;
	r->sum += bytes.len;
	uint64_t offset = flow->side[side].delivered - bytes.len;
	size_t encrypted = 0;
	if (r->last >= INSPECT)
		encrypted = sl_inspect_stream(r->inspect, flow, sl_flow_slot(r->flows, flow, SL_SLOT_INSPECT), side,
					      bytes, lost);
	if (r->last < DETECT)
		return;
	if (encrypted < bytes.len)
		sl_detect_stream(r->detect, r->at, flow, side, sl_span_of(bytes.at, bytes.len - encrypted), offset,
				 lost != 0);
	if (encrypted)
		sl_detect_encrypted(r->detect, flow, side, encrypted);
}

static void on_stream_end(void *ctx, struct sl_flow *flow, unsigned side)
{
	struct run *r = ctx;
	if (r->last >= INSPECT)
		sl_inspect_stream_end(r->inspect, flow, sl_flow_slot(r->flows, flow, SL_SLOT_INSPECT), side);
	if (r->last >= DETECT)
		sl_detect_stream_end(r->detect, r->at, flow, side);
}

static void on_transaction(void *ctx, struct sl_flow *flow, unsigned side, uint32_t tx,
			   const struct sl_value *values, size_t n)
{
	struct run *r = ctx;
	(void)tx;
	r->sum += n;
	if (r->last >= DETECT)
		sl_detect_transaction(r->detect, r->at, flow, side, tx, values, n);
}

static void on_match(void *ctx, const struct sl_match *m, const void *tail, size_t len)
{
	struct run *r = ctx;
	(void)tail;
	r->sum += len;
	sl_loaded_release(m->loaded);
}

static void on_flow_end(void *ctx, struct sl_flow *flow, enum sl_flow_end why)
{
	struct run *r = ctx;
	(void)why;
	if (r->last >= TCP && flow->key.proto == IPPROTO_TCP)
		sl_tcp_flush(r->tcp, flow);
	if (r->last >= INSPECT)
		sl_inspect_forget(r->inspect, flow, sl_flow_slot(r->flows, flow, SL_SLOT_INSPECT));
	if (r->last >= DETECT)
		sl_detect_forget(r->detect, r->at, flow);
}

static void stages_make(struct run *r, const char *ruleset)
{
	struct sl_err err = { "" };
	struct sl_flow_config flows = { .max = 1000000, .idle_s = SL_FLOW_IDLE_S, .ended = on_flow_end,
					.ctx = r, .counters = &r->counters };
	struct sl_tcp_sink tcp = { r, on_stream, on_stream_end };
	struct sl_inspect_config inspect = { .gather_bytes = 128 << 20, .state_bytes = 256 << 20,
					     .sink = { .ctx = r, .transaction = on_transaction },
					     .counters = &r->counters };
	flows.slot_bytes[SL_SLOT_INSPECT] = sl_inspect_slot_bytes();
	flows.slot_bytes[SL_SLOT_DETECT] = sl_detect_slot_bytes();
	if (sl_loaded_open(&r->loaded, ruleset, &err) || sl_flow_table_new(&r->flows, &flows, &err) ||
	    sl_tcp_new(&r->tcp, 128 << 20, 1 << 20, &tcp, &r->counters, &err) ||
	    sl_inspect_new(&r->inspect, &inspect, &err))
		die("stages", err.text);
	struct sl_detect_config detect = { .loaded = r->loaded, .flows = r->flows, .counters = &r->counters,
					   .stream_bytes = 512 << 20, .match = on_match, .ctx = r };
	if (sl_detect_new(&r->detect, &detect, &err))
		die("stages", err.text);
}

static void stages_free(struct run *r)
{
	r->at = &r->now[0];
	sl_flow_end_all(r->flows);
	sl_detect_free(r->detect);
	sl_inspect_free(r->inspect);
	sl_tcp_free(r->tcp);
	sl_flow_table_free(r->flows);
	sl_loaded_release(r->loaded);
}

static bool has_flow(const struct sl_packet *p)
{
	return p->verdict == SL_VERDICT_OK && p->src.family;
}

static void visit(struct run *r, size_t i)
{
	const struct sl_packet *p = &r->packet[i];
	const struct sl_flow_lookup *lookup = &r->lookup[i];
	bool fresh;
	struct sl_flow *flow = sl_flow_get(r->flows, lookup, p, &fresh);
	struct sl_sighting *now = &r->now[i];
	*now = (struct sl_sighting){ .packet = p->number, .time = p->time,
				     .payload = (uint32_t)p->payload.len + 1 };
	sl_flow_moment(flow, &now->flow);
	r->at = now;
	if (r->last >= DETECT)
		sl_detect_packet(r->detect, now, flow, lookup->side);
	if (p->proto == IPPROTO_TCP) {
		if (r->last >= TCP)
			sl_tcp_packet(r->tcp, flow, lookup->side, p);
		sl_flow_restate(r->flows, flow);
		return;
	}
	if (r->last >= DETECT)
		sl_detect_datagram(r->detect, now, flow, lookup->side, p->payload);
	if (r->last >= INSPECT)
		sl_inspect_datagram(r->inspect, flow, sl_flow_slot(r->flows, flow, SL_SLOT_INSPECT),
				    lookup->side, p->payload);
}

static void batch(struct run *r, const struct sl_frame *frame, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sl_decode(&frame[i], true, &r->packet[i]);
		r->sum += r->packet[i].payload.len;
	}
	if (r->last < FLOW)
		return;
	for (size_t i = 0; i < n; i++)
		if (has_flow(&r->packet[i]))
			sl_flow_prepare(r->flows, &r->packet[i], &r->lookup[i]);
	for (size_t i = 0; i < n; i++)
		if (has_flow(&r->packet[i]))
			sl_flow_prefetch(r->flows, &r->lookup[i]);
	for (size_t i = 0; i < n; i++)
		if (has_flow(&r->packet[i]))
			visit(r, i);
	if (r->last >= DETECT)
		sl_detect_flush(r->detect);
	sl_flow_expire(r->flows, r->packet[n - 1].time);
}

static double run_once(struct run *r, const struct capture *c, const char *ruleset, enum stage last)
{
	struct timespec begin, end;
	memset(r, 0, sizeof *r);
	r->last = last;
	stages_make(r, ruleset);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (size_t i = 0; i < c->n; i += SL_BATCH)
		batch(r, c->frame + i, c->n - i < SL_BATCH ? c->n - i : SL_BATCH);
	clock_gettime(CLOCK_MONOTONIC, &end);
	stages_free(r);
	return (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double ns[STAGES][ROUNDS_MAX];
	struct capture c = { NULL, 0, 0 };
	struct run *r = malloc(sizeof *r);
	int rounds = argc == 4 ? atoi(argv[3]) : 0;
	if (!r || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench-stages CAPTURE RULESET ROUNDS (1 to %d)\n", ROUNDS_MAX);
		return 2;
	}
	capture_read(&c, argv[1]);
	for (int round = 0; round < rounds; round++)
		for (unsigned s = 0; s < STAGES; s++)
			ns[s][round] = run_once(r, &c, argv[2], (enum stage)s);
	printf("{\"packets\":%zu", c.n);
	double before = 0;
	for (unsigned s = 0; s < STAGES; s++) {
		qsort(ns[s], (size_t)rounds, sizeof ns[s][0], ascending);
		double median = ns[s][rounds / 2] / (double)c.n;
		printf(",\"%s\":%.1f", stage_names[s], median - before);
		before = median;
	}
	printf(",\"all\":%.1f}\n", before);
	for (size_t i = 0; i < c.n; i++)
		free((void *)(uintptr_t)c.frame[i].at);
	free(c.frame);
	free(r);
	return 0;
}
