/* The parts of detect: private to the folder.
 *
 *   value.c   one value: exact.c (tables), field.c (patterns), what is judged on every ─┐
 *             value, and the same again for what transforms make of it                   │
 *   payload.c patterns on payloads; direction.c: ┐ place.c ───────────────────────────── ┼─► order.c
 *             a TCP direction's streams          │                                        │   (events)
 *   piece.c   patterns on bodies and files       ┘ window.c: groups on streams            │
 *   packet.c  a packet: addresses, lengths, indicators that hold by where alone         ─┘
 *
 *   Found once, when a ruleset is opened (engine.c): look.c, length.c, flowwise.c, crowd.c, always.c, window.c
 *
 *   order.c ─► judge.c: conditions into indicators, a packet at a time (scope.c: what a flow remembers)
 *           ─► settle.c: where, marks, pass ─► fire.c ─► match */
#ifndef SELAT_SENSOR_DETECT_DETECT_INTERNAL_H
#define SELAT_SENSOR_DETECT_DETECT_INTERNAL_H

#include <selat/name.h>
#include <selat/url.h>
#include <sensor/detect/detect.h>
#include <sensor/detect/match.h>
#include <sensor/detect/pool.h>
#include <sensor/detect/verify.h>
#include <sensor/detect/window.h>

enum {
	SL_HITS_MAX = 65536,              /* of one flush */
	SL_KEPT_MAX = 8 * 1024 * 1024,    /* bytes kept for hits of one flush */
	SL_GATHER_BYTES = 512 * 1024,     /* payloads scanned by one call */
	SL_GATHER_ENTRIES = 256 + 16,
	SL_PARTIALS_MAX = 256,            /* indicators remembered in one scope */
	SL_PARTIALS_POOL = 1 << 18,
	SL_SCOPES_MAX = 32,               /* transactions open in one flow */
	SL_SCOPES_POOL = 1 << 17,
	SL_FACTS_MAX = 1024,              /* of one scope */
	SL_FACTS_POOL = 1 << 16,
	SL_FLOW_MARKS_MAX = 112,               /* about so many marks of one flow */
	SL_MEMOS_POOL = 1 << 13,
	SL_STREAMS_POOL = 1 << 18,
	SL_READY_MAX = 1024,              /* indicators that are to be settled at one packet */
	SL_DERIVED_BYTES = 64 * 1024,     /* of a value that transforms look at */
	/* numbers in a flow's slot; of generations more than there can be swaps while a flow is idle */
	SL_SCOPE_BITS = 18,
	SL_SCOPE_MAX = (1 << SL_SCOPE_BITS) - 1,
	SL_STREAM_BITS = 19,
	SL_STREAM_MAX = (1 << SL_STREAM_BITS) - 1,
	SL_GENERATION_BITS = 25,
	SL_GENERATION_MAX = (1 << SL_GENERATION_BITS) - 1,
};

/* Transactions that have no number of inspect's. */
enum { SL_TX_FLOW = 0 };
#define SL_TX_DATAGRAM UINT32_MAX /* a datagram's payload: it lasts as long as the packet */

/* A direction's last bytes. */
struct sl_tail {
	uint8_t bytes[SL_TAIL_MAX];
	uint8_t len : 5;
	uint8_t unscanned : 1; /* the budget for streams was used up when this side began */
	uint8_t hidden : 1;    /* the bytes before were not looked at: encrypted */
	uint8_t windowless : 1; /* since then the window was let go of */
};

/* What detect keeps in a flow: small, because most flows never match. */
struct sl_detect_slot {
	struct sl_tail tail[2];
	uint64_t scopes : SL_SCOPE_BITS;   /* what is remembered: a chain in the pool; 0: nothing */
	uint64_t streams : SL_STREAM_BITS; /* in the pool; 0: none */
	uint64_t waiting : 1; /* a gathered payload or an event of this flow waits for the flush */
	uint64_t noted : 1;   /* an event does */
	uint64_t generation : SL_GENERATION_BITS; /* of the ruleset that its addresses were looked up in */
};
_Static_assert(SL_SCOPES_POOL <= SL_SCOPE_MAX && SL_STREAMS_POOL <= SL_STREAM_MAX, "have room");

/* A flow's Hyperscan streams, by lane and side. */
struct sl_streams {
	uint32_t next;    /* the next free one, while it is free */
	bool middle[SL_LANES][2];   /* a byte that stands for lost ones is in front */
	uint64_t at[SL_LANES][2];   /* what Hyperscan calls 0 in it, as an offset in the direction */
	hs_stream_t *stream[SL_LANES][2];
	struct sl_window *window[2];
	bool asked[2];    /* whether there is to be a window was found out */
};

