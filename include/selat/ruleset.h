/* The ruleset file: what `selat-rules compile` writes and the sensor uses in place.
 *
 * A header, a table of sections, the sections, each at a multiple of 64 bytes. All numbers are
 * little endian; the file is of one machine's kind (Hyperscan's databases are). Offsets into
 * SL_SECTION_STRINGS are called "string": 0 is the empty one; strings end with a NUL and, where a
 * value may hold any byte, stand in a blob (u32 offset, u32 length).
 *
 * Nothing in the file is used before its SHA-256 matched: sl_ruleset_open is the only way in. It
 * then checks every section's bounds and every number that indexes another section. */
#ifndef SELAT_RULESET_H
#define SELAT_RULESET_H

#include <selat/err.h>
#include <selat/field.h>
#include <selat/span.h>
#include <selat/table.h>

#define SL_RULESET_MAGIC "SELATRS\n"
enum { SL_RULESET_FORMAT = 1, SL_RULESET_ALIGN = 64 };

struct sl_ruleset_header { /* 256 bytes */
	char magic[8];
	uint32_t format;
	uint32_t sections;       /* entries in the section table, which follows the header */
	uint64_t size;           /* of the whole file */
	uint8_t digest[32];      /* SHA-256 of the file with these 32 bytes as zero */
	uint8_t identity[32];    /* SHA-256 of the sorted (pack, version, content digest) list */
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
	SL_SECTION_PREFIX4,    /* table: (u8 bits, 4 address bytes) -> indicators; param: unused */
	SL_SECTION_PREFIX6,    /* table: (u8 bits, 16 address bytes) -> indicators */
	SL_SECTION_PREFIXES,   /* struct sl_ruleset_prefixes: which lengths occur */
	SL_SECTION_DOMAINS,    /* table: name in normal form -> indicators */
	SL_SECTION_URLS,       /* table: URL in normal form -> indicators */
	SL_SECTION_EQUALS,     /* table: (u8 field, value) -> conditions */
	SL_SECTION_EQUALS_NOCASE, /* the same, value in ASCII lower case */
	SL_SECTION_PATTERNS,   /* struct sl_ruleset_pattern[], by Hyperscan's id; param as the database's */
	SL_SECTION_PATTERN_CONDITIONS, /* u32[]: conditions that patterns stand for */
	SL_SECTION_DATABASE,   /* a serialised Hyperscan database; param = SL_DATABASE(field, mode) */
};

/* How a database is scanned. */
enum sl_database_mode {
	SL_MODE_BLOCK,   /* one whole value */
	SL_MODE_GATHER,  /* literals of at most SL_TAIL_MAX + 1 bytes, over a gathered batch of payloads */
	SL_MODE_STREAM,  /* the direction of a TCP flow */
};
enum { SL_TAIL_MAX = 31 }; /* bytes of a direction kept between payloads */
#define SL_DATABASE(field, mode) ((uint32_t)(field) << 8 | (uint32_t)(mode))

struct sl_ruleset_section {
	uint32_t type, param;
	uint64_t offset, size; /* bytes, from the file's start */
};

struct sl_ruleset_pack {
	uint32_t name, author; /* strings */
	uint32_t version;
	uint32_t indicators;
};

enum sl_indicator_kind {
	SL_IND_ADDRESS = 1,
	SL_IND_DOMAIN,
	SL_IND_URL,
	SL_IND_MATCH,
	SL_IND_MD5,
	SL_IND_SHA1,
	SL_IND_SHA256,
	SL_IND_CERT_SHA1,
	SL_IND_CERT_SHA256,
	SL_IND_JA3,
	SL_IND_JA3S,
	SL_IND_JA4,
	SL_IND_HASSH,
	SL_IND_HASSH_SERVER,
	SL_IND_KINDS
};
enum sl_scope { SL_SCOPE_TRANSACTION, SL_SCOPE_FLOW, SL_SCOPE_PACKET };
enum { SL_IND_SUBDOMAINS = 1, SL_IND_SHADOW = 2 }; /* flags */

struct sl_ruleset_indicator { /* 80 bytes */
	uint32_t pack;
	uint32_t id, value;        /* strings; value as the author wrote it, "" for a match */
	uint32_t name, description, class_, drill; /* strings */
	uint32_t references;       /* string: URLs, one a line */
	uint8_t kind, scope, flags;
	uint8_t tlp, severity, confidence;
	uint8_t proto;             /* IP protocol, 0: any */
	uint8_t ports_n;           /* at the address's own end; 0: any */
	uint16_t ports[8];
	int64_t valid_from, valid_until; /* seconds since 1970; INT64_MIN, INT64_MAX: no limit */
	uint32_t condition, conditions_n; /* first and number, in SL_SECTION_CONDITIONS; at most 32 */
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
	SL_OP_ABSENT
};
enum {
	SL_COND_NOCASE = 1,
	SL_COND_HEX = 2,
	SL_COND_NOT = 4,
	SL_COND_SAME = 8, /* of the group of the one before */
};

enum { SL_TRANSFORMS_MAX = 6 };
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
	SL_BASE64_DECODE
};

enum sl_threshold_type { SL_THRESHOLD_NONE, SL_THRESHOLD_FROM, SL_THRESHOLD_LIMIT, SL_THRESHOLD_BOTH, SL_THRESHOLD_EVERY };
enum sl_threshold_by { SL_BY_SOURCE, SL_BY_DESTINATION, SL_BY_PAIR, SL_BY_INDICATOR, SL_BY_FLOW };
enum { SL_WHERE_ICMP = 1, SL_WHERE_PACKETS = 2, SL_WHERE_VNI = 4 };

struct sl_ruleset_condition { /* 16 bytes; `hex` is `contains` written in hex */
	uint32_t indicator;
	uint8_t field, op, flags;
	uint8_t bit;    /* its place among its indicator's conditions */
	uint32_t value; /* string: the pattern as the author wrote it */
	uint32_t unused;
};

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
	enum sl_field field;
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
	struct sl_table prefix4, prefix6, domains, urls, equals, equals_nocase;
	struct sl_ruleset_prefixes prefixes;
	const uint32_t *pattern_conditions;
	uint32_t pattern_conditions_n;
	struct sl_ruleset_database database[SL_FIELD_COUNT * 3];
	uint32_t databases_n;
	void *memory; /* owned */
	size_t memory_size;
};

/* Reads the file into anonymous memory, checks digest, format and every bound, makes the memory
 * read-only. Does not look at Hyperscan's version: that is the reader's who has Hyperscan. */
int sl_ruleset_open(struct sl_ruleset **out, const char *path, struct sl_err *err);
void sl_ruleset_free(struct sl_ruleset *rs); /* NULL is fine */

/* A string by its offset; "" if it is out of bounds. */
const char *sl_ruleset_string(const struct sl_ruleset *rs, uint32_t offset);

const char *sl_indicator_kind_text(enum sl_indicator_kind kind); /* "address", "domain", … */
const char *sl_op_text(enum sl_op op);

#endif
