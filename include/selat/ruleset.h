/* The ruleset file: what `selat-rules compile` writes and the sensor uses in place.
 *
 * A header, a table of sections, the sections, each at a multiple of 64 bytes. All numbers are
 * little endian; the file is of one machine's kind (Hyperscan's databases are). Offsets into
 * SL_SECTION_STRINGS are called "string": 0 is the empty one; strings end with a NUL and, where a
 * value may hold any byte, stand in a blob (u32 offset, u32 length).
 *
 * Nothing in the file is used before its digest matched: sl_ruleset_open is the only way in. It
 * then checks every section's bounds and every number that indexes another section. */
#ifndef SELAT_RULESET_H
#define SELAT_RULESET_H

#include <selat/app.h>
#include <selat/err.h>
#include <selat/field.h>
#include <selat/span.h>
#include <selat/table.h>
#include <selat/tunnel.h>

#define SL_RULESET_MAGIC "SELATRS\n"
enum { SL_RULESET_FORMAT = 3, SL_RULESET_ALIGN = 64 };

struct sl_ruleset_header { /* 256 bytes */
	char magic[8];
	uint32_t format;
	uint32_t sections;       /* entries in the section table, which follows the header */
	uint64_t size;           /* of the whole file */
	uint8_t digest[32];      /* of the file: see sl_ruleset_digest */
	uint8_t identity[32];    /* SHA-256 of the sorted (pack, version, content digest) list: with a delta's base */
	char hyperscan[48];      /* hs_version(), NUL-padded */
	uint64_t platform[3];    /* hs_platform_info: tune, cpu_features, 0 */
	uint64_t seed;           /* of the hashes; derived from the identity */
	uint8_t unused[88];      /* zero */
};

enum sl_section_type {
	SL_SECTION_STRINGS = 1,
	SL_SECTION_PACKS,      /* struct sl_ruleset_pack[] */
	SL_SECTION_INDICATORS, /* struct sl_ruleset_indicator[] */
	SL_SECTION_CONDITIONS, /* struct sl_ruleset_condition[] */
	SL_SECTION_PREFIX4,    /* table: (u8 bits, 4 address bytes) -> indicators, conditions */
	SL_SECTION_PREFIX6,    /* table: (u8 bits, 16 address bytes) -> indicators, conditions */
	SL_SECTION_PREFIXES,   /* struct sl_ruleset_prefixes: which lengths occur */
	SL_SECTION_DOMAINS,    /* table: name in normal form -> indicators */
	SL_SECTION_URLS,       /* table: URL in normal form -> indicators */
	SL_SECTION_EQUALS,     /* table: (u8 field, value) -> conditions, indicators */
	SL_SECTION_EQUALS_NOCASE, /* the same, value in ASCII lower case */
	SL_SECTION_PATTERNS,   /* struct sl_ruleset_pattern[], by Hyperscan's id; param as the database's */
	SL_SECTION_PATTERN_CONDITIONS, /* u32[]: conditions that patterns stand for */
	SL_SECTION_METAS,      /* struct sl_ruleset_meta[] */
	SL_SECTION_WHERES,     /* struct sl_ruleset_where[]; row 0: anything */
	SL_SECTION_ACTIONS,    /* struct sl_ruleset_action[]; row 0: nothing */
	SL_SECTION_POSITIONS,  /* struct sl_ruleset_position[]; row 0: anywhere */
	SL_SECTION_NETWORKS,   /* struct sl_ruleset_network[] */
	SL_SECTION_PORTS,      /* struct sl_ruleset_ports[] */
	SL_SECTION_MARKS,      /* u32[]: marks, see below */
	SL_SECTION_DERIVED,    /* struct sl_ruleset_derived[]: field numbers from SL_FIELD_COUNT on */
	SL_SECTION_ALWAYS,     /* struct sl_ruleset_always[]: conditions judged on every value of a field */
	SL_SECTION_FLOWWISE,   /* u32[]: indicators of kind match that have no condition */
	SL_SECTION_ENDWISE,    /* u32[]: indicators none of whose conditions can hold before a scope ends */
	SL_SECTION_BASE,       /* of a delta: the base's digest (32 bytes), u32[]: its indicators that go */
	SL_SECTION_CONTENTS,   /* u64[]: a hash of what each indicator says, to tell changed ones */
	SL_SECTION_DATABASE,   /* a serialised Hyperscan database; param = SL_DATABASE(field, mode) */
};

/* A field number in the file may be a derived field's: what transforms make of a field's values. */
enum { SL_DERIVED_MAX = 64, SL_FIELDS_ALL = SL_FIELD_COUNT + SL_DERIVED_MAX, SL_TRANSFORMS_MAX = 6 };