enum { SL_FIELD_NONE = UINT8_MAX }; /* of a hit that no value made */

enum sl_event {
	SL_EVENT_HIT,      /* a condition holds, or a whole indicator */
	SL_EVENT_ATOM,     /* `condition` is an atom: what many indicators share holds */
	SL_EVENT_SEEN,     /* fields occurred; value: their struct sl_field_set */
	SL_EVENT_FLOWWISE, /* where-only indicators are to be looked at */
	SL_EVENT_PACKETWISE, /* those of them that are judged for every packet */
	SL_EVENT_END,      /* the transaction ended; of number 0: all that have a number */
	SL_EVENT_FLOW_END,
};

struct sl_hit {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	uint32_t condition;      /* UINT32_MAX: the indicator has no conditions */
	uint32_t indicator;
	uint32_t order;          /* as they were found */
	uint32_t step;           /* place within the flush; 0: a stream's payload */
	uint32_t tx;             /* inspect's number, or SL_TX_… */
	uint32_t offset;         /* of the match in the value */
	uint8_t field, side, lane;
	uint8_t event;           /* enum sl_event */
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
	uint32_t step, tx;
	uint32_t value;       /* the value's number, as in struct sl_detect */
	uint8_t side;
	bool broken;          /* of a stream that has lost bytes: offset 0 is not its start */
};

/* An indicator remembered while a scope lasts. */
struct sl_partial {
	uint32_t next;
	uint32_t indicator;
	uint32_t held;          /* bits of groups */
	uint32_t side_held[2];  /* the same by who sent what made them hold */
	uint32_t memo;          /* what it will show when its scope ends; 0: nothing */
	uint8_t lane;
	bool fired;
	bool pending;           /* all but its `not` and `absent` holds */
	bool ready;             /* is in the list of those to be settled at this packet */
};

/* What a flow remembers of one transaction, or of itself. */
struct sl_ledger {
	uint32_t next;
	uint32_t tx;         /* SL_TX_FLOW: the flow's own */
	uint32_t partials, facts; /* chains */
	uint32_t marks;      /* the flow's: a chain */
	uint16_t facts_n;
	bool used;           /* is in a flow's chain */
	bool ended;          /* is let go of when the packet is settled */
	bool full;           /* facts were lost: what they would refuse is refused */
	bool passed;         /* the flow's: it is silent */
	struct sl_field_set seen; /* of watched fields; the flow's: outside of transactions */
	struct sl_field_set all;  /* the flow's: in it as a whole */
};

/* Numbers remembered: conditions that hold and must not, marks. */
enum { SL_FACTS = 14 };
struct sl_facts {
	uint32_t next, n;
	uint32_t value[SL_FACTS];
};

/* What an alert will show of a match that is decided later. */
struct sl_memo {
	uint32_t next;
	uint32_t condition, offset;
	uint8_t field, side;
	uint16_t value_len, around_len, fields_len;
	uint8_t bytes[1004]; /* the value, the bytes around, the transaction's fields */
};

/* An indicator whose conditions hold, at the packet at hand. */
struct sl_ready {
	struct sl_hit hit;
	struct sl_partial *partial; /* NULL: of one that holds by where alone */
	bool done, fired;
};

/* A ruleset as this worker looks for it. */
struct sl_lane {
	const struct sl_engine *e;
	const struct sl_ruleset *rs;
	const uint64_t *gone; /* bits of indicators that are no more; NULL: all are there */
	uint64_t *atom_last;  /* by atom: where it last held */
	uint64_t *last;       /* by condition: where it last held, so that a flood is one hit a place */
	uint32_t *judged;     /* by a group's first condition: the value that it was last verified on */
};

struct sl_detect {
	struct sl_detect_config config;
	struct sl_lane lane[SL_LANES];
	unsigned lanes;
	uint32_t generation;    /* of the ruleset: 0 the first, then from 1 to SL_GENERATION_MAX in turn */
	const struct sl_sighting *expected; /* a packet of whose flow nothing waits that came before it */
	bool addresses;         /* conditions look at a packet's ends */
	bool lengths;           /* packets' lengths are judged */
	bool flowwise;          /* there are indicators that hold by where alone */
	bool ends;              /* or at a scope's end */
	struct sl_field_set watched; /* fields whose occurrence matters */
	struct sl_field_set derives; /* stream fields that transforms look at */
	bool bare;
	bool gathers;           /* short literals are looked for in payloads */
	bool windows;           /* groups on payloads are verified in windows */
	bool scans;             /* payloads are looked at in any other way */
	bool segments;          /* expressions look at segments of TCP one by one: scope packet */
	hs_scratch_t *scratch;
	struct sl_verifier verifier;
	uint64_t stream_budget; /* bytes left */
	uint32_t step;          /* number of the last one in this flush */
	uint32_t value;         /* number of the value at hand */
	uint32_t verified;      /* that the verifier's steps are of */

