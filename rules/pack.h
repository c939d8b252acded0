/* A validated pack in memory. Texts are borrowed from the pack's own JSON, which it keeps.
 * Immutable after reading; one thread. */
#ifndef SELAT_RULES_PACK_H
#define SELAT_RULES_PACK_H

#include <rules/packfile.h>
#include <rules/problems.h>
#include <selat/address.h>
#include <selat/field.h>
#include <selat/ruleset.h>
#include <selat/tlp.h>

enum {
	SL_CONDITIONS_MAX = 32, /* of an indicator */
	SL_PORTS_MAX = 8,       /* of an address */
	SL_LITERAL_MAX = 2048,  /* bytes: Hyperscan takes 16,000 characters, four a byte */
	SL_REGEX_MAX = 8192,    /* bytes */
};

struct sl_condition {
	enum sl_field field;
	enum sl_op op;
	uint8_t flags;    /* SL_COND_* */
	const char *text; /* as the author wrote it */
	uint8_t *bytes;   /* what to look for, owned: hex decoded; of a regex its text */
	size_t len;       /* bytes are NUL-terminated beyond it */
};

struct sl_meta { /* what an indicator has, or its pack's defaults give it */
	enum sl_severity severity;
	enum sl_tlp tlp;
	uint8_t confidence;
	bool shadow;
	const char *class_, *drill;
	int64_t valid_from, valid_until; /* seconds since 1970; INT64_MIN, INT64_MAX: no limit */
};

struct sl_indicator {
	const char *id, *name, *description;
	const char *value;  /* as the author wrote it; "" for a match */
	json_t *references; /* borrowed; NULL: none */
	struct sl_meta meta;
	enum sl_indicator_kind kind;
	enum sl_scope scope;
	bool subdomains;
	uint8_t proto, ports_n;
	uint16_t ports[SL_PORTS_MAX];
	struct sl_prefix prefix; /* of an address */
	char *normal;            /* of a domain or URL: its normal form, owned */
	struct sl_condition *condition;
	size_t conditions;
};

struct sl_pack {
	struct sl_packfile source;
	const char *name, *author;
	uint32_t version;
	uint8_t digest[32]; /* SHA-256 of the canonical JSON */
	struct sl_indicator *indicator;
	size_t n;
};

/* Packs of one run, sorted by name, so that the order they were named in does not matter. */
struct sl_packs {
	struct sl_pack *pack;
	size_t n;
};

/* Reads all of them. 0 even if there are problems: look at problems->errors before the packs are
 * used. Negative: a file could not be read. */
int sl_packs_read(struct sl_packs *packs, char *const *paths, size_t n,
		  struct sl_problems *problems, struct sl_err *err);
void sl_packs_fini(struct sl_packs *packs);

/* Adds a problem with one condition or key of an indicator that was read, with its place. */
void sl_pack_problem(const struct sl_pack *pack, size_t indicator, const char *keys,
		     const char *code, struct sl_problems *problems, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The key a condition's pattern stands under: "equals", "hex" … */
const char *sl_condition_key(const struct sl_condition *c);

#endif