/* What a table's values mean. DOMAINS and URLS: indicators. PREFIX4 and PREFIX6: indicators of kind
 * address, and with the bit conditions of `in`. EQUALS: conditions, and with the bit indicators of an
 * exact kind (SL_IND_MD5 …), which need no condition. */
#define SL_POSTING_CONDITION UINT32_C(0x80000000)
#define SL_POSTING_INDICATOR UINT32_C(0x80000000)

/* How a database is scanned. */
enum sl_database_mode {
	SL_MODE_BLOCK,   /* one whole value */
	SL_MODE_GATHER,  /* literals of at most SL_TAIL_MAX + 1 bytes, over a gathered batch of payloads */
	SL_MODE_STREAM,  /* the direction of a TCP flow */
};
enum {
	SL_TAIL_MAX = 31,  /* bytes of a direction kept between payloads */
	SL_WAIT_MAX = 256, /* bytes behind its match that a trigger may wait for, to judge `not` with `within` */
};
#define SL_DATABASE(field, mode) ((uint32_t)(field) << 8 | (uint32_t)(mode))

struct sl_ruleset_section {
	uint32_t type, param;
	uint64_t offset, size; /* bytes, from the file's start */
};

struct sl_ruleset_pack {
	uint32_t name, author; /* strings */
	uint32_t version;
	uint32_t indicators;
	uint8_t digest[32]; /* of its content as its author wrote it, also where a delta has a part of it */
};

#define SL_INDICATOR_KINDS(X) /* name in packs and alerts; the field of an exact kind's value */ \
	X(ADDRESS, "address", COUNT)                                                        \
	X(DOMAIN, "domain", COUNT)                                                          \
	X(URL, "url", COUNT)                                                                \
	X(MATCH, "match", COUNT)                                                            \
	X(MD5, "md5", FILE_MD5)                                                             \
	X(SHA1, "sha1", FILE_SHA1)                                                          \
	X(SHA256, "sha256", FILE_SHA256)                                                    \
	X(CERT_SHA1, "cert_sha1", TLS_CERT_FINGERPRINT)                                     \
	X(CERT_SHA256, "cert_sha256", TLS_CERT_SHA256)                                      \
	X(JA3, "ja3", JA3_HASH)                                                             \
	X(JA3S, "ja3s", JA3S_HASH)                                                          \
	X(JA4, "ja4", JA4_HASH)                                                             \
	X(HASSH, "hassh", SSH_HASSH)                                                        \
	X(HASSH_SERVER, "hassh_server", SSH_HASSH_SERVER)

enum sl_indicator_kind {
	SL_IND_NONE,
#define X(id, name, field) SL_IND_##id,
	SL_INDICATOR_KINDS(X)
#undef X
		SL_IND_KINDS
};
enum sl_scope { SL_SCOPE_TRANSACTION, SL_SCOPE_FLOW, SL_SCOPE_PACKET };
enum { /* flags */
	SL_IND_SUBDOMAINS = 1,
	SL_IND_SHADOW = 2,
	SL_IND_SILENT = 4,  /* no alert: it sets marks */
	SL_IND_PASS = 8,    /* its flow is silent from there on */
	SL_IND_ENDWISE = 16, /* has `not` or `absent`: decided when its scope ends */
};

/* Address, domain and URL stand in tables of their own; exact kinds in EQUALS, whose values name the
 * indicator itself: only a match has conditions. */
struct sl_ruleset_indicator { /* 32 bytes */
	uint32_t pack;
	uint32_t id, value;     /* strings; value as the author wrote it, "" for a match */
	uint32_t meta;          /* row of METAS */
	uint32_t where, action; /* rows; 0: anything, nothing */
	uint32_t condition;     /* the first, in SL_SECTION_CONDITIONS */
	uint8_t conditions_n;   /* at most 32 */
	uint8_t kind, scope, flags;
};

struct sl_ruleset_meta { /* 40 bytes; shared by indicators that say the same */
	uint32_t name, description, class_, drill, references; /* strings; references: URLs, one a line */
	uint8_t tlp, severity, confidence, unused;
	int64_t valid_from, valid_until; /* seconds since 1970; INT64_MIN, INT64_MAX: no limit */
};

struct sl_ruleset_range { uint32_t first, n; }; /* rows of another section */

enum sl_where_direction { SL_WHERE_BOTH, SL_WHERE_TO_SERVER, SL_WHERE_TO_CLIENT };
enum sl_where_part { SL_WHERE_ANY_PART, SL_WHERE_FIRST, SL_WHERE_ANSWERED };
enum { /* flags */
	SL_WHERE_ICMP = 1,
	SL_WHERE_PACKETS = 2, /* judged for every packet */
	SL_WHERE_VNI = 4,
};

