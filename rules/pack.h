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
	SL_RANGES_MAX = 32,     /* of ports in a `where` */
	SL_NETWORKS_MAX = 256,  /* of one side in a `where` */
	SL_MARKS_MAX = 32,      /* in one list of marks */
	SL_LITERAL_MAX = 2048,  /* bytes: Hyperscan takes 16,000 characters, four a byte */
	SL_REGEX_MAX = 8192,    /* bytes */
};

/* As struct sl_ruleset_position: SL_NOT_GIVEN, 0 and UINT32_MAX where the author said nothing. */
struct sl_position {
	int32_t offset, depth, distance, within;
	uint32_t after_min, after_max;
	uint64_t min, max; /* of length and number */
};

static inline struct sl_position sl_position_none(void)
{
	return (struct sl_position){ .offset = SL_NOT_GIVEN,
				     .depth = SL_NOT_GIVEN,
				     .distance = SL_NOT_GIVEN,
				     .within = SL_NOT_GIVEN,
				     .after_max = UINT32_MAX };
}

/* The file of an `in`: its values, normalised for the field. */
struct sl_values {
	char *path;
	uint8_t *bytes;
	uint64_t *at; /* n + 1 offsets into bytes */
	size_t n;
	struct sl_prefix *prefix; /* instead, for fields that are addresses */
	size_t prefixes;
};

struct sl_lists { /* of a pack: a file that several conditions name is there once a normal form */
	struct sl_values **item;
	size_t n;
};

struct sl_condition {
	enum sl_field field;
	enum sl_op op;
	uint8_t flags;    /* SL_COND_NOCASE, HEX, NOT, SAME */
	const char *text; /* as the author wrote it */
	uint8_t *bytes;   /* what to look for, owned: hex decoded; of a regex its text */
	size_t len;       /* bytes are NUL-terminated beyond it */
	struct sl_position position;
	bool positioned; /* any of offset, depth, distance, within, after is given */
	uint8_t transform[SL_TRANSFORMS_MAX], transforms; /* enum sl_transform, in order */
	const struct sl_values *list; /* of `in`: borrowed from the pack; else NULL */
	uint8_t search; /* of a regex: enum sl_search, what sl_expression_check said */
};

struct sl_number_range {
	uint32_t first, last;
	bool negated;
};

struct sl_network_item {
	struct sl_prefix prefix;
	bool negated;
};

struct sl_where { /* arrays are owned, texts borrowed */
	struct sl_number_range *port, *client_port, *from_port, *to_port;
	size_t ports_n, client_ports_n, from_ports_n, to_ports_n;
	struct sl_network_item *client, *server, *from, *to;
	size_t clients_n, servers_n, froms_n, tos_n;
	const char **marked, **marked_any, **not_marked;
	size_t marked_n, marked_any_n, not_marked_n;
	uint64_t apps;      /* as in struct sl_ruleset_where, and so on */
	uint32_t apps_before;
	uint64_t protos[4];
	uint8_t direction, part, flags_set, flags_clear, flags;
	uint16_t tunnel_any, tunnel_none;
	uint16_t icmp_type_min, icmp_type_max, icmp_code_min, icmp_code_max;
	uint32_t vni;
};

struct sl_action { /* arrays are owned, names borrowed */
	uint8_t threshold, by; /* enum sl_threshold_type, enum sl_threshold_by */
	uint32_t count, seconds;
	const char **set, **unset, **toggle;
	size_t sets, unsets, toggles;
};

struct sl_meta { /* what an indicator has, or its pack's defaults give it */
	enum sl_severity severity;
	enum sl_tlp tlp;
	uint8_t confidence;
	bool shadow, off;
	const char *class_, *drill;
	int64_t valid_from, valid_until; /* seconds since 1970; INT64_MIN, INT64_MAX: no limit */
};

static inline const char *sl_status_text(const struct sl_meta *meta)
{
	return meta->off ? "off" : meta->shadow ? "shadow" : "active";
}

struct sl_indicator {
	uint32_t place; /* in the pack's file, from 0 */
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
	char *normal;            /* of a domain, URL or exact kind: its normal form, owned */
	struct sl_condition *condition;
	size_t conditions;
	struct sl_where *where;   /* owned; NULL: anywhere */
	struct sl_action *action; /* owned; NULL: none */
	bool silent, pass;
};

struct sl_pack {
	struct sl_packfile source;
	const char *name, *author;
	uint32_t version;
	uint8_t digest[32]; /* SHA-256 of the canonical JSON and the lists' files */
	struct sl_indicator *indicator;
	size_t n;
	uint64_t *content; /* a hash of what each indicator says */
	struct sl_lists lists; /* owned */
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

#define SL_PACK_EMPTY "it has no indicators, or all are off: nothing will match"

/* Leaves out what is off, before packs are compiled; a pack may have none left. */
void sl_packs_off_drop(struct sl_packs *packs);

/* Leaves out the indicators that `keep` is false for. */
void sl_pack_filter(struct sl_pack *pack, const bool *keep);

/* Adds a problem with one condition or key of an indicator that was read, with its place. NULL if it
 * is beyond the bound. */
struct sl_problem *sl_pack_problem(const struct sl_pack *pack, size_t indicator, const char *keys,
		     const char *code, struct sl_problems *problems, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The key a condition's pattern stands under: "equals", "hex" … */
const char *sl_condition_key(const struct sl_condition *c);

#endif
