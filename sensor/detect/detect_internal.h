/* The parts of detect: private to the folder.
 *
 *   exact.c   addresses, domains, URLs, equal values  ─┐
 *   field.c   patterns on whole fields                ─┼─► hits.c: order, conditions, scopes ─► match
 *   payload.c patterns on payloads and streams        ─┤
 *   piece.c   patterns on bodies and files            ─┘ */
#ifndef SELAT_SENSOR_DETECT_DETECT_INTERNAL_H
#define SELAT_SENSOR_DETECT_DETECT_INTERNAL_H

#include <selat/name.h>
#include <selat/url.h>
#include <sensor/detect/detect.h>
#include <sensor/detect/loaded_internal.h>

enum {
	SL_HITS_MAX = 65536,              /* of one flush */
	SL_KEPT_MAX = 8 * 1024 * 1024,    /* bytes kept for hits of one flush */
	SL_GATHER_BYTES = 512 * 1024,     /* payloads scanned by one call */
	SL_GATHER_ENTRIES = 256,
	SL_PARTIALS_MAX = 64,             /* indicators remembered in one flow */
	SL_PARTIALS_POOL = 1 << 18,
	SL_STREAMS_POOL = 1 << 18,
};

/* A direction's last bytes. */
struct sl_tail {
	uint8_t bytes[SL_TAIL_MAX];
	uint8_t len : 5;
	uint8_t unscanned : 1; /* the budget for streams was used up when this side began */
};

/* What detect keeps in a flow: small, because most flows never match. */
struct sl_detect_slot {
	struct sl_tail tail[2];
	uint32_t partials : 31; /* indicators half held, or held already: a chain in the pool; 0: none */
	uint32_t waiting : 1;   /* a gathered payload or a hit of this flow waits for the flush */
	uint32_t streams;       /* in the pool; 0: none */
};

/* A flow's Hyperscan streams. */
struct sl_streams {
	hs_stream_t *stream[2];
	uint64_t at[2];   /* what Hyperscan calls 0 in it, as an offset in the direction */
	bool middle[2];   /* a byte that stands for lost ones is in front */
	uint32_t next;    /* the next free one, while it is free */
};

/* One thing that was found: a condition that holds, or a whole indicator. */
struct sl_hit {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	uint32_t condition;      /* UINT32_MAX: the indicator has no conditions */
	uint32_t indicator;
	uint32_t order;          /* as they were found */
	uint32_t transaction;    /* number within the flush; 0: a stream's payload */
	uint32_t offset;         /* of the match in the value */
	uint8_t field, side;
	bool crosses;            /* it began in an earlier packet */
	struct sl_span value, around; /* kept, or in the gathered payloads, until the flush ends */
	struct sl_span fields;   /* the transaction's, serialised */
};

struct sl_gathered {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	uint64_t offset;      /* of the payload's first byte in the stream */
	uint32_t start;       /* in the buffer: the tail, then the payload */
	uint32_t tail, len;
	uint32_t transaction; /* 0: of a stream */
	uint8_t side;
	bool broken;          /* of a stream that has lost bytes: offset 0 is not its start */
};

/* An indicator remembered while a scope lasts. */
struct sl_partial {
	uint32_t next;
	uint32_t indicator;
	uint32_t held; /* bits of conditions */
	bool fired;
};

struct sl_detect {
	struct sl_detect_config config;
	const struct sl_ruleset *rs;
	hs_scratch_t *scratch;
	uint64_t stream_budget; /* bytes left */
	bool segments;          /* expressions look at segments of TCP one by one: scope packet */
	uint32_t transaction;   /* number of the last one in this flush */

	struct sl_hit *hits;
	uint32_t hits_n;
	uint64_t *last; /* by condition: where it last held, so that a flood is one hit a place */
	uint8_t *kept;
	size_t kept_n;

	struct sl_gathered *gathered;
	uint32_t gathered_n;
	uint8_t *buffer;
	uint32_t buffer_n;

	struct sl_partial *partials; /* index 0 is none */
	uint32_t partials_fresh, partials_free;
	struct sl_streams *streams; /* index 0 is none */
	uint32_t streams_fresh, streams_free;
	uint8_t key[SL_NAME_MAX + SL_URL_MAX];
};

static inline struct sl_detect_slot *sl_detect_slot_of(const struct sl_detect *d, struct sl_flow *flow)
{
	return sl_flow_slot(d->config.flows, flow, SL_SLOT_DETECT);
}

/* A transaction while it is looked at. */
struct sl_looking {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	const struct sl_value *values;
	size_t n;
	uint32_t transaction;
	uint8_t side;
	bool kept;            /* fields below are made */
	struct sl_span fields;
};

/* hits.c. Fields of the hit that identify the place are filled by the caller; value and around are
 * copied here unless `stable`. Counts and drops what has no room. */
void sl_hit_add(struct sl_detect *d, const struct sl_hit *hit, bool stable);
void sl_hit_field(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
		  uint32_t indicator, uint32_t condition, size_t offset, size_t len);
void sl_hits_evaluate(struct sl_detect *d);
void sl_partials_drop(struct sl_detect *d, struct sl_detect_slot *slot);

/* place.c: a match in bytes that are a part of something longer. */
struct sl_place {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	struct sl_span bytes; /* all that may be shown */
	size_t from, to;      /* of the match in these */
	uint64_t offset;      /* of the match in the stream, datagram, body */
	uint32_t transaction;
	uint8_t field, side;
	bool crosses, stable;
};

/* On TCP scope packet and the others are looked for apart, when expressions are concerned. */
enum sl_scopes { SL_ALL_SCOPES, SL_LASTING_SCOPES, SL_PACKET_SCOPE };

/* The conditions that the pattern stands for hold there. */
void sl_place_add(struct sl_detect *d, const struct sl_ruleset_pattern *p, const struct sl_place *at,
		  enum sl_scopes scopes);

/* A scan with one of Hyperscan's streams, or of a block; what sl_direct_match is told as context. */
struct sl_direct {
	struct sl_detect *d;
	const struct sl_scanner *scanner;
	struct sl_place place;
	uint64_t base;   /* what Hyperscan calls 0, as an offset in the direction or value */
	uint64_t offset; /* of place.bytes, as Hyperscan counts */
	unsigned lead;   /* bytes in front that stand for lost ones */
	enum sl_scopes scopes;
};
int sl_direct_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *direct);

/* exact.c */
void sl_exact_value(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v);
void sl_exact_url(struct sl_detect *d, struct sl_looking *l);
bool sl_exact_wants(const struct sl_ruleset *rs, enum sl_field field);

/* field.c */
void sl_field_scan(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v);

/* payload.c */
void sl_payload_scan(struct sl_detect *d);
bool sl_payload_needs_segments(const struct sl_detect *d);
void sl_payload_forget(struct sl_detect *d, struct sl_detect_slot *slot);

/* Counts and alarms a result of hs_scan* that should not be. */
void sl_scan_check(struct sl_detect *d, hs_error_t rc);

#endif