struct sl_ruleset_where { /* 168 bytes */
	struct sl_ruleset_range client, server, from, to;              /* in NETWORKS */
	struct sl_ruleset_range port, client_port, from_port, to_port; /* in PORTS */
	struct sl_ruleset_range own_port;                              /* at an address's own end */
	struct sl_ruleset_range marked, marked_any, not_marked;        /* in MARKS */
	uint64_t apps;      /* bits 1 << enum sl_app; 0: any */
	uint64_t protos[4]; /* a bit an IP protocol; none set: any */
	uint32_t apps_before; /* bits as in apps; the lowest: the flow did not turn. 0: any */
	uint32_t vni;
	uint16_t tunnel_any;  /* bits 1 << enum sl_tunnel_kind: one of them; 0: any or no tunnel */
	uint16_t tunnel_none; /* none of them */
	uint16_t icmp_type_min, icmp_type_max, icmp_code_min, icmp_code_max;
	uint8_t direction, part;
	uint8_t flags_set, flags_clear; /* of TCP */
	uint8_t flags;
	uint8_t unused[7];
};

/* Of a list: one that is not negated must hold (if there is any), and none that is. */
struct sl_ruleset_network { uint8_t family, bits, negated, unused, bytes[16]; };
struct sl_ruleset_ports { uint16_t first, last; uint8_t negated, unused[3]; };

enum sl_threshold_type {
	SL_THRESHOLD_NONE,
	SL_THRESHOLD_FROM,
	SL_THRESHOLD_LIMIT,
	SL_THRESHOLD_BOTH,
	SL_THRESHOLD_EVERY,
};
enum sl_threshold_by { SL_BY_SOURCE, SL_BY_DESTINATION, SL_BY_PAIR, SL_BY_INDICATOR, SL_BY_FLOW };

/* A mark is a number made of its pack's and its own name (XXH3, never 0), so that it means the same in
 * every ruleset: flows keep their marks when rulesets change. */
struct sl_ruleset_action { /* 40 bytes */
	uint8_t threshold, by, unused[2];
	uint32_t count, seconds, unused2;
	struct sl_ruleset_range set, unset, toggle; /* in MARKS */
};

enum sl_op {
	SL_OP_EQUALS = 1,
	SL_OP_CONTAINS,
	SL_OP_STARTS,
	SL_OP_ENDS,
	SL_OP_REGEX,
	SL_OP_LENGTH,
	SL_OP_NUMBER,
	SL_OP_IN,
	SL_OP_ABSENT,
};
enum {
	SL_COND_NOCASE = 1,
	SL_COND_HEX = 2,
	SL_COND_NOT = 4,
	SL_COND_SAME = 8,     /* of the group of the one before */
	SL_COND_CONFIRM = 16, /* its group is verified on the value when a trigger hits */
	SL_COND_PCRE = 32,    /* the expression needs PCRE2 */
};

/* A group is a run of conditions linked by SAME; it holds or not on one value, and has one bit. Only a
 * stream's group without positions keeps a bit a condition: all must hold on one side. */
struct sl_ruleset_condition { /* 24 bytes; `hex` is `contains` written in hex */
	uint32_t indicator;
	uint8_t field;      /* may be a derived one */
	uint8_t op, flags;
	uint8_t bit;        /* of its group among its indicator's; they count up from 0 */
	uint32_t value;     /* string: as the author wrote it */
	uint32_t bytes, len; /* in STRINGS: what is compared (hex decoded; nocase, but a regex: lower case) */
	uint32_t position;  /* row */
};

#define SL_NOT_GIVEN INT32_MIN /* offset, depth, distance, within */
struct sl_ruleset_position { /* 56 bytes */
	int32_t offset, depth, distance, within;
	uint32_t after_min, after_max; /* 0, UINT32_MAX: not given */
	uint64_t min, max;             /* of length and number */
	uint32_t flags, unused[3];
};

enum sl_transform {
	SL_TO_MD5 = 1,
	SL_TO_SHA1,
	SL_TO_SHA256,
	SL_URL_DECODE,
	SL_STRIP_WHITESPACE,
	SL_COMPRESS_WHITESPACE,
	SL_HEADER_LOWERCASE,
	SL_STRIP_PSEUDO_HEADERS,
	SL_DOTPREFIX,
	SL_TO_LOWERCASE,
	SL_TO_UPPERCASE,
	SL_BASE64_DECODE,
};
struct sl_ruleset_derived { /* 8 bytes */
	uint8_t field, n;
	uint8_t transform[SL_TRANSFORMS_MAX];
};
struct sl_ruleset_always { uint32_t field, condition; }; /* by field, then condition */