	struct sl_hit *hits;
	uint32_t hits_n;
	uint8_t *kept;
	size_t kept_n;

	struct sl_gathered *gathered;
	uint32_t gathered_n;
	uint8_t *buffer;
	uint32_t buffer_n;

	struct sl_pool partials, scopes, facts, memos, streams;
	struct sl_ready *ready;
	uint32_t ready_n;
	struct sl_body *bodies; /* that come in pieces at the moment */
	uint8_t *derived[2];    /* room for transforms */
	uint8_t key[SL_NAME_MAX + SL_URL_MAX];
};

static inline struct sl_detect_slot *sl_detect_slot_of(const struct sl_detect *d, struct sl_flow *flow)
{
	return sl_flow_slot(d->config.flows, flow, SL_SLOT_DETECT);
}

static inline const struct sl_ruleset_indicator *sl_hit_indicator(const struct sl_detect *d,
								   const struct sl_hit *hit)
{
	return &d->lane[hit->lane].rs->indicators[hit->indicator];
}

/* A transaction while it is looked at. */
struct sl_looking {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	const struct sl_value *values;
	size_t n;
	uint32_t step, tx;
	uint8_t side, lane;
	bool kept;            /* fields below are made */
	struct sl_span fields;
	struct sl_span unknown[SL_LANES]; /* a name that no table has: the last one looked up */
};

/* detect.c: lanes for what is loaded, with their scratch; what they have in common. */
int sl_lanes_init(struct sl_detect *d, struct sl_lane lane[SL_LANES], const struct sl_loaded_ruleset *loaded);
void sl_lane_fini(struct sl_lane *lane);
void sl_lanes_join(struct sl_detect *d);

/* order.c. Fields of the hit that identify the place are filled by the caller; value and around are
 * copied here unless `stable`. Counts and drops what has no room. */
void sl_hit_add(struct sl_detect *d, const struct sl_hit *hit, bool stable);
void sl_hit_field(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v,
		  uint32_t indicator, uint32_t condition, size_t offset, size_t len);
/* What follows this atom holds. */
void sl_hit_atom(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, uint32_t atom, size_t offset,
		 size_t len);
void sl_event_add(struct sl_detect *d, enum sl_event event, const struct sl_sighting *at,
		  struct sl_flow *flow, unsigned side, uint32_t tx);
void sl_fields_add(struct sl_detect *d, const struct sl_sighting *at, struct sl_flow *flow, unsigned side,
		 uint32_t tx, const struct sl_field_set *fields);
void sl_hits_evaluate(struct sl_detect *d);

/* value.c */
void sl_value_look(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v);
/* The group of that condition, on this value: once a value, whatever triggered it. */
void sl_value_confirm(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v, uint32_t condition);
/* Verified with the steps of the value of that number; counts when they end. base: of a value's part;
 * open: more of it may come. */
bool sl_group_holds(struct sl_detect *d, unsigned lane, uint32_t first, struct sl_span value,
		    uint32_t number, uint64_t base, bool open, struct sl_found *found);
/* Nothing, the first time that it is asked for this group and value. */
bool sl_group_was_judged(struct sl_detect *d, unsigned lane, uint32_t first, uint32_t value);

/* exact.c */
void sl_exact_value(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v);
void sl_exact_equal(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v);
bool sl_exact_names(enum sl_field field); /* may a domain stand in its values? */
bool sl_exact_wants(const struct sl_ruleset *rs, enum sl_field field);
typedef void sl_prefix_fn(void *ctx, const struct sl_address *address, uint32_t posting);
void sl_exact_prefixes(const struct sl_ruleset *rs, const struct sl_address *address, sl_prefix_fn *each,
		       void *ctx);
bool sl_exact_end_fits(const struct sl_ruleset *rs, uint32_t indicator, uint8_t proto, uint16_t port);

/* field.c */
void sl_field_scan(struct sl_detect *d, struct sl_looking *l, const struct sl_value *v);

/* transform.c. in may be longer than SL_DERIVED_BYTES: the rest is not looked at. The result lies in one
 * of the two rooms, each of SL_DERIVED_BYTES. False: the value has no such form. */
