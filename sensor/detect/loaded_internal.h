/* The inside of a loaded ruleset: private to detect. */
#ifndef SELAT_SENSOR_DETECT_LOADED_INTERNAL_H
#define SELAT_SENSOR_DETECT_LOADED_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs/hs_common.h>
#include <hs/hs_runtime.h>
#include <pcre2.h>
#include <sensor/detect/loaded.h>
#include <stdatomic.h>

enum { SL_MODES = SL_MODE_STREAM + 1, SL_FIELD_WORDS = 2 };
_Static_assert(SL_FIELD_COUNT <= SL_FIELD_WORDS * 64, "a bit a field");

/* A list of conditions without those that follow others (crowd.c). */
struct sl_trigger {
	uint32_t first, n; /* in sl_crowds.leader */
	uint32_t atom;     /* that the others follow; 0: there are none */
};

struct sl_scanner {
	hs_database_t *db; /* NULL: nothing to look for */
	const struct sl_ruleset_pattern *patterns;
	const struct sl_trigger *trigger; /* by pattern; NULL: the patterns' own lists */
	uint32_t patterns_n;
	size_t stream_bytes; /* of one Hyperscan stream; 0 in the other modes */
};

/* A set of fields; a derived field is its source here. */
struct sl_field_set {
	uint64_t bit[SL_FIELD_WORDS];
};
_Static_assert(SL_FIELD_WORDS == 2, "sets are compared word by word");

static inline void sl_field_set_add(struct sl_field_set *s, unsigned field)
{
	s->bit[field / 64] |= UINT64_C(1) << field % 64;
}

static inline bool sl_field_set_has(const struct sl_field_set *s, unsigned field)
{
	return s->bit[field / 64] >> field % 64 & 1;
}

static inline bool sl_field_sets_meet(const struct sl_field_set *a, const struct sl_field_set *b)
{
	return (a->bit[0] & b->bit[0]) || (a->bit[1] & b->bit[1]);
}

static inline void sl_field_set_join(struct sl_field_set *a, const struct sl_field_set *b)
{
	for (unsigned i = 0; i < SL_FIELD_WORDS; i++)
		a->bit[i] |= b->bit[i];
}

/* An expression that PCRE2 judges. */
struct sl_expression {
	uint32_t condition;
	pcre2_code *code;
};

/* Indicators without conditions, which hold by `where` alone: those of flows, or those of packets. */
struct sl_flowwise {
	struct sl_table networks; /* (u8 bits, address of 16 bytes) -> those that name such an end */
	void *memory;             /* the table's */
	uint64_t lengths[2][3];   /* by family: which prefix lengths occur */
	uint32_t *rest;           /* those that name no network */
	uint32_t rest_n;
	uint32_t *marked;         /* those that ask for marks: looked at again when marks change */
	uint32_t marked_n;
	uint64_t protos[4];       /* of those judged for every packet: for packets of which protocols, */
	uint64_t tcp_flags[4];    /* and with which flags of TCP */
};

/* Conditions that follow others. */
struct sl_crowd {
	const uint32_t *list; /* postings of an equal value: in the ruleset */
	struct sl_trigger trigger;
};
struct sl_crowds {
	struct sl_crowd *crowd; /* by place */
	size_t crowds_n;
	uint32_t *leader;       /* conditions that make hits; of lists of postings also indicators */
	uint32_t leaders_n;
	uint32_t *atom;         /* by condition; 0: it makes hits of its own. NULL: all do */
	uint32_t atoms;
	struct sl_trigger *trigger;
	bool flows;             /* some follow over a whole flow */
};

/* A condition that is judged on every value of its field. */
struct sl_judged {
	uint32_t condition;
	uint32_t atom; /* that holds when it matches: several say the same; 0: it is one indicator's */
};

/* A condition on the length of payloads. */
struct sl_ranged {
	uint64_t min, max;
	uint64_t reach; /* the greatest max of those up to here */
	uint32_t condition;
};

/* What there is to do with a field's values; a derived field's are looked at like any other's. */
enum sl_look {
	SL_LOOK_NAME = 1,     /* a domain may stand in it */
	SL_LOOK_ADDRESS = 2,
	SL_LOOK_EQUALS = 4,
	SL_LOOK_NOCASE = 8,
	SL_LOOK_PATTERNS = 16,
	SL_LOOK_ALWAYS = 32,
	SL_LOOK_DERIVED = 64, /* transforms begin with it */
	SL_LOOK_URL = 128,
	SL_LOOK_EXACT = SL_LOOK_NAME | SL_LOOK_ADDRESS | SL_LOOK_URL | SL_LOOK_EQUALS | SL_LOOK_NOCASE,
};

