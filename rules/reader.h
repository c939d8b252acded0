/* Reading values out of a pack's JSON: each complaint goes to the problems with its place.
 * For pack*.c alone. */
#ifndef SELAT_RULES_READER_H
#define SELAT_RULES_READER_H

#include <rules/pack.h>
#include <selat/digest.h>

struct sl_reader {
	const char *file;
	struct sl_problems *problems;
	struct sl_lists *lists; /* of the pack */
	int64_t indicator;      /* SL_NO_INDICATOR while the pack's own keys are read */
	const char *id;         /* of the indicator, once known */
	char inside[96];        /* the keys down to the object being read, each ended by '\n' */
	size_t item;            /* of the list under the key being read, from 1; 0: no list */
};

/* A key's reader. Returns false after it complained. */
typedef bool sl_key_fn(struct sl_reader *r, const char *key, const json_t *value, void *into);

struct sl_key {
	const char *name;
	sl_key_fn *read;
};

/* Reads every key of the object by the table (ended by an empty row). An unknown key is a problem
 * that names the nearest known one. A row without a function is read by the caller. */
void sl_reader_object(struct sl_reader *r, const json_t *object, const struct sl_key *keys,
		      void *into);

/* Goes down into the object under a key (or the list's item), and back up to where it was. */
size_t sl_reader_enter(struct sl_reader *r, const char *key);
void sl_reader_leave(struct sl_reader *r, size_t before);

/* A value alone, or a list of at most max of them: each is read by `one`. Complaints have the item's
 * place. */
bool sl_reader_each(struct sl_reader *r, const char *key, const json_t *value, size_t max,
		    sl_key_fn *one, void *into);

/* How many sl_reader_each would read. */
size_t sl_reader_count(const json_t *value);

/* key may be NULL: the object itself. Always returns false. */
bool sl_reader_fail(struct sl_reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Text of 1 to max bytes without control characters (lines: newlines and tabs are fine). */
bool sl_reader_text(struct sl_reader *r, const char *key, const json_t *value, size_t max,
		    bool lines, const char **out);
bool sl_reader_integer(struct sl_reader *r, const char *key, const json_t *value, int64_t min,
		       int64_t max, int64_t *out);

/* A number, or { "min": n, "max": n } of which one may be missing; most: the largest there can be. */
bool sl_reader_range(struct sl_reader *r, const char *key, const json_t *value, uint64_t most,
		     uint64_t *min, uint64_t *max);
bool sl_reader_bool(struct sl_reader *r, const char *key, const json_t *value, bool *out);

/* The place of a word in choices (ended by NULL), or -1 after a complaint that lists them. */
int sl_reader_choice(struct sl_reader *r, const char *key, const json_t *value,
		     const char *const *choices);

/* What defaults and indicators have in common, as rows of a table: see pack_meta.c. */
sl_key_fn sl_meta_severity, sl_meta_confidence, sl_meta_class, sl_meta_tlp, sl_meta_valid_from,
	sl_meta_valid_until, sl_meta_status, sl_meta_drill;
#define SL_META_KEYS                                                                               \
	{ "severity", sl_meta_severity }, { "confidence", sl_meta_confidence },                    \
		{ "class", sl_meta_class }, { "tlp", sl_meta_tlp },                                \
		{ "valid_from", sl_meta_valid_from }, { "valid_until", sl_meta_valid_until },      \
		{ "status", sl_meta_status },                                                      \
	{                                                                                          \
		"drill", sl_meta_drill                                                             \
	}

/* Complains if there is no time at which it is valid. */
void sl_meta_check(struct sl_reader *r, const struct sl_meta *meta);

/* Reads a pack's own keys, of which "indicators" is one, for its complaints alone: pack.c. */
void sl_pack_head_check(struct sl_reader *r, const json_t *head);

/* One indicator: pack_indicator.c. into is zeroed. */
void sl_indicator_read(struct sl_reader *r, const json_t *object, const struct sl_meta *defaults,
		       struct sl_indicator *into);

/* What to look for: pack_kind.c and, for hashes and fingerprints, pack_hash.c. into:
 * struct sl_indicator */
sl_key_fn sl_address_read, sl_port_read, sl_proto_read, sl_domain_read, sl_url_read, sl_hash_read;
bool sl_normal_set(struct sl_reader *r, const char *key, const char *normal, struct sl_indicator *ind);
int sl_proto_number(const char *name); /* -1: no protocol of that name */
void sl_kind_read(struct sl_reader *r, const json_t *object, struct sl_indicator *into);

/* Conditions: pack_match.c, whose parts are pack_pattern.c, pack_position.c, pack_transform.c,
 * pack_group.c and pack_list.c. into: struct sl_indicator, else struct sl_condition. */
sl_key_fn sl_match_read;
sl_key_fn sl_offset_read, sl_depth_read, sl_distance_read, sl_within_read, sl_after_read;
sl_key_fn sl_transform_read;
bool sl_pattern_read(struct sl_reader *r, const json_t *value, struct sl_condition *c);
/* "de ad be ef": pairs of digits, spaces between pairs. NULL, or what is no pair. out has room for half
 * the text. */
const char *sl_hex_read(const char *text, uint8_t *out, size_t *len);
bool sl_pattern_finish(struct sl_reader *r, struct sl_condition *c);
bool sl_position_check(struct sl_reader *r, const struct sl_condition *c);
bool sl_groups_check(struct sl_reader *r, const struct sl_indicator *ind);

/* Reads the file of an `in` condition, or finds that it was read: pack_list.c. */
bool sl_list_find(struct sl_reader *r, const char *key, struct sl_condition *c);
void sl_lists_digest(const struct sl_lists *lists, struct sl_sha256 *digest); /* adds the files' */
void sl_lists_fini(struct sl_lists *lists);

/* Where it may hold and what it does then: pack_where.c, pack_where_items.c, pack_action.c.
 * into: struct sl_indicator */
sl_key_fn sl_where_read, sl_mark_read, sl_unmark_read, sl_toggle_read, sl_threshold_read;
bool sl_ranges_read(struct sl_reader *r, const char *key, const json_t *value,
		    struct sl_number_range **out, size_t *n);
bool sl_networks_read(struct sl_reader *r, const char *key, const json_t *value,
		      struct sl_network_item **out, size_t *n);
bool sl_marks_read(struct sl_reader *r, const char *key, const json_t *value, const char ***out,
		   size_t *n);
void sl_where_free(struct sl_where *where); /* NULL is fine */
void sl_action_free(struct sl_action *action);

#endif