bool sl_transform(const struct sl_ruleset_derived *how, struct sl_span in, uint8_t *const room[2],
		  struct sl_span *out);

/* payload.c */
void sl_payload_scan(struct sl_detect *d);

/* piece.c */
void sl_pieces_close_lane(struct sl_detect *d, unsigned lane);

/* place.c: a match in bytes that are a part of something longer. */
struct sl_place {
	const struct sl_sighting *at;
	struct sl_flow *flow;
	struct sl_span bytes; /* all that may be shown */
	size_t from, to;      /* of the match in these */
	size_t own;           /* where the packet's own begin in these */
	uint64_t end;         /* behind the last of these in the stream, datagram, body */
	uint64_t offset;      /* of the match in the stream, datagram, body */
	uint32_t step, tx, value;
	uint8_t field, side, lane;
	bool crosses, stable;
	bool inside;          /* the match does not begin where the stream does, as far as is known */
	bool ended;           /* no more of the stream or body comes */
	struct sl_window *window; /* groups are verified on it; NULL: on the bytes */
};

/* On TCP scope packet and the others are looked for apart, when expressions are concerned. */
enum sl_scopes { SL_ALL_SCOPES, SL_LASTING_SCOPES, SL_PACKET_SCOPE };

/* The conditions that the pattern stands for hold there, or are to be verified. */
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

/* scope.c. NULL: there is none, or no room (counted). */
struct sl_ledger *sl_scope_get(struct sl_detect *d, struct sl_detect_slot *slot, uint32_t tx, bool make);
struct sl_partial *sl_partial_get(struct sl_detect *d, struct sl_ledger *s, unsigned lane,
				  uint32_t indicator, bool make);
void sl_scope_note(struct sl_detect *d, struct sl_ledger *s, uint32_t fact);
bool sl_scope_knows(const struct sl_detect *d, const struct sl_ledger *s, uint32_t fact);
void sl_scope_empty(struct sl_detect *d, struct sl_ledger *s);
void sl_scopes_drop(struct sl_detect *d, struct sl_detect_slot *slot, bool all); /* or the ended ones */
bool sl_mark_is_set(const struct sl_detect *d, const struct sl_ledger *flow, uint32_t mark);
bool sl_mark_change(struct sl_detect *d, struct sl_ledger *flow, uint32_t mark, bool set);

/* A condition that holds, or an atom, as a fact. */
#define SL_FACT_ATOM (UINT32_C(1) << 30)
#define SL_FACT_ELSEWHERE (UINT32_C(1) << 29) /* in the flow's: an atom of one of its transactions */
static inline uint32_t sl_fact_of(unsigned lane, uint32_t condition)
{
	return (uint32_t)lane << 31 | condition;
}

/* Does the atom that the condition follows, if it does, hold for its indicator in that scope? */
bool sl_atom_holds(const struct sl_detect *d, const struct sl_ledger *s, unsigned lane, uint32_t condition);

/* judge.c: the events of one packet and flow, in order. */
void sl_judge(struct sl_detect *d, const struct sl_hit *event, uint32_t n);

/* Is that condition judged by itself, and not with the one before it on one value? */
static inline bool sl_condition_is_own(const struct sl_ruleset *rs, uint32_t c)
{
	return !(rs->conditions[c].flags & SL_COND_SAME) || rs->conditions[c].bit != rs->conditions[c - 1].bit;
}

/* settle.c: of those that are ready, which hold here, and what they do. */
void sl_ready_add(struct sl_detect *d, const struct sl_hit *hit, struct sl_partial *p);
void sl_flowwise_ready(struct sl_detect *d, const struct sl_hit *event, bool packets_only, bool marked_only);
void sl_settle(struct sl_detect *d, struct sl_detect_slot *slot);

/* fire.c */
bool sl_match_valid(const struct sl_detect *d, const struct sl_hit *hit);
void sl_match_fire(struct sl_detect *d, const struct sl_hit *hit);

/* where.c: all but marks, at the packet of the hit. */
bool sl_where_fits(const struct sl_detect *d, const struct sl_hit *hit);
/* Can it ever, in this flow? Cheap; asked before a group is verified. */
bool sl_where_may(const struct sl_lane *lane, uint32_t indicator, const struct sl_flow *flow);
bool sl_where_asks_marks(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind);
bool sl_where_marks_fit(const struct sl_detect *d, const struct sl_hit *hit, const struct sl_ledger *flow);

/* Counts and alarms a result of hs_scan* that should not be. */
void sl_scan_check(struct sl_detect *d, hs_error_t rc);

#endif