/* One ruleset made ready for scanning. Immutable. */
struct sl_engine {
	struct sl_ruleset *rs;
	struct sl_scanner scanner[SL_FIELDS_ALL][SL_MODES];
	struct sl_expression *expression; /* by condition, ascending */
	size_t expressions;
	struct sl_flowwise flowwise, packetwise;
	struct sl_crowds crowds;
	struct sl_judged *judged; /* by field */
	uint32_t judged_n;
	uint32_t always[SL_FIELDS_ALL + 1]; /* where a field's rows begin in these */
	struct sl_field_set watched[SL_SCOPE_PACKET + 1]; /* whether they occur matters at a scope's end */
	struct sl_field_set confirmed; /* stream fields with groups to be verified in a window */
	uint32_t *windowed; /* by port of TCP: bits of applications with such groups on payloads; NULL: none */
	struct sl_field_set derived; /* stream fields that transforms look at */
	uint8_t look[SL_FIELDS_ALL]; /* enum sl_look; of stream fields nothing but that they are derived from */
	uint64_t labels; /* of how many labels there are domains: a bit each, from 1 to SL_LABELS_MOST */
	struct sl_field_set looked;  /* fields of conditions and of exact kinds */
	bool addresses;  /* conditions look at a packet's ends */
	struct sl_ranged *length; /* of packets' payloads, by min */
	uint32_t lengths;
	bool bare;       /* an indicator needs nothing but that a field is absent: all transactions count */
	bool ends;       /* there is anything to be decided at a scope's end */
	bool segments;   /* expressions look at segments of TCP one by one: scope packet */
};

enum { SL_LANES = 2 }; /* a ruleset, and a delta on top of it */

/* Where the indicators of an earlier ruleset are in this one. */
#define SL_NOWHERE UINT32_MAX
struct sl_succession {
	const struct sl_engine *from[SL_LANES]; /* the earlier one's; NULL: none. Compared, not used */
	uint32_t *to[SL_LANES]; /* by its indicators: lane << 31 | indicator, or SL_NOWHERE */
};

struct sl_loaded_ruleset {
	atomic_uint references;
	struct sl_engine *engine;
	struct sl_loaded_ruleset *base; /* a delta's; NULL: none */
	uint64_t *gone;                 /* bits: the base's indicators that the delta withdraws */
	struct sl_succession succession;
};

static inline bool sl_is_gone(const uint64_t *gone, uint32_t indicator)
{
	return gone && gone[indicator / 64] >> indicator % 64 & 1;
}

/* The engines that are looked at, the base's first. */
static inline unsigned sl_loaded_engines(const struct sl_loaded_ruleset *l, const struct sl_engine *engine[SL_LANES])
{
	engine[0] = l->base ? l->base->engine : l->engine;
	engine[1] = l->base ? l->engine : NULL;
	return l->base ? 2 : 1;
}

enum { SL_LABELS_MOST = 63 }; /* of a name, and all that are more */

/* engine.c, crowd.c, always.c, flowwise.c, look.c, window.c, length.c */
int sl_engine_open(struct sl_engine **out, const char *path, struct sl_err *err);
void sl_engine_free(struct sl_engine *e); /* NULL is fine */
pcre2_code *sl_engine_expression(const struct sl_engine *e, uint32_t condition); /* NULL: none */
int sl_crowds_init(struct sl_engine *e);
int sl_always_init(struct sl_engine *e);
int sl_windows_init(struct sl_engine *e);
int sl_lengths_init(struct sl_engine *e); /* when sl_always_init was */
/* Behind the last row that begins at or below that length: those before it, as far as they reach. */
uint32_t sl_lengths_from(const struct sl_engine *e, uint64_t length);
void sl_look_init(struct sl_engine *e); /* when all else is there */
void sl_crowds_fini(struct sl_crowds *x);
bool sl_where_may_port(const struct sl_ruleset *rs, uint32_t where, uint16_t port); /* where.c: of TCP, at either end */
const struct sl_trigger *sl_crowd_find(const struct sl_crowds *x, struct sl_postings found); /* NULL: no crowd */
int sl_flowwise_init(struct sl_flowwise *f, const struct sl_ruleset *rs, bool packets);
void sl_flowwise_fini(struct sl_flowwise *f);

#endif