enum { SL_PATTERN_STARTS = 1, SL_PATTERN_ENDS = 2 };

struct sl_ruleset_pattern { /* what Hyperscan's id stands for */
	uint32_t condition, conditions_n; /* in SL_SECTION_PATTERN_CONDITIONS */
	uint16_t len;   /* of a literal; 0: an expression, of any length */
	uint16_t flags; /* a literal bound to the value's start or end; checked after the scan */
	uint32_t unused;
};

struct sl_ruleset_prefixes {
	uint64_t v4;    /* bit n: a prefix of n bits occurs (0 to 32) */
	uint64_t v6[3]; /* bits 0 to 128 */
};

struct sl_ruleset_database {
	unsigned field; /* may be a derived one */
	enum sl_database_mode mode;
	struct sl_span bytes; /* serialised */
	const struct sl_ruleset_pattern *patterns;
	uint32_t patterns_n;
};

/* An open ruleset: read-only memory of the file, and views into it. Immutable; any thread reads. */
struct sl_ruleset {
	const struct sl_ruleset_header *header;
	const char *strings;
	size_t strings_size;
	const struct sl_ruleset_pack *packs;
	uint32_t packs_n;
	const struct sl_ruleset_indicator *indicators;
	uint32_t indicators_n;
	const struct sl_ruleset_condition *conditions;
	uint32_t conditions_n;
	const struct sl_ruleset_meta *metas;
	const struct sl_ruleset_where *wheres;
	const struct sl_ruleset_action *actions;
	const struct sl_ruleset_position *positions;
	uint32_t metas_n, wheres_n, actions_n, positions_n;
	const struct sl_ruleset_network *networks;
	const struct sl_ruleset_ports *ports;
	const uint32_t *marks;
	uint32_t networks_n, ports_n, marks_n;
	const struct sl_ruleset_derived *derived;
	const struct sl_ruleset_always *always;
	const uint32_t *flowwise, *endwise;
	uint32_t derived_n, always_n, flowwise_n, endwise_n;
	const uint8_t *base;       /* of a delta: the digest of the file it goes with; else NULL */
	const uint32_t *withdrawn; /* indicators of the base that are no more, ascending */
	uint32_t withdrawn_n;
	const uint64_t *contents; /* of each indicator; NULL: not said */
	struct sl_table prefix4, prefix6, domains, urls, equals, equals_nocase;
	struct sl_ruleset_prefixes prefixes;
	const uint32_t *pattern_conditions;
	uint32_t pattern_conditions_n;
	struct sl_ruleset_database database[SL_FIELDS_ALL * 3];
	uint32_t databases_n;
	void *memory; /* owned */
	size_t memory_size;
};

/* Reads the file into anonymous memory, checks digest, format and every bound, makes the memory
 * read-only. Does not look at Hyperscan's version: that is the reader's who has Hyperscan. */
int sl_ruleset_open(struct sl_ruleset **out, const char *path, struct sl_err *err);
void sl_ruleset_free(struct sl_ruleset *rs); /* NULL is fine */

/* For a compiler that asks what a ruleset of any size has, in little time: header, strings, packs,
 * indicators and contents of a file that is mapped and not verified. Every number in these may be
 * wrong; the rest is not there. */
int sl_ruleset_peek(struct sl_ruleset **out, const char *path, struct sl_err *err);

/* SHA-256 over the SHA-256s of the file's pieces of 1 MiB, with the header's own digest as zeros. With
 * an fd the bytes are read from it first. */
int sl_ruleset_digest(uint8_t *bytes, size_t size, int fd, uint8_t out[32], struct sl_err *err);

/* A string by its offset; "" if it is out of bounds. */
const char *sl_ruleset_string(const struct sl_ruleset *rs, uint32_t offset);

/* The field whose values a field number stands for: a derived field's own source. */
enum sl_field sl_ruleset_field(const struct sl_ruleset *rs, unsigned field);

/* Values of derived fields are whole, whatever they are made of. */
bool sl_ruleset_field_streams(unsigned field);

static inline const struct sl_ruleset_meta *sl_ruleset_meta(const struct sl_ruleset *rs,
							    uint32_t indicator)
{
	return &rs->metas[rs->indicators[indicator].meta];
}

const char *sl_indicator_kind_text(enum sl_indicator_kind kind); /* "address", "domain", … */
/* SL_FIELD_COUNT: of no exact kind. */
enum sl_field sl_indicator_kind_field(enum sl_indicator_kind kind);
const char *sl_op_text(enum sl_op op);

#endif
